"""Bridges: how a Signal of one Form becomes one of another. One table, keyed by (from, to)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import nn

from pellucid.forms import Form, Paired, Steps, grid, pyramid, sequence, vector
from pellucid.network.pooling import POOLS, Mean


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


class Flat(nn.Module):
    """Every number of a sequence that has always the same length."""

    def forward(self, steps: Steps) -> torch.Tensor:
        """Steps(x_BTD, mask_BT) -> x_B(TD)."""
        return steps.x_BTD.flatten(1)


class Picture(nn.Module):
    """A sequence as a grid of one map, features from top to bottom, positions from left to right."""

    def __init__(self, length: int) -> None:
        super().__init__()
        self.length = length

    def forward(self, steps: Steps) -> torch.Tensor:
        """Steps(x_BTD, mask_BT) -> x_B1DT, 0 where there is no position."""
        x_BTD = steps.x_BTD * steps.mask_BT.unsqueeze(2)
        x_BTD = nn.functional.pad(x_BTD, (0, 0, 0, self.length - x_BTD.shape[1]))
        return x_BTD.transpose(1, 2).unsqueeze(1)


class Columns(nn.Module):
    """Each column of a table as a vector: number * weight + bias (Gorishniy et al. 2021, arXiv:2106.11959)."""

    def __init__(self, columns: int, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(columns, width).uniform_(-(width**-0.5), width**-0.5))
        self.bias = nn.Parameter(torch.empty(columns, width).uniform_(-(width**-0.5), width**-0.5))

    def forward(self, x_BD: torch.Tensor) -> Steps:
        """x_BD -> Steps(x_BTW, mask_BT) with T = D columns."""
        return _whole(x_BD.unsqueeze(2) * self.weight + self.bias)


class Patches(nn.Module):
    """Square patches of an image as a sequence, row by row (Dosovitskiy et al. 2020, arXiv:2010.11929)."""

    def __init__(self, channels: int, side: int, width: int) -> None:
        super().__init__()
        self.project = nn.Conv2d(channels, width, side, side)

    def forward(self, x_BCHW: torch.Tensor) -> Steps:
        """x_BCHW -> Steps(x_BTW, mask_BT) with one position for each patch; what no patch covers is left out."""
        return _whole(self.project(x_BCHW).flatten(2).transpose(1, 2))


class Joined(nn.Module):
    """A pair of sequences as one, the second behind the first."""

    def forward(self, pair: Paired) -> Steps:
        """Paired(Steps, Steps) -> Steps; the narrower of the two is filled up with 0."""
        source, context = pair
        assert isinstance(source, Steps) and isinstance(context, Steps)
        width = max(source.x_BTD.shape[2], context.x_BTD.shape[2])
        both = [nn.functional.pad(part.x_BTD, (0, width - part.x_BTD.shape[2])) for part in (source, context)]
        return Steps(torch.cat(both, 1), torch.cat([source.mask_BT, context.mask_BT], 1))


class Tail(nn.Module):
    """What a trunk gives for the last positions."""

    def __init__(self, length: int) -> None:
        super().__init__()
        self.length = length

    def forward(self, steps: Steps) -> torch.Tensor:
        """Steps(x_BTD, mask_BT) -> x_BUD."""
        return steps.x_BTD[:, -self.length :]


class Positions(nn.Module):
    """The numbers of a sequence, without saying which positions there are."""

    def forward(self, steps: Steps) -> torch.Tensor:
        """Steps(x_BTD, mask_BT) -> x_BTD."""
        return steps.x_BTD


class Unrolled(nn.Module):
    """A vector as a sequence: a linear map for each position."""

    def __init__(self, width: int, length: int) -> None:
        super().__init__()
        self.length = length
        self.linear = nn.Linear(width, width * length)

    def forward(self, x_BD: torch.Tensor) -> torch.Tensor:
        """x_BD -> x_BTD."""
        return self.linear(x_BD).unflatten(1, (self.length, -1))


def _whole(x_BTD: torch.Tensor) -> Steps:
    """A sequence of which nothing is padded."""
    return Steps(x_BTD, x_BTD.new_ones(x_BTD.shape[:2], dtype=torch.bool))


PATCHES = 14
"""Patches along the longer side of an image at most, as in the paper's smallest grid."""
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


def columns(form: Form, width: int) -> Bridge:
    """vector -> sequence: every column is a position."""
    out = sequence(width, form.width, even=True)
    return Bridge(Columns(form.width, width), out, f"{form.width} columns as positions")


def patches(form: Form, width: int) -> Bridge:
    """grid -> sequence: every patch is a position."""
    side = -(-max(form.extent) // PATCHES)
    count = (form.extent[0] // side) * (form.extent[1] // side)
    out = sequence(width, count, even=True)
    return Bridge(Patches(form.width, side, width), out, f"patches of {side}x{side} as positions")


def bag(form: Form, width: int) -> Bridge:
    """sequence -> vector: all numbers where the length is fixed, else the mean over the positions."""
    if form.even:
        return Bridge(Flat(), vector(form.size), f"{form} flattened")
    return Bridge(Mean(), vector(form.width), "mean over the positions")


def picture(form: Form, width: int) -> Bridge:
    """sequence -> grid of one map."""
    return Bridge(Picture(form.extent[0]), grid(1, form.width, form.extent[0]), "features by positions as a picture")


def joined(form: Form) -> Bridge:
    """A pair of sequences -> one sequence."""
    assert form.context is not None
    length = form.extent[0] + form.context.extent[0]
    out = sequence(max(form.width, form.context.width), length, even=form.even and form.context.even)
    return Bridge(Joined(), out, "both sequences, one behind the other")


def tail(form: Form, length: int) -> Bridge:
    """sequence -> its last positions."""
    return Bridge(Tail(length), sequence(form.width, length), f"the last {length} positions")


def positions(form: Form) -> Bridge:
    """sequence -> x_BTD, for a head that sees each position alone."""
    return Bridge(Positions(), form, "as it is")


def alone(form: Form) -> Bridge:
    """sequence -> its positions, which a trunk of vectors takes one by one."""
    return Bridge(Positions(), vector(form.width), "each position by itself")


def unrolled(form: Form, length: int) -> Bridge:
    """vector -> sequence."""
    return Bridge(Unrolled(form.width, length), sequence(form.width, length), f"a linear map for each of {length}")


def pooled(form: Form, how: str) -> Bridge:
    """sequence -> vector, one of `pooling.POOLS`."""
    make, says = POOLS[how]
    return Bridge(make(form.width), vector(form.width), says)


IN: dict[tuple[str, str], Callable[[Form, int], Bridge]] = {
    ("grid", "vector"): lambda form, width: flatten(form),
    ("vector", "sequence"): columns,
    ("grid", "sequence"): patches,
    ("sequence", "vector"): bag,
    ("sequence", "grid"): picture,
}
"""From what the data is to what a family takes; the number is the width the family would have."""

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
