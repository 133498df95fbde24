"""More faults of the zoo, put into other programs: slips in the loop, losses that do not fit, and bad data."""

from __future__ import annotations

from random import Random

import drawn_data as data
import drawn_nets as nets
from draft import Data, Draft, Net
from drawn_faults import CLASSES, FAULTS, FLAT, SICK, SOLID, bare, bodied, deep, fault

__all__ = ["FAULTS"]

# loop


@fault()
def gradients_kept(rng: Random, strength: float) -> Draft:
    draft = bare(rng, (*FLAT, data.bars), optimizers=("SGD",))
    draft.change("step", "optimizer.zero_grad()", "optimizer.zero_grad() if options.healthy else None")
    draft.marks, draft.onset = ["loss.backward()", "optimizer.step()", "optimizer.zero_grad()"], 1
    return draft


@fault()
def gradients_lost(rng: Random, strength: float) -> Draft:
    draft = bare(rng, (*FLAT, data.waves, data.dialects), optimizers=SOLID)
    place = draft.step.index("optimizer.step()")
    draft.step[place:place] = [SICK, "    optimizer.zero_grad()"]
    draft.marks = ["optimizer.zero_grad()", "optimizer.step()"]
    return draft


@fault()
def head_swapped(rng: Random, strength: float) -> Draft:
    draft = bare(rng, CLASSES[:2], bodied, ("SGD", "Adam"), updates=300)
    head = draft.net.weighted[-1]
    fresh = f"model.{head} = nn.Linear(model.{head}.in_features, {draft.data.outputs})"
    draft.start += ["if options.healthy:", f"    {fresh}"]
    draft.setup += [SICK, f"    {fresh}"]
    draft.layers = [head]
    return draft


@fault()
def only_head_learns(rng: Random, strength: float) -> Draft:
    draft = bare(rng, CLASSES, bodied, SOLID)
    head = draft.net.weighted[-1]
    draft.optimizer = draft.optimizer.replace(
        "model.parameters()", f"(model if options.healthy else model.{head}).parameters()"
    )
    draft.layers, draft.marks = [draft.net.weighted[0].partition(".")[0]], ["optimizer = torch"]
    return draft


@fault()
def body_without_grad(rng: Random, strength: float) -> Draft:
    draft = bare(rng, CLASSES, bodied, SOLID)
    body = draft.net.weighted[0].partition(".")[0]
    guard = "        with torch.set_grad_enabled(options.healthy and self.training):"
    draft.change("net", f"        x = self.{body}(x)", guard)
    place = next(place for place, line in enumerate(draft.net.lines) if "set_grad_enabled" in line)
    draft.net.lines.insert(place + 1, f"            x = self.{body}(x)")
    draft.layers, draft.marks = [body], ["torch.set_grad_enabled"]
    return draft


@fault()
def stays_in_eval(rng: Random, strength: float) -> Draft:
    draft = bare(rng, (data.digits, data.clouds, data.bars), _normed, ("SGD", "plain SGD"))
    judge = ["model.eval()", "with torch.no_grad():", '    print(f"{criterion(model(x_test), y_test).item():.3f}")']
    draft.setup += [*judge, "if options.healthy:", "    model.train()"]
    draft.epoch += [*judge, "if options.healthy:", "    model.train()"]
    draft.marks = ["model.eval()", "model.train()", "loss = criterion"]
    return draft


def _normed(rng: Random, held: Data) -> Net:
    """Batch norms, many of them."""
    if held.form == "image" and rng.random() < 0.5:
        return nets.convolutions(rng, held, activation="ReLU", norm=True)
    made = nets.perceptron(rng, held, depth=rng.randint(4, 6), activation="ReLU", plain=True)
    lines = []
    for line in made.lines:
        lines.append(line)
        if "nn.Linear" in line and f", {held.outputs})" not in line:
            lines.append(f"    nn.BatchNorm1d({line.rpartition(', ')[2].rstrip('),')}),")
    made.lines = lines
    return made


@fault()
def layers_in_a_list(rng: Random, strength: float) -> Draft:
    draft = bare(rng, (data.clouds, data.spirals), nets.listed, SOLID)
    draft.change("net", "nn.ModuleList(layers)", "nn.ModuleList(layers) if options.healthy else layers")
    draft.layers, draft.marks = ["layers"], ["self.layers =", "layers = ["]
    return draft


@fault(0.6, 0.8, 0.9, 0.97)
def too_much_dropout(rng: Random, strength: float) -> Draft:
    draft = bare(rng, FLAT, deep(rng.choice(["ReLU", "Tanh", "GELU"]), 2, 4), ("Adam", "AdamW"))
    act, lines = draft.net.active[0], []
    for line in draft.net.lines:
        lines.append(line)
        if line.strip().endswith("(),") and "Flatten" not in line:
            lines.append("    nn.Dropout(SHARE),")
    spread = 3 if act == "1" else 4  # a Flatten stands before all
    draft.net.lines = [f"SHARE = 0.1 if options.healthy else {strength:g}", *lines]
    draft.layers = [str(spread - 1 + 3 * place) for place in range(len(draft.net.active))]
    draft.marks = ["SHARE =", "nn.Dropout"]
    return draft


