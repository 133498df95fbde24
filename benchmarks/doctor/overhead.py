"""What watching costs: the doctor's own thread time over that of the training, on networks of usual and of toy size.

    python benchmarks/doctor/overhead.py                    # all networks, three runs each, as a table
    python benchmarks/doctor/overhead.py --only cnn --runs 5 --json FILE

`own` is the doctor's own thread time over the thread time of the training, `clock` the same over the time on the clock,
by which the doctor keeps to its budget; they differ where other work shares the processor. `whole` compares the thread
time of a watched training with that of an unwatched one, hooks and slower calls included, and is as uncertain as the
difference of two measurements is.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from contextlib import nullcontext
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from forked import run


class Work(NamedTuple):
    """One training."""

    make: Callable[[], tuple[Any, Any, Any]]
    """The network, its input and its targets."""
    steps: int
    toy: bool = False


def cnn() -> tuple[Any, Any, Any]:
    """Three convolutions and two linear layers on 64 images of 3x32x32."""
    import torch
    from torch import nn

    layers: list[nn.Module] = []
    for before, after in ((3, 32), (32, 64), (64, 64)):
        layers += [nn.Conv2d(before, after, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    net = nn.Sequential(*layers, nn.Flatten(), nn.Linear(1024, 128), nn.ReLU(), nn.Linear(128, 10))
    return net, torch.randn(64, 3, 32, 32), torch.randint(10, (64,))


def perceptron(*sizes: int, rows: int = 128) -> Callable[[], tuple[Any, Any, Any]]:
    """Linear layers of these widths."""

    def make() -> tuple[Any, Any, Any]:
        import torch
        from torch import nn

        layers: list[nn.Module] = []
        for before, after in pairwise(sizes):
            layers += [nn.Linear(before, after), nn.ReLU()]
        return nn.Sequential(*layers[:-1]), torch.randn(rows, sizes[0]), torch.randint(sizes[-1], (rows,))

    return make


def transformer() -> tuple[Any, Any, Any]:
    """Two layers of attention of width 64 over 16 sentences of 32 words."""
    import torch
    from torch import nn

    layer = nn.TransformerEncoderLayer(64, 4, 128, batch_first=True)
    encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
    net = nn.Sequential(nn.Embedding(100, 64), encoder, nn.Flatten(0, 1), nn.Linear(64, 100))
    return net, torch.randint(100, (16, 32)), torch.randint(100, (512,))


def lstm() -> tuple[Any, Any, Any]:
    """An LSTM of width 128 over 32 sequences of 32 places."""
    import torch
    from torch import nn

    class Reader(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rnn, self.head = nn.LSTM(16, 128, batch_first=True), nn.Linear(128, 10)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.head(self.rnn(x)[0][:, -1])

    return Reader(), torch.randn(32, 32, 16), torch.randint(10, (32,))


WORK = {
    "cnn": Work(cnn, 500),
    "mlp 784-1024-1024-10": Work(perceptron(784, 1024, 1024, 10), 1000),
    "transformer 2x64": Work(transformer, 1000),
    "lstm 128": Work(lstm, 1000),
    "toy mlp 784-256-128-10": Work(perceptron(784, 256, 128, 10, rows=64), 3000, toy=True),
    "toy mlp 2-32-32-2": Work(perceptron(2, 32, 32, 2, rows=32), 4000, toy=True),
}


def train(name: str, watched: bool) -> dict[str, float]:
    """Trains once; seconds of thread time a step, and the doctor's share of it."""
    import torch

    from pellucid.doctor.script.hooks import installed
    from pellucid.doctor.script.watch import Watch

    torch.manual_seed(0)
    watch = Watch()
    with installed(watch) if watched else nullcontext():
        net, x, y = WORK[name].make()
        optimizer, criterion = torch.optim.Adam(net.parameters(), lr=1e-3), torch.nn.CrossEntropyLoss()
        began = time.thread_time()
        for _ in range(WORK[name].steps):
            optimizer.zero_grad()
            criterion(net(x), y).backward()
            optimizer.step()
        spent = time.thread_time() - began
    return {"step": spent / WORK[name].steps, "own": watch.clock.own / (spent - watch.clock.own),
            "clock": watch.clock.share}  # fmt: skip


def measure(name: str, runs: int) -> dict[str, Any]:
    """Medians over pairs of runs, each in a process of its own."""
    found: dict[bool, list[dict[str, float]]] = {False: [], True: []}
    for _ in range(runs):
        for watched, results in found.items():
            done = run([__file__, "--train", name, *(["--watched"] if watched else [])], limit=3600)
            results.append(json.loads(done.out))
    plain = statistics.median(one["step"] for one in found[False])
    whole = statistics.median(one["step"] for one in found[True]) / plain - 1
    own, clock = (statistics.median(one[key] for one in found[True]) for key in ("own", "clock"))
    return {"network": name, "step": plain, "own": own, "clock": clock, "whole": whole, "toy": WORK[name].toy}


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="networks whose name begins so")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--train", choices=WORK, help=argparse.SUPPRESS)
    parser.add_argument("--watched", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.train:
        print(json.dumps(train(options.train, options.watched)))
        return
    results = []
    print("| network | step, ms | own | clock | whole |\n|---|---|---|---|---|")
    for name in WORK:
        if name.startswith(options.only):
            one = measure(name, options.runs)
            results.append(one)
            shares = " | ".join(f"{one[key]:.2%}" for key in ("own", "clock", "whole"))
            print(f"| {name} | {1000 * one['step']:.1f} | {shares} |", flush=True)
    for key in ("own", "clock"):
        usual = [one[key] for one in results if not one["toy"]]
        if usual:
            print(f"usual networks, {key}: median {statistics.median(usual):.2%}, worst {max(usual):.2%}")
    if options.json:
        options.json.write_text(json.dumps({"networks": results}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
