"""Modules that read the same maps side by side."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from pellucid.forms import Signal, tensors


class Fork(nn.Module):
    """What several modules make of one input, not yet joined."""

    def __init__(self, tails: Sequence[nn.Module]) -> None:
        super().__init__()
        self.tails = nn.ModuleList(tails)

    def forward(self, x_BCHW: torch.Tensor) -> Signal:
        """x_BCHW -> (x_BCHW, ...)."""
        return tuple(tail(x_BCHW) for tail in self.tails)


class Branches(Fork):
    """What several modules make of one input, their maps one after another (Szegedy et al. 2014, arXiv:1409.4842).

    A branch may end in a `Fork`: all maps are joined once.
    """

    def forward(self, x_BCHW: torch.Tensor) -> torch.Tensor:
        """x_BCHW -> x_BCHW with the channels of all branches."""
        return torch.cat(tensors(super().forward(x_BCHW)), 1)
