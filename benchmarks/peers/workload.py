"""What every peer shares: the data, the sizes, the clock and the line it prints. It imports no torch."""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

STARTED = time.perf_counter()
SETS = Path(__file__).parents[2] / "src" / "pellucid" / "data" / "sets"
TRAIN, TEST = 0, 2
"""Codes of the array `split`; 1 is the validation part, which the peers leave aside."""


@dataclass(frozen=True)
class Workload:
    """One thing to train: a multi-layer perceptron where `widths` are given, a small convolutional network if not."""

    data: str
    widths: tuple[int, ...]
    batch: int
    epochs: int
    learning_rate: float = 1e-3
    channels: tuple[int, ...] = (32, 64)
    head: int = 128
    """Units of the dense layer after the convolutions."""


WORKLOADS = {
    "digits": Workload("digits", widths=(128, 128), batch=32, epochs=30),
    "mnist10k": Workload("mnist10k", widths=(), batch=128, epochs=3),
}


@dataclass(frozen=True)
class Arrays:
    """Pixels in 0..1 and class codes: rows of pixels for a perceptron, N x 1 x H x W for a convolutional network."""

    x: np.ndarray
    y: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray


def asked() -> tuple[Workload, int]:
    """The workload and the seed of the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("workload", choices=WORKLOADS)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    return WORKLOADS[given.workload], given.seed


def arrays(workload: Workload) -> Arrays:
    """The data by its committed split."""
    with np.load(SETS / f"{workload.data}.npz", allow_pickle=False) as held:
        images, codes, split = held["images"], held["codes"], held["split"]
    pixels = images.astype(np.float32) / 255
    x = pixels.reshape(len(pixels), -1) if workload.widths else pixels[:, None]
    return Arrays(x[split == TRAIN], codes[split == TRAIN], x[split == TEST], codes[split == TEST])


def say(peer: str, workload: Workload, *, rows: int, seconds: float, accuracy: float) -> None:
    """Prints one line of JSON: how fast it trained, and how well it scored on the test part."""
    speed = rows * workload.epochs / seconds
    line = {"peer": peer, "accuracy": accuracy, "examples_per_second": speed, "train_seconds": seconds,
            "process_seconds": time.perf_counter() - STARTED}  # fmt: skip
    print(json.dumps(line))
