"""Layers that draw random numbers, all from the network's one named stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from pellucid.seeds import Draw


class Noisy(nn.Module):
    """A layer that needs random numbers in training; the network gives it `draw` once, the loop moves that on."""

    def __init__(self) -> None:
        super().__init__()
        self.draw: Draw | None = None

    def drawing(self) -> Draw:
        """Where to draw from."""
        assert self.draw is not None, f"{type(self).__name__} in training needs a draw: call nn.noise.share_draw first"
        return self.draw


class Dropout(Noisy):
    """Sets a random share of numbers to 0 and divides the others by 1 - share (Srivastava et al. 2014, JMLR 15).

    The identity in evaluation mode.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        assert 0 <= share < 1, f"a dropout share of {share} is not in [0, 1)"
        self.share = share

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x_... -> x_..., each number kept with probability 1 - share."""
        if not self.training or self.share == 0:
            return x
        keep = 1 - self.share
        return x * self.drawing().kept_like(x, keep).to(x.dtype).div_(keep)

    def extra_repr(self) -> str:
        return f"share={self.share}"


class GaussianNoise(Noisy):
    """Adds normal noise of standard deviation `scale` (Bishop 1995, Neural Computation 7); nothing in evaluation."""

    def __init__(self, scale: float) -> None:
        super().__init__()
        assert scale >= 0, f"a noise scale of {scale} is negative"
        self.scale = scale

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x_... -> x_... + noise."""
        if not self.training or self.scale == 0:
            return x
        return x + self.drawing().normal_like(x, self.scale)

    def extra_repr(self) -> str:
        return f"scale={self.scale}"


def share_draw(module: nn.Module, draw: Draw) -> None:
    """Gives every noisy layer inside `module` the same `draw`."""
    for layer in module.modules():
        if isinstance(layer, Noisy):
            layer.draw = draw
