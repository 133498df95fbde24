"""The blocks that most families are made of; each takes built modules and runs them in reading order."""

from __future__ import annotations

import torch
from torch import nn


class Dense(nn.Module):
    """linear -> norm -> activation -> dropout, and with `residual` the input is added to that.

    The skip is made only where the block keeps the width (He et al. 2015, arXiv:1512.03385, equation 1); elsewhere
    `residual` is False, whatever was asked.
    """

    def __init__(
        self,
        linear: nn.Linear,
        *,
        norm: nn.Module | None = None,
        activation: nn.Module | None = None,
        dropout: nn.Module | None = None,
        residual: bool = False,
    ) -> None:
        super().__init__()
        self.linear = linear
        self.norm = norm
        self.activation = activation
        self.dropout = dropout
        self.residual = residual and linear.in_features == linear.out_features

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x_BI -> x_BO."""
        y = _through(self.linear(x), self.norm, self.activation, self.dropout)
        return x + y if self.residual else y

    def extra_repr(self) -> str:
        return "residual=True" if self.residual else ""


class ConvBlock(nn.Module):
    """conv -> norm -> activation -> pool -> dropout: the convolution, detector and pooling stages of a CNN."""

    def __init__(
        self,
        conv: nn.Conv2d,
        *,
        norm: nn.Module | None = None,
        activation: nn.Module | None = None,
        pool: nn.Module | None = None,
        dropout: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.conv = conv
        self.norm = norm
        self.activation = activation
        self.pool = pool
        self.dropout = dropout

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x_BCHW -> x_BCHW."""
        return _through(self.conv(x), self.norm, self.activation, self.pool, self.dropout)


class Residual(nn.Module):
    """activation(branch(x) + skip(x)), the block of a residual network (He et al. 2015, arXiv:1512.03385, section 3).

    Without `skip` the input itself is added (equation 1); with it, what brings the input to the Form of the branch
    (equation 2).
    """

    def __init__(
        self, branch: list[nn.Module], *, skip: nn.Module | None = None, activation: nn.Module | None = None
    ) -> None:
        super().__init__()
        self.branch = nn.Sequential(*branch)
        self.skip = skip
        self.activation = activation

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x_BCHW -> x_BCHW."""
        return _through(self.branch(x) + _through(x, self.skip), self.activation)


def _through(x: torch.Tensor, *stages: nn.Module | None) -> torch.Tensor:
    for stage in stages:
        if stage is not None:
            x = stage(x)
    return x
