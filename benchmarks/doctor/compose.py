"""A healthy program: data, a network that fits them, and settings that a person who knows the trade would choose."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from draft import LOSSES, Data, Draft, Net
from drawn_data import DATA
from drawn_nets import NETS

OPTIMIZERS = {
    "SGD": (0.02, 0.15, "lr=RATE, momentum=0.9"),
    "plain SGD": (0.1, 0.4, "lr=RATE"),
    "Nesterov": (0.02, 0.1, "lr=RATE, momentum=0.9, nesterov=True, weight_decay=1e-4"),
    "Adam": (1e-3, 6e-3, "lr=RATE"),
    "AdamW": (1e-3, 6e-3, "lr=RATE, weight_decay=0.01"),
    "NAdam": (1e-3, 5e-3, "lr=RATE"),
    "RMSprop": (6e-4, 2e-3, "lr=RATE"),
}
"""Name -> least and largest rate, and its arguments."""
CLASS = {"plain SGD": "SGD", "Nesterov": "SGD"}
UPDATES = {"mlp": 600, "listed": 600, "two_parts": 600, "residual": 450, "convolutions": 280, "recurrent": 330,
           "transformer": 280}  # fmt: skip
"""Kind of network -> updates, about."""
SCHEDULES = {
    "cosine": ("torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS)", "epoch"),
    "steps": ("torch.optim.lr_scheduler.StepLR(optimizer, max(1, EPOCHS // 3), 0.3)", "epoch"),
    "warm-up": ("torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1, (step + 1) / 50))", "step"),
    "one cycle": ("torch.optim.lr_scheduler.OneCycleLR(optimizer, 2 * RATE, EPOCHS * -(-len(x) // BATCH))", "step"),
}
STARTS = {
    "He": "nn.init.kaiming_normal_(layer.weight)",
    "Glorot": "nn.init.xavier_uniform_(layer.weight)",
    "orthogonal": "nn.init.orthogonal_(layer.weight)",
}
Make = Callable[..., Any]


def drawn_rate(rng: Random, least: float, largest: float) -> float:
    """A number between two, even in its logarithm, with two digits."""
    return float(f"{least * (largest / least) ** rng.random():.2g}")


def compose(
    rng: Random,
    data: Sequence[Make] | Data = DATA,
    net: Make | None = None,
    optimizers: Sequence[str] = tuple(OPTIMIZERS),
    *,
    plain: bool = False,
    updates: int = 0,
) -> Draft:
    """A program without a fault.

    Args:
        net: makes the network from chances and data; left out, whichever fits the form of the data.
        plain: without schedule, clipping, looks at the kept rows and unusual first weights.
    """
    held = data if isinstance(data, Data) else rng.choice(data)(rng)
    made: Net = (net or rng.choice(NETS[held.form]))(rng, held)
    gentle = made.kind in ("recurrent", "transformer")
    names = [name for name in optimizers if not (gentle and CLASS.get(name, name) == "SGD")] or list(optimizers)
    name = rng.choice(names)
    least, largest, arguments = OPTIMIZERS[name]
    rate = drawn_rate(rng, least, largest)
    if made.kind == "transformer":
        rate = min(rate, 3e-3)
    batch = rng.choice([16, 24, 32, 48, 64] if made.kind in ("mlp", "listed", "two_parts") else [24, 32, 48])
    wanted = updates or UPDATES[made.kind] * (2 if held.each else 1)
    epochs = max(4, round(wanted * batch / 1000))
    draft = Draft(
        held, made, {"RATE": f"{rate:g}", "BATCH": str(batch), "EPOCHS": str(epochs)},
        f"torch.optim.{CLASS.get(name, name)}(model.parameters(), {arguments})", LOSSES[held.asked],
        steps_of(rng, held), rng.choice(["rows", "loader"]),
    )  # fmt: skip
    if held.asked == "values" and rng.random() < 0.3:
        draft.criterion = rng.choice(["nn.SmoothL1Loss()", "nn.HuberLoss()", "nn.L1Loss()"])
    draft.title = f"{held.says[0].upper()}{held.says[1:]}: {made.says}, {name}."
    if not plain:
        _habits(rng, draft)
    return draft


def steps_of(rng: Random, data: Data) -> list[str]:
    """The lines of one update, in one of the usual orders."""
    given = ("output.flatten(0, 1)", "targets.flatten()") if data.each else ("output", "targets")
    learn = ["output = model(inputs)", f"loss = criterion({', '.join(given)})"]
    if not data.each and rng.random() < 0.5:
        learn = ["loss = criterion(model(inputs), targets)"]
    orders = [
        ["optimizer.zero_grad()", *learn, "loss.backward()", "optimizer.step()"],
        [*learn, "optimizer.zero_grad()", "loss.backward()", "optimizer.step()"],
        [*learn, "loss.backward()", "optimizer.step()", "optimizer.zero_grad()"],
    ]
    return rng.choice(orders)


def _habits(rng: Random, draft: Draft) -> None:
    """What some people do and others do not."""
    if rng.random() < 0.4:
        made, when = SCHEDULES[rng.choice(list(SCHEDULES))]
        draft.setup.append(f"scheduler = {made}")
        (draft.step if when == "step" else draft.epoch).append("scheduler.step()")
        if "OneCycle" in made:
            draft.settings["RATE"] = f"{float(draft.settings['RATE']) / 2:g}"
    if rng.random() < (0.5 if draft.net.kind in ("recurrent", "transformer") else 0.15):
        place = draft.step.index("optimizer.step()")
        draft.step.insert(place, "nn.utils.clip_grad_norm_(model.parameters(), 1.0)")
    if draft.net.kind in ("mlp", "convolutions", "two_parts") and rng.random() < 0.3:
        draft.start += [
            "for layer in model.modules():",
            "    if isinstance(layer, (nn.Linear, nn.Conv2d)):",
            f"        {STARTS[rng.choice(list(STARTS))]}",
            "        nn.init.zeros_(layer.bias)",
        ]
    if rng.random() < 0.5:
        look(draft)


def look(draft: Draft) -> None:
    """Looks at the kept rows after each epoch, as it should be done."""
    output, targets = ("output.flatten(0, 1)", "y_test.flatten()") if draft.data.each else ("output", "y_test")
    draft.step.insert(0, "model.train()")
    draft.epoch = [
        "model.eval()",
        "with torch.no_grad():",
        "    output = model(x_test)",
        f'    print(f"kept rows: {{criterion({output}, {targets}).item():.4f}}")',
        *draft.epoch,
    ]
