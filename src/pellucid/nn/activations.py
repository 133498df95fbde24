"""Activations that torch does not have; the others are torch's own modules (see `nn.activation_parts`)."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

CHECKED = (-10.0, 10.0)
"""Where a person's own activation is tried before it is trained with."""
POINTS = 402
"""Points of that trial: even, so that 0 itself, where many good functions have a corner, is not among them."""


class Threshold(nn.Module):
    """The step of McCulloch and Pitts (1943): 1 where x >= 0, else 0.

    Its gradient is 0 everywhere, so it cannot be trained through. With `straight_through` the backward pass treats it
    as the identity (Bengio et al. 2013, arXiv:1308.3432, section 4).
    """

    def __init__(self, straight_through: bool = False) -> None:
        super().__init__()
        self.straight_through = straight_through

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x_... -> 0 or 1, of the same shape and dtype."""
        step = (x >= 0).to(x.dtype)
        # x - x.detach() is exactly 0 for finite x, so the forward value stays exactly 0 or 1.
        return step + (x - x.detach()) if self.straight_through else step

    def extra_repr(self) -> str:
        return "straight_through=True" if self.straight_through else ""


class Softmax(nn.Module):
    """softmax(x)_i = exp(x_i - m) / sum_j exp(x_j - m), with m = max x, over features or channels."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x_BD or x_BTD -> over D; x_BCHW -> over C; each sums to 1."""
        return x.softmax(dim=1 if x.ndim == 4 else -1)


class Own(nn.Module):
    """A person's own activation under the name they gave it; a function that is a module brings its parameters."""

    def __init__(self, name: str, function: Callable[[torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.name = name
        self.function = function

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x_... -> function(x), of the same shape."""
        return self.function(x)

    def extra_repr(self) -> str:
        return self.name


def fault(function: Callable[[torch.Tensor], torch.Tensor]) -> str | None:
    """What is wrong with `function` as an activation, tried on a grid from -10 to 10, or None if nothing is."""
    start = torch.linspace(*CHECKED, POINTS).view(3, -1)
    x = start.clone().requires_grad_()
    with torch.enable_grad():
        try:
            y = function(x * 1.0)
        except Exception as reason:  # noqa: BLE001 - any code of a person may run here; the reason is told
            return f"fails with {type(reason).__name__}: {reason}"
        shapes = f"gives shape {tuple(getattr(y, 'shape', ()))} for an input of shape {tuple(x.shape)}"
        if not isinstance(y, torch.Tensor):  # pyright: ignore[reportUnnecessaryIsInstance] - not our code
            return f"gives {type(y).__name__}, not a tensor"
        if y.shape != x.shape:
            return shapes
        if not y.is_floating_point():
            return f"gives {y.dtype}, not floating point numbers"
        if not y.isfinite().all():
            return f"is not finite at x = {_first(start, ~y.isfinite()):.4g}"
        if not y.requires_grad:
            return "gives no gradient, so nothing before it can learn"
        (slope,) = torch.autograd.grad(y.sum(), x, allow_unused=True)
    if slope is None or not slope.count_nonzero():
        return "has gradient 0 everywhere, so nothing before it can learn"
    if not slope.isfinite().all():
        return f"has a gradient that is not finite at x = {_first(start, ~slope.isfinite()):.4g}"
    return None


def _first(x: torch.Tensor, where: torch.Tensor) -> float:
    return x[where][0].item()
