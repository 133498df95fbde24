"""A training step of recurrent trunks against torch's own layers in plain PyTorch, interleaved, on this machine.

    python benchmarks/recurrent.py [--rounds 9] [--quick] [--costs]

Both sides go forward and backward over 32 rows, with weights of the same sizes, on one thread. `even`: every row has
all positions. `padded`: rows of random length; the plain side takes them as they are, without heeding where they end,
and `packed` is what PyTorch offers for that. Printed: milliseconds of the processor for a step (medians over rounds),
and the median over rounds of their ratio to the plain side of that round, under 1 where Pellucid is faster.
`--costs` measures what layer norm, recurrent dropout and the carried state cost.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable
from itertools import product
from typing import Any

os.environ.setdefault("GOMP_SPINCOUNT", "20000")

import torch
from machine import machine
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from pellucid.families.family import Family
from pellucid.forms import Steps, sequence
from pellucid.nn.noise import share_draw
from pellucid.parts import concrete
from pellucid.seeds import Draw

ROWS, WARM = 32, 2
PLAIN = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
Step = Callable[[], None]


def given(length: int, width: int, *, even: bool) -> Steps:
    """Random rows, of random length unless `even`."""
    random = torch.Generator().manual_seed(0)
    x_BTD = torch.randn(ROWS, length, width, generator=random)
    long_B = torch.full((ROWS,), length) if even else torch.randint(length // 4, length + 1, (ROWS,), generator=random)
    long_B[0] = length
    return Steps(x_BTD, torch.arange(length) < long_B[:, None])


def stepping(module: nn.Module, forward: Callable[[], torch.Tensor]) -> Step:
    """Forward, and backward as of a loss over every position."""
    parameters = list(module.parameters())

    def step() -> None:
        for parameter in parameters:
            parameter.grad = None
        x_BTD = forward()
        x_BTD.backward(torch.ones_like(x_BTD))

    return step


def ours(kind: str, length: int, width: int, *, even: bool, **fields: Any) -> Step:
    """A step of Pellucid's trunk; inputs learn too, as embeddings do."""
    family = concrete(Family, {"kind": kind, "width": width, **fields})
    trunk = family.build(sequence(width, length, even=even)).train()
    share_draw(trunk, Draw(0, "step").at(0))
    steps = given(length, width, even=even)
    leaf = steps._replace(x_BTD=steps.x_BTD.requires_grad_())
    return stepping(trunk, lambda: trunk(leaf).x_BTD)  # pyright: ignore[reportArgumentType, reportAttributeAccessIssue]


def plain(kind: str, length: int, width: int, *, even: bool, depth: int = 1, bidirectional: bool = False) -> Step:
    """A step of torch's layer over the same rows, heedless of padding."""
    layer = PLAIN[kind](width, width, depth, batch_first=True, bidirectional=bidirectional)
    x_BTD = given(length, width, even=even).x_BTD.requires_grad_()
    return stepping(layer, lambda: layer(x_BTD)[0])


def packed(kind: str, length: int, width: int, *, depth: int = 1, bidirectional: bool = False) -> Step:
    """A step of torch's layer over packed rows."""
    layer = PLAIN[kind](width, width, depth, batch_first=True, bidirectional=bidirectional)
    steps = given(length, width, even=False)
    x_BTD, long_B = steps.x_BTD.requires_grad_(), steps.mask_BT.sum(1)

    def forward() -> torch.Tensor:
        rows = pack_padded_sequence(x_BTD, long_B, batch_first=True, enforce_sorted=False)
        return pad_packed_sequence(layer(rows)[0], batch_first=True)[0]

    return stepping(layer, forward)


def raced(case: dict[str, Any], steps: dict[str, Step], rounds: int) -> None:
    """Measures each in turn, the first one last in every second round, and prints one line of JSON."""
    times: dict[str, list[float]] = {name: [] for name in steps}
    for number in range(WARM + rounds):
        for name in list(steps)[:: 1 if number % 2 else -1]:
            began = time.process_time()
            steps[name]()
            if number >= WARM:
                times[name].append(1000 * (time.process_time() - began))
    shown: dict[str, float] = {name: round(statistics.median(values), 2) for name, values in times.items()}
    for name, values in times.items():
        if name != "plain":
            ratios = [own / plain for own, plain in zip(values, times["plain"], strict=True)]
            shown[f"{name}/plain"] = round(statistics.median(ratios), 3)
    print(json.dumps(case | shown), flush=True)


def speed(rounds: int, quick: bool) -> None:
    """Every size, even and padded."""
    sizes = product(("lstm", "gru"), (64,) if quick else (64, 128), (128,) if quick else (128, 256), (1, 2))
    for (kind, length, width, depth), both in product(sizes, (False, True)):
        fields: dict[str, Any] = {"depth": depth, "bidirectional": both}
        case = {"kind": kind, "length": length, "width": width, **fields}
        for rows, even in (("even", True), ("padded", False)):
            race = {
                "plain": plain(kind, length, width, even=even, **fields),
                "pellucid": ours(kind, length, width, even=even, **fields),
            }
            if not even:
                race["packed"] = packed(kind, length, width, **fields)
            raced(case | {"rows": rows}, race, rounds)


def costs(rounds: int) -> None:
    """What runs position by position, and what is carried, against the plain trunk."""
    for kind, length in product(PLAIN, (64, 128)):
        race = {
            "plain": ours(kind, length, 128, even=True),
            "norm": ours(kind, length, 128, even=True, norm="layer"),
            "recurrent_dropout": ours(kind, length, 128, even=True, recurrent_dropout=0.2),
            "both": ours(kind, length, 128, even=True, norm="layer", recurrent_dropout=0.2),
            "stateful": ours(kind, length, 128, even=True, stateful=True),
        }
        raced({"kind": kind, "length": length, "width": 128}, race, rounds)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--quick", action="store_true", help="64 positions and 128 units alone")
    parser.add_argument("--costs", action="store_true", help="what the options cost")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    print(json.dumps(machine()))
    if arguments.costs:
        costs(arguments.rounds)
    else:
        speed(arguments.rounds, arguments.quick)
