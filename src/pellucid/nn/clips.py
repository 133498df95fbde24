"""Clips: grids whose channels are those of several frames, seen by an image network frame by frame."""

from __future__ import annotations

from typing import Literal, TypeAlias, cast

import torch

from pellucid.forms import Branched, Steps, each
from pellucid.nn.trunk import Side, Trunk

Output: TypeAlias = torch.Tensor | tuple[torch.Tensor, ...] | Branched
OverKind = Literal["mean", "max"]


class ClipTrunk(Trunk):
    """The trunk of an image network, run on every frame; what it gives is taken together over the frames.

    Where `over` is the trunk of a sequence, that reads the mean of every map, frame after frame (Donahue et al. 2015,
    arXiv:1411.4389). With `difference` the change since the frame before joins each frame as further channels.
    """

    def __init__(self, image: Trunk, frames: int, *, over: OverKind | Trunk, difference: bool) -> None:
        sides = zip(image.side_after, image.sides, image.side_widths, image.side_weights, strict=True)
        out = over.out if isinstance(over, Trunk) else image.out
        super().__init__(list(image.blocks), out, image.taps, tuple(Side(*side) for side in sides))
        self.frames = frames
        self.over: OverKind | Trunk = over
        self.difference = difference

    def forward(self, x: torch.Tensor) -> Output:
        """x_BCHW with the channels of all frames -> what the image network gives, one row for each clip, or Steps."""
        given = super().forward(self.apart(x))
        if not isinstance(self.over, Trunk):
            return cast("Output", each(given, self.together))
        if not isinstance(given, Branched):
            return self.read(given)
        return Branched(self.read(given.main), tuple(self.together(side_BD) for side_BD in given.sides))

    def read(self, level: torch.Tensor | tuple[torch.Tensor, ...]) -> Steps:
        """What the image network gives for every frame -> Steps over the frames."""
        assert isinstance(self.over, Trunk)
        x = level[-1] if isinstance(level, tuple) else level
        x_BTD = (x.mean((2, 3)) if x.dim() == 4 else x).unflatten(0, (-1, self.frames))
        return self.over(Steps(x_BTD, x_BTD.new_ones(x_BTD.shape[:2], dtype=torch.bool)))

    def apart(self, x_BCHW: torch.Tensor) -> torch.Tensor:
        """Every frame of x_BCHW as an example of its own."""
        x_BFCHW = x_BCHW.unflatten(1, (self.frames, -1))
        if self.difference:
            x_BFCHW = torch.cat([x_BFCHW, x_BFCHW.diff(dim=1, prepend=x_BFCHW[:, :1])], 2)
        return x_BFCHW.flatten(0, 1)

    def together(self, x: torch.Tensor) -> torch.Tensor:
        """Rows of all frames -> rows of clips."""
        x_BF = x.unflatten(0, (-1, self.frames))
        return x_BF.amax(1) if self.over == "max" else x_BF.mean(1)

    def extra_repr(self) -> str:
        over = "" if isinstance(self.over, Trunk) else f"over={self.over}, "
        return f"frames={self.frames}, {over}difference={self.difference}"
