"""The trunk: an ordinary module that says which Form it puts out."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn

from pellucid.forms import Branched, Form


class Side(NamedTuple):
    """A branch that helps the layers before it to learn, and is left out at prediction (Szegedy et al. 2014)."""

    after: int
    """Number of the block whose output it reads."""
    module: nn.Module
    """x_BCHW (or x_BD) -> x_BD, for a head of its own."""
    width: int
    """D of what it gives."""
    weight: float
    """Its share in the loss; that of the main output is 1."""


class Trunk(nn.Module):
    """Blocks that run one after another; `out` is the Form of what the last one gives.

    `taps` numbers the blocks whose outputs form a pyramid; without taps the last output alone is given. With `sides` it
    gives, in training, `Branched` with one vector more for each.
    """

    def __init__(
        self, blocks: list[nn.Module], out: Form, taps: tuple[int, ...] = (), sides: tuple[Side, ...] = ()
    ) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        self.out = out
        self.taps = taps
        self.sides = nn.ModuleList(side.module for side in sides)
        self.side_after = tuple(side.after for side in sides)
        self.side_widths = tuple(side.width for side in sides)
        self.side_weights = tuple(side.weight for side in sides)

    def leave_sides(self) -> None:
        """Takes the auxiliary branches away, for a task whose head takes no vector."""
        self.sides = nn.ModuleList()
        self.side_after, self.side_widths, self.side_weights = (), (), ()

    def forward(self, x: torch.Tensor) -> torch.Tensor | tuple[torch.Tensor, ...] | Branched:
        """x_B... -> x_B..., or a tuple of grids for a pyramid; `Branched` in training where there are sides."""
        levels: list[torch.Tensor] = []
        sides: list[torch.Tensor] = []
        for position, block in enumerate(self.blocks):
            x = block(x)
            if position in self.taps:
                levels.append(x)
            if self.training and position in self.side_after:
                sides.append(self.sides[self.side_after.index(position)](x))
        main = tuple(levels) if self.taps else x
        return Branched(main, tuple(sides)) if sides else main
