"""How attention, which knows no order, is told where things stand."""

from __future__ import annotations

import torch
from torch import nn

BASE = 10_000.0
"""The longest wave of the paper, in positions, divided by 2 pi (Vaswani et al. 2017, section 3.5)."""


def waves(positions: int, width: int) -> torch.Tensor:
    """angle_TD2: each position times width/2 frequencies that fall from 1 to nearly 1/10000."""
    frequency = BASE ** (-torch.arange(0, width, 2, dtype=torch.float64) / width)
    return torch.arange(positions, dtype=torch.float64)[:, None] * frequency


class Sinusoidal(nn.Module):
    """Adds sines and cosines of the position, and brings the inputs to their size (arXiv:1706.03762, section 3.5)."""

    def __init__(self, width: int, longest: int) -> None:
        super().__init__()
        self.width = width
        self.register_buffer("table_TD", self._table(longest), persistent=False)
        self.table_TD: torch.Tensor

    def forward(self, x_BTD: torch.Tensor, first: int) -> torch.Tensor:
        """x_BTD whose first position is number `first` -> x_BTD."""
        if first + x_BTD.shape[1] > len(self.table_TD):
            self.table_TD = self._table(2 * (first + x_BTD.shape[1])).to(self.table_TD)
        return x_BTD * self.width**0.5 + self.table_TD[first : first + x_BTD.shape[1]]

    def _table(self, longest: int) -> torch.Tensor:
        angle_TD2 = waves(longest, self.width)
        return torch.stack([angle_TD2.sin(), angle_TD2.cos()], 2).flatten(1)[:, : self.width].float()


class Learned(nn.Module):
    """Adds a learnt vector for each position; there are as many positions as the data had."""

    def __init__(self, width: int, longest: int) -> None:
        super().__init__()
        self.table_TD = nn.Parameter(torch.empty(longest, width).normal_(0.0, 0.02))

    def forward(self, x_BTD: torch.Tensor, first: int) -> torch.Tensor:
        """x_BTD whose first position is number `first` -> x_BTD; beyond the last position, that of the last."""
        place_T = torch.arange(first, first + x_BTD.shape[1], device=x_BTD.device).clamp_max(len(self.table_TD) - 1)
        return x_BTD + self.table_TD[place_T]


class Rotary(nn.Module):
    """Turns pairs of features by an angle that grows with the position, so that products tell the distance.

    Su et al. 2021, arXiv:2104.09864.
    """

    def __init__(self, width: int, longest: int) -> None:
        super().__init__()
        self.width = width
        self.register_buffer("turn_TD2", self._table(longest), persistent=False)
        self.turn_TD2: torch.Tensor
        """(cosine, sine) of each angle."""

    def turns(self, first: int, count: int) -> torch.Tensor:
        """complex turn_T1D for positions `first` to `first + count`, to be multiplied with pairs of features."""
        if first + count > len(self.turn_TD2):
            self.turn_TD2 = self._table(2 * (first + count)).to(self.turn_TD2)
        return torch.view_as_complex(self.turn_TD2[first : first + count]).unsqueeze(1)

    def _table(self, longest: int) -> torch.Tensor:
        angle_TD2 = waves(longest, self.width)
        return torch.stack([angle_TD2.cos(), angle_TD2.sin()], 2).float()


def turned(x_BTHD: torch.Tensor, turn_T1D: torch.Tensor) -> torch.Tensor:
    """Heads with every pair of neighbouring features turned."""
    pair_BTHD = torch.view_as_complex(x_BTHD.float().unflatten(3, (-1, 2)))
    return torch.view_as_real(pair_BTHD * turn_T1D).flatten(3).to(x_BTHD.dtype)
