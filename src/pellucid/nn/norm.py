"""Normalisation layers by name; torch is imported only when one is built, so that Parts can name the choice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pellucid.errors import RecipeError
from pellucid.forms import Form

if TYPE_CHECKING:
    from torch import nn

NormKind = Literal["none", "batch", "layer", "group"]
"""batch: Ioffe and Szegedy 2015, arXiv:1502.03167; layer: Ba et al. 2016, arXiv:1607.06450; group: Wu and He 2018."""

MOST_GROUPS = 32
"""The paper's default (Wu and He 2018, arXiv:1803.08494, section 3.1)."""
FEWEST_MEMBERS = 8
"""Channels of a group at least: a group of one number is always 0, one of two is always -1 and 1."""


def norm(kind: NormKind, form: Form) -> nn.Module:
    """The layer that normalises signals of `form`, with learnt scale and offset; the identity for `none`.

    Raises: RecipeError where the kind does not go with the Form.
    """
    from torch import nn

    if kind == "none":
        return nn.Identity()
    if form.kind == "grid":
        if kind == "batch":
            return nn.BatchNorm2d(form.width)
        # Layer normalisation of a grid is over channels and places together, which is one group.
        return nn.GroupNorm(1 if kind == "layer" else groups(form.width), form.width)
    if kind == "layer" and form.kind in ("vector", "sequence", "nodes"):
        return nn.LayerNorm(form.width)
    if form.kind in ("vector", "nodes"):
        return nn.BatchNorm1d(form.width) if kind == "batch" else nn.GroupNorm(groups(form.width), form.width)
    fits = "layer or none" if form.kind == "sequence" else "none"
    raise RecipeError("RECIPE-NORM", f"norm '{kind}' does not go with a {form.kind}", hint=f"choose {fits}")


def groups(width: int) -> int:
    """The most groups, up to 32, of equal size and of at least 8 channels each; 1 for fewer than 16 channels."""
    fitting = (count for count in range(MOST_GROUPS, 1, -1) if width % count == 0 and width // count >= FEWEST_MEMBERS)
    return next(fitting, 1)
