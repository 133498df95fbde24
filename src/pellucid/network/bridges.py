"""Bridges: how a Signal of one Form becomes one of another. One table, keyed by (from, to)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import nn

from pellucid.forms import Form, vector


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


def same(form: Form) -> Bridge:
    """No change."""
    return Bridge(nn.Identity(), form, "as it is")


def flatten(form: Form) -> Bridge:
    """grid -> vector: every place of every map is an input."""
    return Bridge(nn.Flatten(), vector(form.size), f"{form} flattened")


def average(form: Form) -> Bridge:
    """grid -> vector: the mean of every map."""
    return Bridge(Average(), vector(form.width), f"mean of each map of {form}")


def coarsest(form: Form) -> Bridge:
    """pyramid -> grid: the last level."""
    return Bridge(Coarsest(), form.levels[-1], "coarsest level")


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
    ("pyramid", "grid"): coarsest,
}
"""From what a trunk gives to what a task wants."""

NECK: dict[str, Callable[[Form], Bridge]] = {"vector": same, "grid": flatten, "pyramid": pyramid_flattened}
"""From what a trunk gives to the fully connected layers of its neck."""
