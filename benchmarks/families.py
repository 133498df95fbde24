"""Each family's training step against the same network written by hand in plain torch, interleaved, on this machine.

    python benchmarks/families.py [--rounds 9] [FAMILY ...]

Pellucid takes what it plans (memory order, precision, fused optimizer); the other side is the loop of the tutorials,
over batches cut beforehand: zero_grad, forward, backward, AdamW. Printed: milliseconds of a step (medians over
rounds), their ratio, and the parameters, which must be equal.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable, Iterator

os.environ.setdefault("GOMP_SPINCOUNT", "20000")

import numpy as np
import plain_vision as plain
import torch
from torch import nn
from torch.nn import functional as F

from pellucid import devices
from pellucid.data.image import Images
from pellucid.recipe import Recipe
from pellucid.training import loop
from pellucid.training.session import Session, prepare

SIDE, CLASSES, ROWS, BATCH = 32, 10, 320, 32
STEPS = 4
"""Steps of one measurement; each side takes as many in turn."""
WARM = 3
CASES: dict[str, tuple[dict[str, object], Callable[[], nn.Module]]] = {
    "lenet": ({"width": 6}, lambda: plain.LeNet(3, 6, CLASSES)),
    "alexnet": ({"width": 16, "hidden": [256, 256]}, lambda: plain.AlexNet(3, 16, CLASSES, 256)),
    "vgg": ({"depth": 11, "width": 16, "hidden": [256, 256]}, lambda: plain.VGG(3, 16, CLASSES, hidden=256)),
    "inception": ({"width": 16, "auxiliary": False}, lambda: plain.GoogLeNet(3, 16, CLASSES)),
    "resnet": ({"depth": 18, "width": 16}, lambda: plain.ResNet18(3, 16, CLASSES)),
    "unet": ({"width": 16}, lambda: plain.UNet(3, 16, 2)),
}


def ours(kind: str, fields: dict[str, object]) -> Session:
    """A session of Pellucid on random images, with what it plans."""
    random = np.random.default_rng(0)
    images = random.integers(0, 255, (ROWS, SIDE, SIDE, 3), dtype=np.uint8)
    if kind == "unet":
        rows = {"images": images, "masks": random.integers(0, 2, (ROWS, SIDE, SIDE), dtype=np.uint8)}
        task: dict[str, object] = {"kind": "segmentation", "loss": "cross_entropy"}
    else:
        rows = {"images": images, "labels": [str(row % CLASSES) for row in range(ROWS)]}
        task = {"kind": "classification"}
    recipe = Recipe.model_validate(
        {
            "data": {"kind": "images", "split": {"kind": "hash"}},
            "task": task,
            "model": {"kind": kind, **fields},
            "method": {"epochs": 10_000, "batch": BATCH},
        }
    )
    assert isinstance(recipe.data, Images)
    return prepare(recipe, recipe.data.read_rows(rows))


def our_steps(session: Session) -> Iterator[None]:
    """One step of Pellucid for each `next`."""
    for _ in loop.steps(session.state, session.phases()):
        yield


def plain_steps(module: nn.Module, kind: str) -> Iterator[None]:
    """One step of the tutorial's loop for each `next`."""
    stream = torch.Generator().manual_seed(0)
    x = torch.randn(ROWS, 3, SIDE, SIDE, generator=stream)
    shape = (ROWS, SIDE, SIDE) if kind == "unet" else (ROWS,)
    y = torch.randint(2 if kind == "unet" else CLASSES, shape, generator=stream)
    optimizer = torch.optim.AdamW(module.parameters(), lr=1e-3)
    module.train()
    while True:
        for start in range(0, ROWS, BATCH):
            optimizer.zero_grad()
            F.cross_entropy(module(x[start : start + BATCH]), y[start : start + BATCH]).backward()
            optimizer.step()
            yield


def seconds(steps: Iterator[None]) -> float:
    """Of one step, over `STEPS` of them."""
    began = time.perf_counter()
    for _ in range(STEPS):
        next(steps)
    return (time.perf_counter() - began) / STEPS


def race(kind: str, rounds: int) -> dict[str, object]:
    """Both sides in turn; the medians."""
    fields, make = CASES[kind]
    session, module = ours(kind, fields), make()
    sides = {"pellucid": our_steps(session), "plain": plain_steps(module, kind)}
    counts = [sum(one.numel() for one in network.parameters()) for network in (session.state.network, module)]
    times: dict[str, list[float]] = {name: [] for name in sides}
    with devices.computing(session.recipe.threads):
        for steps in sides.values():
            for _ in range(WARM):
                next(steps)
        for _ in range(rounds):
            for name, steps in sides.items():
                times[name].append(seconds(steps))
    median = {name: 1e3 * statistics.median(values) for name, values in times.items()}
    return {
        "family": kind,
        "parameters": counts,
        "precision": session.recipe.precision,
        "layout": session.recipe.layout,
        **{name: round(value, 2) for name, value in median.items()},
        "faster": round(median["plain"] / median["pellucid"], 2),
    }


def main() -> None:
    """Races the families named, or all."""
    parser = argparse.ArgumentParser()
    parser.add_argument("families", nargs="*", default=list(CASES))
    parser.add_argument("--rounds", type=int, default=9)
    asked = parser.parse_args()
    for kind in asked.families or list(CASES):
        print(json.dumps(race(kind, asked.rounds)), flush=True)


if __name__ == "__main__":
    main()
