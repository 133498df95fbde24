"""Looking inside layers: what gates let through and what attention looks at, noted only while somebody asks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeAlias

import torch
from torch import nn

Traces: TypeAlias = dict[str, dict[str, torch.Tensor]]
"""Layer -> what happened inside -> a tensor with the examples first and then the positions."""


class Traced(nn.Module):
    """A layer that can note what happens inside it; `trace` is None unless it is asked to."""

    def __init__(self) -> None:
        super().__init__()
        self.trace: dict[str, torch.Tensor] | None = None


@contextmanager
def traced(network: nn.Module) -> Iterator[Traces]:
    """Makes every layer in `network` that can do so note what happens in the next pass."""
    layers = {name: layer for name, layer in network.named_modules() if isinstance(layer, Traced)}
    traces: Traces = {name: {} for name in layers}
    for name, layer in layers.items():
        layer.trace = traces[name]
    try:
        yield traces
    finally:
        for layer in layers.values():
            layer.trace = None
