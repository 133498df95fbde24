"""Clips: grids whose channels are those of several frames, seen by an image network frame by frame."""

from __future__ import annotations

from typing import Literal, TypeAlias, cast

import torch

from pellucid.forms import Branched, each
from pellucid.nn.trunk import Side, Trunk

Output: TypeAlias = torch.Tensor | tuple[torch.Tensor, ...] | Branched
OverKind = Literal["mean", "max"]


class ClipTrunk(Trunk):
    """The trunk of an image network, run on every frame; what it gives is taken together over the frames.

    With `difference` the change since the frame before joins each frame as further channels.
    """

    def __init__(self, image: Trunk, frames: int, *, over: OverKind, difference: bool) -> None:
        sides = zip(image.side_after, image.sides, image.side_widths, image.side_weights, strict=True)
        super().__init__(list(image.blocks), image.out, image.taps, tuple(Side(*side) for side in sides))
        self.frames = frames
        self.over: OverKind = over
        self.difference = difference

    def forward(self, x: torch.Tensor) -> Output:
        """x_BCHW with the channels of all frames -> what the image network gives, one row for each clip."""
        return cast("Output", each(super().forward(self.apart(x)), self.together))

    def apart(self, x_BCHW: torch.Tensor) -> torch.Tensor:
        """Every frame of x_BCHW as an example of its own."""
        x_BFCHW = x_BCHW.unflatten(1, (self.frames, -1))
        if self.difference:
            x_BFCHW = torch.cat([x_BFCHW, x_BFCHW.diff(dim=1, prepend=x_BFCHW[:, :1])], 2)
        return x_BFCHW.flatten(0, 1)

    def together(self, x: torch.Tensor) -> torch.Tensor:
        """Rows of all frames -> rows of clips."""
        x_BF = x.unflatten(0, (-1, self.frames))
        return x_BF.mean(1) if self.over == "mean" else x_BF.amax(1)

    def extra_repr(self) -> str:
        return f"frames={self.frames}, over={self.over}, difference={self.difference}"
