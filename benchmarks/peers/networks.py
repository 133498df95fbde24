"""The two networks in plain torch, for the peers that take a module."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn
from workload import Arrays, Workload

CLASSES = 10


def network(workload: Workload, data: Arrays) -> nn.Module:
    """The module of a workload, giving logits."""
    if workload.widths:
        sizes = (data.x.shape[1], *workload.widths)
        layers = [layer for before, after in pairwise(sizes) for layer in (nn.Linear(before, after), nn.ReLU())]
        return nn.Sequential(*layers, nn.Linear(sizes[-1], CLASSES))
    first, second = workload.channels
    side = data.x.shape[-1] // 4
    return nn.Sequential(
        nn.Conv2d(1, first, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(first, second, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(second * side * side, workload.head), nn.ReLU(), nn.Linear(workload.head, CLASSES),
    )  # fmt: skip


def accuracy(module: nn.Module, data: Arrays) -> float:
    """The share of test rows it gets right."""
    module.eval()
    with torch.no_grad():
        guess = module(torch.from_numpy(data.x_test)).argmax(1)
    return (guess == torch.from_numpy(data.y_test)).double().mean().item()
