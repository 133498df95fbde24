"""The trunk: an ordinary module that says which Form it puts out."""

from __future__ import annotations

import torch
from torch import nn

from pellucid.forms import Form


class Trunk(nn.Module):
    """Blocks that run one after another; `out` is the Form of what the last one gives.

    `taps` names the blocks whose outputs form a pyramid; without taps the last output alone is given.
    """

    def __init__(self, blocks: list[nn.Module], out: Form, taps: tuple[int, ...] = ()) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        self.out = out
        self.taps = taps

    def forward(self, x: torch.Tensor) -> torch.Tensor | tuple[torch.Tensor, ...]:
        """x_B... -> x_B..., or a tuple of grids for a pyramid."""
        levels: list[torch.Tensor] = []
        for position, block in enumerate(self.blocks):
            x = block(x)
            if position in self.taps:
                levels.append(x)
        return tuple(levels) if self.taps else x
