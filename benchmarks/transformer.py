"""The Transformer's training step against torch.nn.TransformerEncoder, and writing with its memory against without.

    python benchmarks/transformer.py [--rounds 9] [--threads 1] [--only step|write] [--clock wall|processor]

A step is forward and backward over the same layers (GELU, pre-norm, 4 heads, 4 layers), both sides in turn: Pellucid
without positions, as torch's layers have none, and with its rotary ones. Writing is greedy, one token after the other
from a prompt of one; without memory the whole text so far runs again for each token (every 16th of them is timed).
Printed: medians over rounds, and their ratios. On a machine that does other work too, the processor's clock and one
thread are to be trusted more.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
import warnings
from collections.abc import Callable
from typing import Any

os.environ.setdefault("GOMP_SPINCOUNT", "20000")

import torch
from torch import nn

from pellucid.families.transformer import Transformer
from pellucid.forms import Steps, sequence
from pellucid.nn.noise import share_draw
from pellucid.nn.transformer import TransformerTrunk
from pellucid.seeds import Draw

BATCH, HEADS, DEPTH, CODES = 32, 4, 4, 96
STEPS = [(width, length, causal) for width in (128, 256) for length in (64, 128) for causal in (False, True)]
"""(width, positions, whether causal)."""
WRITTEN = [(4, 128, 256, 1), (4, 128, 256, 8), (6, 256, 256, 1), (6, 256, 256, 8), (4, 128, 1024, 1), (4, 128, 1024, 8)]
"""(layers, width, tokens, rows)."""
DROPOUTS = (0.0, 0.1)
WARM = 2
EVERY = 16
CLOCKS = {"wall": time.perf_counter, "processor": time.process_time}


def trunk(width: int, length: int, *, causal: bool, depth: int = DEPTH, **fields: object) -> TransformerTrunk:
    """Ours."""
    family = Transformer.model_validate({"width": width, "depth": depth, "heads": HEADS, **fields})
    made = family.build(sequence(width, length, even=True, causal=causal))
    assert isinstance(made, TransformerTrunk)
    share_draw(made, Draw(0, "step"))
    return made


def plain(width: int, length: int, *, causal: bool, dropout: float) -> Callable[[torch.Tensor], torch.Tensor]:
    """torch's own."""
    layer = nn.TransformerEncoderLayer(
        width, HEADS, 4 * width, dropout, activation="gelu", batch_first=True, norm_first=True
    )
    encoder = nn.TransformerEncoder(layer, DEPTH, norm=nn.LayerNorm(width), enable_nested_tensor=False)
    mask = nn.Transformer.generate_square_subsequent_mask(length) if causal else None
    return lambda x_BTD: encoder(x_BTD, mask=mask, is_causal=causal)


def race(sides: dict[str, Callable[[], object]], rounds: int, clock: Callable[[], float]) -> dict[str, float]:
    """Milliseconds of each side, taken in turn; the medians."""
    times: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(WARM + rounds):
        for name, run in sides.items():
            began = clock()
            run()
            if number >= WARM:
                times[name].append(1e3 * (clock() - began))
    return {name: statistics.median(values) for name, values in times.items()}


def steps(width: int, length: int, causal: bool, dropout: float, **how: Any) -> dict[str, object]:
    """One training step of each side without its optimizer."""
    torch.manual_seed(0)
    x_BTD, slope_BTD = torch.randn(2, BATCH, length, width)
    mask_BT = torch.ones(BATCH, length, dtype=torch.bool)
    networks = {
        kind: trunk(width, length, causal=causal, dropout=dropout, positions=kind) for kind in ("none", "rotary")
    }
    torchs = plain(width, length, causal=causal, dropout=dropout)

    def step(forward: Callable[[torch.Tensor], torch.Tensor]) -> None:
        (forward(x_BTD.detach().requires_grad_()) * slope_BTD).sum().backward()

    sides: dict[str, Callable[[], object]] = {"torch": lambda: step(torchs)}
    for kind, made in networks.items():
        sides[kind] = lambda made=made: step(lambda x_BTD: made.train()(Steps(x_BTD, mask_BT)).x_BTD)
    median = race(sides, **how)
    told = {name: round(value, 1) for name, value in median.items()}
    faster = {f"faster_{kind}": round(median["torch"] / median[kind], 2) for kind in networks}
    return {"width": width, "length": length, "causal": causal, "dropout": dropout, **told, **faster}


@torch.inference_mode()
def write(depth: int, width: int, length: int, rows: int, **how: Any) -> dict[str, object]:
    """A whole text with memory, and without every `EVERY`th token of it."""
    torch.manual_seed(0)
    made = trunk(width, length, causal=True, depth=depth).eval()
    embedding, head = nn.Embedding(CODES, width), nn.Linear(width, CODES)
    code_BT = torch.randint(CODES, (rows, length))

    def ask(code_BT: torch.Tensor) -> Steps:
        return Steps(embedding(code_BT), torch.ones_like(code_BT, dtype=torch.bool))

    def with_memory() -> None:
        memory, code_B1 = made.begin(None, rows), code_BT[:, :1]
        for _ in range(length - 1):
            out, memory = made.proceed(ask(code_B1), memory)
            code_B1 = head(out.x_BTD).argmax(2)

    def without() -> None:
        for end in range(EVERY // 2, length, EVERY):
            head(made(ask(code_BT[:, :end])).x_BTD[:, -1:]).argmax(2)

    median = race({"with": with_memory, "without": without}, **how)
    seconds = {"with": median["with"] / (length - 1) / 1e3, "without": median["without"] / (length // EVERY) / 1e3}
    told = {f"tokens_a_second_{name}": round(rows / value) for name, value in seconds.items()}
    faster = round(seconds["without"] / seconds["with"], 1)
    return {"layers": depth, "width": width, "tokens": length, "rows": rows, **told, "faster": faster}


def main() -> None:
    """Races all cases."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", choices=["step", "write"])
    parser.add_argument("--clock", choices=CLOCKS, default="wall")
    asked = parser.parse_args()
    clock = CLOCKS[asked.clock]
    torch.set_num_threads(asked.threads)
    warnings.filterwarnings("ignore", category=UserWarning)  # of torch's own layers
    if asked.only != "write":
        for dropout in DROPOUTS:
            for case in STEPS:
                print(json.dumps(steps(*case, dropout, rounds=asked.rounds, clock=clock)), flush=True)
    if asked.only != "step":
        for case in WRITTEN:
            print(json.dumps(write(*case, rounds=asked.rounds, clock=clock)), flush=True)


if __name__ == "__main__":
    main()
