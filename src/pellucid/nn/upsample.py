"""From coarse maps to fine ones: the step up, and the network shaped like a U."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import nn

UpKind = Literal["transposed", "bilinear"]


class Up(nn.Module):
    """Maps brought to a size of about twice their own, with `outputs` channels.

    transposed: every place paints a learnt 2x2 patch (Zeiler et al. 2010); bilinear: a 1x1 convolution, then
    interpolation.
    """

    def __init__(self, inputs: int, outputs: int, kind: UpKind) -> None:
        super().__init__()
        transposed = kind == "transposed"
        self.conv = nn.ConvTranspose2d(inputs, outputs, 2, 2) if transposed else nn.Conv2d(inputs, outputs, 1)

    def forward(self, x_BIHW: torch.Tensor, extent: torch.Size | tuple[int, int]) -> torch.Tensor:
        """x_BIHW -> x_BOhw, with h, w = `extent`: 2H or 2H + 1, 2W or 2W + 1."""
        if isinstance(self.conv, nn.ConvTranspose2d):
            return self.conv(x_BIHW, output_size=list(extent))
        return nn.functional.interpolate(self.conv(x_BIHW), extent, mode="bilinear")


class Rise(nn.Module):
    """A step up to a fixed size, then `after`."""

    def __init__(self, up: Up, after: nn.Module, extent: tuple[int, int]) -> None:
        super().__init__()
        self.up = up
        self.after = after
        self.extent = extent

    def forward(self, x_BIHW: torch.Tensor) -> torch.Tensor:
        """x_BIHW -> x_BOhw."""
        return self.after(self.up(x_BIHW, self.extent))


class U(nn.Module):
    """Down to coarse maps and up again; each level up also sees the maps of its size on the way down.

    Ronneberger et al. 2015, arXiv:1505.04597. `down` and `after` have one module for each level, finest first, and
    `ups` the step up to it; `bottom` is the coarsest level.
    """

    def __init__(
        self, down: Sequence[nn.Module], bottom: nn.Module, ups: Sequence[Up], after: Sequence[nn.Module]
    ) -> None:
        super().__init__()
        self.down = nn.ModuleList(down)
        self.pool = nn.MaxPool2d(2)
        self.bottom = bottom
        self.ups = nn.ModuleList(ups)
        self.after = nn.ModuleList(after)

    def forward(self, x_BCHW: torch.Tensor) -> torch.Tensor:
        """x_BCHW -> x_BDHW of the same height and width."""
        skips: list[torch.Tensor] = []
        x = x_BCHW
        for level in self.down:
            skips.append(level(x))
            x = self.pool(skips[-1])
        x = self.bottom(x)
        for up, after in zip(reversed(self.ups), reversed(self.after), strict=True):
            skip = skips.pop()
            x = after(torch.cat([skip, up(x, skip.shape[2:])], 1))
        return x
