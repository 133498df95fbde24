"""A training script before it is written: data, network and loop as lines of text, in which a fault replaces some."""

from __future__ import annotations

from dataclasses import dataclass, field
from textwrap import dedent, indent

HEAD = '''
"""{title}"""

import argparse
import json
import math
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

parser = argparse.ArgumentParser()
parser.add_argument("--healthy", action="store_true")
parser.add_argument("--seed", type=int, default=1)
options = parser.parse_args()
torch.manual_seed(options.seed)
chance = torch.Generator().manual_seed(options.seed)
'''
TAIL = """
model.eval()
with torch.no_grad():
    output = model(x_test)
    score = {score}
print(json.dumps({{"score": round(score, 4) if math.isfinite(score) else None}}))
"""
SCORES = {
    "classes": "(output.argmax(-1) == y_test).float().mean().item()",
    "binary": "((output > 0) == (y_test > 0.5)).float().mean().item()",
    "values": "1 - ((output - y_test) ** 2).mean().item() / y_test.var(correction=0).item()",
}
LOSSES = {"classes": "nn.CrossEntropyLoss()", "binary": "nn.BCEWithLogitsLoss()", "values": "nn.MSELoss()"}
LOOPS = {
    "rows": ("for rows in torch.randperm(len(x)).split(BATCH):", ["inputs, targets = x[rows], y[rows]"]),
    "loader": ("for inputs, targets in loader:", []),
}


@dataclass
class Data:
    """Lines that make `x, y, x_test, y_test`."""

    lines: list[str]
    form: str
    """`vector`, `image`, `wave` (numbers in time) or `tokens`."""
    asked: str
    """`classes`, `binary` or `values`."""
    size: int
    """Features, channels, or words."""
    outputs: int
    says: str
    length: int = 0
    """Positions of a sequence, side of an image."""
    each: bool = False
    """Whether each position of a sequence is answered."""
    ceiling: float = 1.0
    """The best score there is."""

    @property
    def floor(self) -> float:
        """The score of the best constant answer."""
        return {"classes": 1 / self.outputs, "binary": 0.5, "values": 0.0}[self.asked]


@dataclass
class Net:
    """Lines that make `model`."""

    lines: list[str]
    weighted: list[str]
    """The layers with weights, from the input to the output."""
    says: str
    active: list[str] = field(default_factory=list)
    """The activations that are modules; those that stand behind a layer are one fewer than the layers."""
    kind: str = "mlp"


@dataclass
class Draft:
    """One program."""

    data: Data
    net: Net
    settings: dict[str, str]
    """Constant -> its expression; BATCH and EPOCHS among them."""
    optimizer: str
    """The expression that makes it."""
    criterion: str
    step: list[str]
    """What is done with `inputs` and `targets`."""
    loop: str = "rows"
    title: str = ""
    start: list[str] = field(default_factory=list)
    """What is done to the fresh model."""
    setup: list[str] = field(default_factory=list)
    """What follows the optimizer: a schedule."""
    epoch: list[str] = field(default_factory=list)
    """What ends an epoch."""
    score: str = ""
    layers: list[str] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    """Text on the lines where the fault lies."""
    onset: int = 0
    more: dict[str, int] = field(default_factory=dict)
    """What else names the place: a row, a feature."""

    def change(self, part: str, old: str, new: str) -> None:
        """Replaces a piece of text in `data`, `net`, `start`, `setup`, `step` or `epoch`; it must stand there once."""
        held = self.data.lines if part == "data" else self.net.lines if part == "net" else getattr(self, part)
        places = [place for place, line in enumerate(held) if old in line]
        if len(places) != 1:
            raise ValueError(f"{old!r} stands on {len(places)} lines of {part}")
        held[places[0]] = held[places[0]].replace(old, new, 1)

    def sick(self, setting: str, value: str) -> None:
        """Gives a constant another value where the fault is."""
        self.settings[setting] = f"{self.settings[setting]} if options.healthy else {value}"
        self.marks.append(f"{setting} =")

    def text(self) -> str:
        """The script."""
        named = [f"{name} = {value}" for name, value in self.settings.items()]
        made = [f"optimizer = {self.optimizer}", f"criterion = {self.criterion}", *self.setup]
        if self.loop == "loader":
            made.append("loader = DataLoader(TensorDataset(x, y), batch_size=BATCH, shuffle=True)")
        begin, given = LOOPS[self.loop]
        body = indent("\n".join([*given, *self.step]), " " * 8)
        loop = ["for epoch in range(EPOCHS):", f"    {begin}", body, *(f"    {line}" for line in self.epoch)]
        head = HEAD.lstrip("\n").replace("{title}", self.title)
        tail = TAIL.format(score=self.score or SCORES[self.data.asked])
        parts = [self.data.lines, [*self.net.lines, *self.start], [*named, *made], loop]
        return tidy("\n".join([head, *("\n".join(part) + "\n" for part in parts), dedent(tail).lstrip("\n")]))


def tidy(text: str) -> str:
    """The script without the imports it does not use."""
    body = text.partition("parser = ")[2]
    used = {"pairwise": "pairwise(", "functional as F": "F.", "DataLoader, Tensor": "DataLoader("}
    lines = [
        line
        for line in text.splitlines()
        if not (line.startswith(("import ", "from ")) and any(n in line and u not in body for n, u in used.items()))
    ]
    return "\n".join(lines) + "\n"