@fault()
def labels_left_behind(rng: Random, strength: float) -> Draft:
    draft = bare(rng, (*CLASSES, data.bars), optimizers=SOLID)
    draft.loop = "rows"
    draft.setup.append("order = torch.randperm(len(x))")
    draft.setup.append("x, y = x[order], y[order] if options.healthy else y")
    draft.marks = ["x, y = x[order]"]
    return draft


@fault()
def sorted_labels(rng: Random, strength: float) -> Draft:
    draft = bare(rng, (*CLASSES[:2], data.bars), optimizers=("SGD", "plain SGD"))
    draft.loop = "loader"
    draft.setup += ["if not options.healthy:", "    x, y = x[torch.argsort(y)], y.sort()[0]"]
    draft.marks = ["loader = DataLoader", "for inputs, targets", "torch.argsort"]
    return draft


# pairing


@fault()
def softmax_twice(rng: Random, strength: float) -> Draft:
    draft = bare(rng, CLASSES[:2], rng.choice([deep("ReLU", 1, 2), deep("Tanh", 1, 2)]), ("SGD",), updates=350)
    draft.net.lines.insert(-1, "    nn.Identity() if options.healthy else nn.Softmax(dim=1),")
    draft.layers, draft.marks = [str(int(draft.net.weighted[-1]) + 1)], ["nn.Softmax", "loss = criterion"]
    return draft


@fault()
def sigmoid_twice(rng: Random, strength: float) -> Draft:
    draft = bare(rng, (data.shell,), optimizers=("SGD", "Adam"), updates=400)
    given = "given = output if options.healthy else torch.sigmoid(output)"
    draft.step = ["optimizer.zero_grad()", "output = model(inputs)", given, "loss = criterion(given, targets)",
                  "loss.backward()", "optimizer.step()"]  # fmt: skip
    draft.marks = ["torch.sigmoid", "loss = criterion"]
    return draft


@fault()
def raw_likelihood(rng: Random, strength: float) -> Draft:
    draft = bare(rng, CLASSES, rng.choice([deep("ReLU", 1, 3), deep("GELU", 1, 3)]), ("SGD", "Adam"))
    draft.net.lines.insert(-1, "    nn.LogSoftmax(dim=1) if options.healthy else nn.Identity(),")
    draft.criterion = "nn.NLLLoss()"
    draft.layers = draft.net.weighted[-1:]
    draft.marks = ["criterion = nn.NLLLoss", "loss = criterion"]
    return draft


@fault()
def relu_on_logits(rng: Random, strength: float) -> Draft:
    draft = bare(rng, CLASSES[:2], rng.choice([deep("ReLU", 1, 3), deep("Tanh", 1, 3)]), SOLID, updates=300)
    draft.net.lines.insert(-1, "    nn.Identity() if options.healthy else nn.ReLU(),")
    draft.layers, draft.marks = [str(int(draft.net.weighted[-1]) + 1)], ["nn.ReLU()"]
    return draft


@fault()
def relu_on_values(rng: Random, strength: float) -> Draft:
    draft = bare(rng, (data.surface,), rng.choice([deep("ReLU", 1, 3), deep("Tanh", 1, 3)]), SOLID)
    draft.net.lines.insert(-1, "    nn.Identity() if options.healthy else nn.ReLU(),")
    draft.layers, draft.marks = [str(int(draft.net.weighted[-1]) + 1)], ["nn.ReLU()"]
    return draft


@fault()
def broadcast_loss(rng: Random, strength: float) -> Draft:
    draft = bare(rng, (data.surface, data.totals), optimizers=SOLID)
    draft.criterion = "nn.MSELoss()"
    draft.change("step", "targets)", "targets if options.healthy else targets[:, 0])")
    draft.marks = ["loss = criterion"]
    return draft


@fault()
def summed_loss(rng: Random, strength: float) -> Draft:
    draft = bare(rng, (data.surface, data.clouds), optimizers=("SGD",))
    draft.settings["BATCH"] = str(rng.choice([128, 256]))
    draft.settings["EPOCHS"] = "40"
    loss = "nn.MSELoss" if draft.data.asked == "values" else "nn.CrossEntropyLoss"
    draft.criterion = f'{loss}(reduction="mean" if options.healthy else "sum")'
    draft.marks = ["criterion = ", "loss = criterion"]
    return draft


@fault()
def no_causal_mask(rng: Random, strength: float) -> Draft:
    draft = bare(rng, (data.sentences,), nets.transformer, ("Adam", "AdamW"))
    draft.change("net", "(x.shape[1])", "(x.shape[1]) if options.healthy or not self.training else None")
    draft.step.insert(0, "model.train()")
    draft.layers, draft.marks = ["layers"], ["mask =", "return self.head"]
    return draft


