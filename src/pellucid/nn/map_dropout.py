"""Dropout of whole maps."""

from __future__ import annotations

import torch

from pellucid.nn.noise import Dropout


class MapDropout(Dropout):
    """Sets a random share of the maps to 0 and divides the others by 1 - share (Tompson et al. 2014, arXiv:1411.4280).

    After the mean of every map this is dropout of units. The identity in evaluation mode.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x_BCHW -> x_BCHW, each map kept with probability 1 - share."""
        if not self.training or self.share == 0:
            return x
        return x * super().forward(x.new_ones(*x.shape[:2], 1, 1))
