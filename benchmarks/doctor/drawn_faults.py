"""The faults of the zoo, put into other programs: each draws a healthy one and says where it breaks it.

A fault has the name of its entry in `zoo.yaml`, from which its causes come. With `--healthy` the line that breaks the
program does what it should. A fault that is a number has four strengths, from one that hardly hurts on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from random import Random

import drawn_data as data
import drawn_nets as nets
from compose import compose, drawn_rate
from draft import Data, Draft, Net

SICK = "if not options.healthy:"
FLAT = (data.clouds, data.digits, data.surface, data.shell)
CLASSES = (data.clouds, data.digits, data.spirals)
SOLID = ("SGD", "Adam", "AdamW")
Make = Callable[[Random, float], Draft]


@dataclass(frozen=True)
class Fault:
    """One entry of the zoo, drawn anew."""

    name: str
    make: Make
    strengths: tuple[float, ...] = ()
    """Four, from weak to strong; none where the fault is there or not."""

    def draw(self, rng: Random) -> Draft:
        """A program with this fault, of a strength from the second to the fourth."""
        return self.make(rng, drawn_rate(rng, *sorted(self.strengths[1:4:2])) if self.strengths else 0.0)


FAULTS: dict[str, Fault] = {}


def fault(*strengths: float) -> Callable[[Make], Make]:
    """Adds a fault that is called as its function."""

    def add(make: Make) -> Make:
        FAULTS[make.__name__] = Fault(make.__name__, make, strengths)
        return make

    return add


bare = partial(compose, plain=True)
"""A program that does nothing unusual, in which a fault is what stands out."""


def deep(activation: str, least: int, most: int) -> Callable[[Random, Data], Net]:
    """A perceptron of drawn depth without norms."""

    def make(rng: Random, held: Data) -> Net:
        return nets.perceptron(rng, held, depth=rng.randint(least, most), activation=activation, plain=True)

    return make


def bodied(rng: Random, held: Data) -> Net:
    """A body and a head, without norms."""
    return nets.two_parts(rng, held, activation=rng.choice(["ReLU", "Tanh", "GELU"]), plain=True)


def starting(draft: Draft, name: str, line: str) -> None:
    """Spoils the first weights of one layer."""
    module = f"model[{name}]" if name.isdigit() else f"model.{name}"
    draft.start += [SICK, "    with torch.no_grad():", f"        {module}.{line}"]
    draft.marks.append(f"{module}.{line}")


# signal


@fault()
def vanishing_sigmoid(rng: Random, strength: float) -> Draft:
    draft = bare(rng, CLASSES[:2], deep("ReLU", 6, 10), ("Adam", "SGD"))
    draft.net.lines = [line.replace("nn.ReLU()", "Activation()") for line in draft.net.lines]
    draft.net.lines.insert(0, "Activation = nn.ReLU if options.healthy else nn.Sigmoid")
    draft.layers, draft.marks = draft.net.weighted[:-1] + draft.net.active, ["Activation ="]
    return draft


@fault(0.1, 0.05, 0.03, 0.01)
def vanishing_tanh(rng: Random, strength: float) -> Draft:
    draft = bare(rng, CLASSES[:2], deep("Tanh", 6, 12), ("SGD",))
    draft.start += [
        f"deviation = 1.0 if options.healthy else {strength:g}",
        "for layer in model:",
        "    if isinstance(layer, nn.Linear):",
        "        spread = layer.in_features**-0.5 if options.healthy else deviation",
        "        nn.init.normal_(layer.weight, std=spread)",
    ]
    draft.layers, draft.marks = draft.net.weighted, ["nn.init.normal_"]
    return draft


@fault(0.3, 0.5, 1.0, 2.0)
def exploding_init(rng: Random, strength: float) -> Draft:
    draft = bare(rng, CLASSES[:2], deep("ReLU", 4, 8), ("SGD", "Adam"))
    draft.start += [
        "for layer in model:",
        "    if isinstance(layer, nn.Linear):",
        f"        spread = (2 / layer.in_features) ** 0.5 if options.healthy else {strength:g}",
        "        nn.init.normal_(layer.weight, std=spread)",
    ]
    draft.layers, draft.marks = draft.net.weighted, ["nn.init.normal_"]
    return draft


@fault(1.0, 2.0, 4.0, 8.0)
def saturated_tanh(rng: Random, strength: float) -> Draft:
    draft = bare(rng, FLAT, deep("Tanh", 2, 4), SOLID)
    draft.start += [
        SICK,
        "    for layer in model:",
        "        if isinstance(layer, nn.Linear):",
        f"            nn.init.normal_(layer.weight, std={strength:g})",
    ]
    draft.layers, draft.marks = draft.net.weighted + draft.net.active, ["nn.init.normal_"]
    return draft


@fault()
def dead_by_bias(rng: Random, strength: float) -> Draft:
    draft = bare(rng, FLAT, deep("ReLU", 2, 4), SOLID)
    place = rng.randrange(1, len(draft.net.active))
    starting(draft, draft.net.weighted[place], f"bias.fill_({-rng.choice([8, 12, 20])}.0)")
    draft.layers = [draft.net.weighted[place], draft.net.active[place]]
    return draft


@fault()
def zero_init(rng: Random, strength: float) -> Draft:
    draft = bare(rng, FLAT, rng.choice([deep("ReLU", 2, 3), deep("Tanh", 2, 3), bodied]), SOLID)
    draft.start += [SICK, "    for parameter in model.parameters():", "        nn.init.zeros_(parameter)"]
    draft.layers, draft.marks = draft.net.weighted[:-1], ["nn.init.zeros_"]
    return draft


@fault(1e-2, 1e-3, 1e-4, 1e-6)
def tiny_layer(rng: Random, strength: float) -> Draft:
    draft = bare(rng, FLAT, deep(rng.choice(["ReLU", "Tanh"]), 3, 5), ("SGD",))
    place = rng.randrange(1, len(draft.net.weighted) - 1)
    starting(draft, draft.net.weighted[place], f"weight.mul_({strength:g})")
    draft.layers = draft.net.weighted[place : place + 2]
    return draft


@fault(10, 30, 100, 300)
def hot_head(rng: Random, strength: float) -> Draft:
    draft = bare(rng, CLASSES[:2], rng.choice([bodied, deep("ReLU", 1, 3)]), ("SGD", "Adam"), updates=300)
    starting(draft, draft.net.weighted[-1], f"weight.mul_({strength:g})")
    draft.layers = draft.net.weighted[-1:]
    return draft


# optimizer


@fault(10, 30, 100, 300)
def diverging_sgd(rng: Random, strength: float) -> Draft:
    return _rate(bare(rng, (*FLAT, data.bars), optimizers=("SGD", "plain SGD")), strength)


@fault(10, 30, 100, 300)
def adam_too_hot(rng: Random, strength: float) -> Draft:
    return _rate(bare(rng, (*FLAT, data.waves, data.dialects), optimizers=("Adam", "AdamW")), strength)


@fault(1e-2, 1e-3, 1e-4, 1e-5)
def slow_sgd(rng: Random, strength: float) -> Draft:
    return _rate(bare(rng, (*FLAT, data.bars), optimizers=("SGD", "plain SGD")), strength)


@fault(1e-1, 1e-2, 1e-3, 1e-4)
def slow_adam(rng: Random, strength: float) -> Draft:
    kinds = (*FLAT, data.waves, data.dialects, data.sentences)
    return _rate(bare(rng, kinds, optimizers=("Adam", "AdamW", "NAdam")), strength)


def _rate(draft: Draft, factor: float) -> Draft:
    draft.sick("RATE", f"{float(draft.settings['RATE']) * factor:.2g}")
    draft.marks += ["optimizer = torch", "optimizer.step()"]
    return draft


@fault(0.95, 0.97, 0.99, 0.997)
def heavy_momentum(rng: Random, strength: float) -> Draft:
    draft = bare(rng, FLAT, rng.choice([deep("ReLU", 2, 3), deep("Tanh", 2, 3)]), ("plain SGD",))
    draft.settings["MOMENTUM"] = "0.5"
    draft.sick("MOMENTUM", f"{strength:g}")
    draft.optimizer = draft.optimizer.replace("lr=RATE", "lr=RATE, momentum=MOMENTUM")
    draft.marks += ["optimizer = torch", "optimizer.step()"]
    return draft


@fault()
def schedule_per_batch(rng: Random, strength: float) -> Draft:
    draft = bare(rng, CLASSES, optimizers=SOLID)
    size = rng.choice([3, 5, 8])
    draft.setup.append(f"scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size={size}, gamma=0.5)")
    draft.step += [SICK, "    scheduler.step()"]
    draft.epoch += ["if options.healthy:", "    scheduler.step()"]
    draft.marks, draft.onset = ["StepLR(optimizer", "scheduler.step()"], size
    return draft


@fault()
def short_cosine(rng: Random, strength: float) -> Draft:
    draft = bare(rng, CLASSES, optimizers=SOLID)
    draft.settings["PERIOD"] = "EPOCHS * -(-len(x) // BATCH)"
    period = rng.choice([12, 20, 30])
    draft.sick("PERIOD", f"{period}")
    draft.setup += ["fall = lambda step: 0.5 + 0.5 * math.cos(math.pi * min(step, PERIOD) / PERIOD)",
                    "schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, fall)"]  # fmt: skip
    draft.step.append("schedule.step()")
    draft.marks, draft.onset = [*draft.marks, "torch.optim.lr_scheduler", "schedule.step()"], period
    return draft


@fault(1, 3, 10, 30)
def heavy_decay(rng: Random, strength: float) -> Draft:
    draft = bare(rng, (*FLAT, data.waves), optimizers=("AdamW",))
    draft.settings["DECAY"] = "0.01"
    draft.sick("DECAY", f"{strength:g}")
    draft.optimizer = draft.optimizer.replace("weight_decay=0.01", "weight_decay=DECAY")
    draft.marks += ["torch.optim.AdamW", "optimizer.step()"]
    return draft


@fault(1e-2, 1e-3, 1e-4, 1e-5)
def strangling_clip(rng: Random, strength: float) -> Draft:
    draft = bare(rng, (*FLAT, data.bars), optimizers=("SGD", "plain SGD"))
    draft.settings["CLIP"] = "1.0"
    draft.sick("CLIP", f"{strength:g}")
    draft.step.insert(draft.step.index("optimizer.step()"), "nn.utils.clip_grad_norm_(model.parameters(), CLIP)")
    draft.marks.append("clip_grad_norm_")
    return draft


@fault()
def wrong_sign(rng: Random, strength: float) -> Draft:
    draft = bare(rng, FLAT, optimizers=("SGD", "Adam"))
    draft.settings["SIGN"] = "1.0"
    draft.sick("SIGN", "-1.0")
    draft.change("step", "loss = ", "loss = SIGN * ")
    draft.marks.append("loss = SIGN")
    return draft