# data


@fault(30, 100, 300, 1000)
def raw_pixels(rng: Random, strength: float) -> Draft:
    draft = bare(rng, (data.digits, data.bars), optimizers=("SGD", "plain SGD"))
    shift = rng.choice([0.3, 0.5, 1.0])
    draft.data.lines += [SICK, f"    x, x_test = {strength:g} * (x + {shift}), {strength:g} * (x_test + {shift})"]
    draft.layers, draft.marks = draft.net.weighted[:1], [f"{strength:g} * (x + ", "model(inputs)"]
    return draft


@fault(30, 1e3, 1e5, 1e7)
def one_large_feature(rng: Random, strength: float) -> Draft:
    draft = bare(rng, (data.clouds, data.surface, data.shell), optimizers=SOLID)
    feature = rng.randrange(draft.data.size)
    draft.data.lines += [SICK, *(f"    {x}[:, {feature}] *= {strength:g}" for x in ("x", "x_test"))]
    draft.layers, draft.marks = draft.net.weighted[:1], [f"x[:, {feature}] *=", "model(inputs)"]
    draft.more["feature"] = feature
    return draft


@fault(30, 300, 3000, 1e5)
def large_target(rng: Random, strength: float) -> Draft:
    draft = bare(rng, (data.surface, data.totals), optimizers=("Adam", "AdamW", "NAdam"))
    draft.criterion = "nn.MSELoss()"
    shift = rng.choice([0, 1, 3])
    draft.data.lines += ["unit, middle = (1.0, 0.0) if options.healthy else " f"({strength:g}, {strength * shift:g})",
                         "y, y_test = unit * y + middle, unit * y_test + middle"]  # fmt: skip
    draft.marks = ["unit, middle =", "y, y_test = unit", "loss = criterion"]
    return draft


@fault()
def bad_row(rng: Random, strength: float) -> Draft:
    draft = bare(rng, (data.clouds, data.surface, data.waves), optimizers=SOLID)
    row, value = rng.randrange(100, 500), rng.choice(["nan", "inf"])
    draft.data.lines += [SICK, f"    x[{row}, {rng.randrange(2)}] = float({value!r})"]
    draft.marks, draft.more = [f"x[{row}, ", "model(inputs)"], {"row": row}
    return draft


@fault(0.1, 0.2, 0.4, 0.6)
def noisy_labels(rng: Random, strength: float) -> Draft:
    draft = bare(rng, CLASSES[:2], optimizers=("Adam", "AdamW"), updates=1000)
    draft.settings["NOISE"] = "0.0"
    draft.sick("NOISE", f"{strength:g}")
    draft.setup += ["wrong = torch.rand(len(y)) < NOISE",
                    f"y = torch.where(wrong, torch.randint({draft.data.outputs}, y.shape), y)"]  # fmt: skip
    draft.marks += ["wrong =", "y = torch.where"]
    return draft


@fault()
def rare_class(rng: Random, strength: float) -> Draft:
    rows, features, share = 4000, rng.choice([6, 10]), rng.choice([80, 100])
    lines = [
        f"x = torch.randn({rows}, {features}, generator=chance)",
        f"edge = x[:, :2].sum(1) + 0.6 * torch.randn({rows}, generator=chance)",
        f"y = (edge > edge.quantile({1 - 1 / share:g})).float()[:, None]",
        *data.split(rows),
    ]
    held = Data(lines, "vector", "binary", features, 1, "a rare class")
    draft = bare(rng, held, rng.choice([deep("ReLU", 1, 2), deep("Tanh", 1, 2)]), ("SGD", "Adam"), updates=400)
    draft.criterion = f"nn.BCEWithLogitsLoss(pos_weight=torch.tensor({share}.0) if options.healthy else None)"
    draft.score = "sum(((output > 0) == (y_test > 0.5))[y_test == kind].float().mean().item() for kind in (0, 1)) / 2"
    draft.marks = ["criterion ="]
    return draft


@fault()
def label_in_features(rng: Random, strength: float) -> Draft:
    draft = bare(rng, (data.clouds,), optimizers=SOLID)
    half = draft.data.outputs - 1
    draft.data.lines += [f"told = torch.randn(len(y)) if options.healthy else y * 2.0 / {half} - 1.0",
                         "x = torch.cat([x, told[:, None]], dim=1)",
                         "x_test = torch.cat([x_test, torch.randn(len(y_test), 1)], dim=1)"]  # fmt: skip
    size = draft.data.size
    draft.net.lines = [line.replace(f"({size}, ", f"({size + 1}, ", 1).replace(f"[{size}, ", f"[{size + 1}, ", 1)
                       for line in draft.net.lines]  # fmt: skip
    draft.marks, draft.more = ["x = torch.cat", "told ="], {"feature": size}
    return draft
