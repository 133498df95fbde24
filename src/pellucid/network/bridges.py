"""Bridges: how a Signal of one Form becomes one of another. One table, keyed by (from, to)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import nn

from pellucid.forms import Form, grid, pyramid, vector


class Bridge(NamedTuple):
    """A module and the Form it gives."""

    module: nn.Module
    out: Form
    says: str
    """What it does, for `check` and the report."""


class Coarsest(nn.Module):
    """The last grid of a pyramid."""

    def forward(self, levels: tuple[torch.Tensor, ...]) -> torch.Tensor:
        """(x_BCHW, ...) -> x_BCHW."""
        return levels[-1]


class Average(nn.Module):
    """The mean of every map (Lin et al. 2013, arXiv:1312.4400)."""

    def forward(self, x_BCHW: torch.Tensor) -> torch.Tensor:
        """x_BCHW -> x_BC."""
        return x_BCHW.mean((2, 3))


class FeaturePyramid(nn.Module):
    """Every level at one width, enriched from the coarser ones (Lin et al. 2016, arXiv:1612.03144).

    A level is its own 1x1 convolution plus the next coarser one brought to its size, smoothed by a 3x3 convolution.
    """

    def __init__(self, widths: tuple[int, ...], width: int) -> None:
        super().__init__()
        self.lateral = nn.ModuleList(nn.Conv2d(own, width, 1) for own in widths)
        self.smooth = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1) for _ in widths)

    def forward(self, levels: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        """(x_BCHW, ...) -> (x_BDHW, ...), finest first as they came."""
        levels = levels[-len(self.lateral) :]  # a task may not need the finest
        joined = [lateral(level) for lateral, level in zip(self.lateral, levels, strict=True)]
        for finer in range(len(joined) - 2, -1, -1):
            coarser = nn.functional.interpolate(joined[finer + 1], size=joined[finer].shape[2:])
            joined[finer] = joined[finer] + coarser
        return tuple(smooth(level) for smooth, level in zip(self.smooth, joined, strict=True))


class Finest(nn.Module):
    """The finest level of a feature pyramid; the others are only made as far as it needs them."""

    def __init__(self, pyramid: FeaturePyramid) -> None:
        super().__init__()
        self.lateral = pyramid.lateral
        self.smooth = pyramid.smooth[0]

    def forward(self, levels: tuple[torch.Tensor, ...]) -> torch.Tensor:
        """(x_BCHW, ...) -> x_BDHW at the size of the first."""
        joined = self.lateral[-1](levels[-1])
        for lateral, level in zip(reversed(self.lateral[:-1]), reversed(levels[:-1]), strict=True):
            joined = lateral(level) + nn.functional.interpolate(joined, size=level.shape[2:])
        return self.smooth(joined)


class OneLevel(nn.Module):
    """A grid as a pyramid of one level."""

    def forward(self, x_BCHW: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """x_BCHW -> (x_BCHW,)."""
        return (x_BCHW,)


WIDEST = 128
"""Channels of a feature pyramid at most; the paper's 256 is for images of a thousand pixels."""


def same(form: Form) -> Bridge:
    """No change."""
    return Bridge(nn.Identity(), form, "as it is")


def flatten(form: Form) -> Bridge:
    """grid -> vector: every place of every map is an input."""
    return Bridge(nn.Flatten(), vector(form.size), f"{form} flattened")


def average(form: Form) -> Bridge:
    """grid -> vector: the mean of every map."""
    return Bridge(Average(), vector(form.width), f"mean of each map of {form}")


def feature_pyramid(form: Form) -> Bridge:
    """pyramid -> pyramid of one width."""
    widths = tuple(level.width for level in form.levels)
    width = min(WIDEST, widths[-1], 2 * widths[0])  # the finest level costs most
    levels = tuple(grid(width, *level.extent) for level in form.levels)
    return Bridge(FeaturePyramid(widths, width), pyramid(levels), f"feature pyramid of {len(levels)} levels")


def finest(form: Form) -> Bridge:
    """pyramid -> grid: the finest level of a feature pyramid."""
    made = feature_pyramid(form)
    assert isinstance(made.module, FeaturePyramid)
    return Bridge(Finest(made.module), made.out.levels[0], f"finest level of a {made.says}")


def one_level(form: Form) -> Bridge:
    """grid -> pyramid of one level."""
    return Bridge(OneLevel(), pyramid((form,)), "pyramid of one level")


def pyramid_to_vector(form: Form) -> Bridge:
    """pyramid -> vector: the mean of every map of the last level."""
    last = average(form.levels[-1])
    return Bridge(nn.Sequential(Coarsest(), last.module), last.out, last.says)


def pyramid_flattened(form: Form) -> Bridge:
    """pyramid -> vector for a neck, which wants every place of the last level."""
    last = flatten(form.levels[-1])
    return Bridge(nn.Sequential(Coarsest(), last.module), last.out, last.says)


IN: dict[tuple[str, str], Callable[[Form], Bridge]] = {
    ("grid", "vector"): flatten,
}
"""From what the data is to what a family takes."""

OUT: dict[tuple[str, str], Callable[[Form], Bridge]] = {
    ("grid", "vector"): average,
    ("pyramid", "vector"): pyramid_to_vector,
    ("pyramid", "grid"): finest,
    ("pyramid", "pyramid"): feature_pyramid,
    ("grid", "pyramid"): one_level,
}
"""From what a trunk gives to what a task wants."""

NECK: dict[str, Callable[[Form], Bridge]] = {"vector": same, "grid": flatten, "pyramid": pyramid_flattened}
"""From what a trunk gives to the fully connected layers of its neck."""
