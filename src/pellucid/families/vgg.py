"""VGG: depth out of nothing but small filters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from annotated_types import Ge, Lt

from pellucid.families.convolutional import Convolutional, Stem, after, small, staged
from pellucid.forms import Form, grid
from pellucid.nn.norm import NormKind

if TYPE_CHECKING:
    from torch import nn

    from pellucid.nn.trunk import Trunk

CONVOLUTIONS = {11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}
"""In each of the five stages, by depth: columns A, B, D and E of table 1."""
TINY = 16
"""Pixels of the shorter side under which the maps of most stages would be a single place."""


class VGG(Convolutional):
    """Stages of 3 x 3 convolutions, each halving the maps (Simonyan and Zisserman 2014, arXiv:1409.1556)."""

    kind: Literal["vgg"] = "vgg"

    depth: Literal[11, 13, 16, 19] = 16
    """Weight layers, with the two fully connected ones and the head."""
    width: Annotated[int, Ge(1)] = 64
    """Maps of the first stage; the others have 2, 4, 8 and 8 times as many."""
    hidden: tuple[Annotated[int, Ge(1)], ...] = (4096, 4096)
    """Fully connected layers over the flattened maps; none: the mean of each map goes to the head."""
    stem: Stem = "auto"
    """The first stage: full halves the maps, small keeps their size; auto: small under 16 px."""
    norm: NormKind = "none"
    """Normalisation between convolution and activation."""
    dropout: Annotated[float, Ge(0), Lt(1)] = 0.5
    """Share of the fully connected units set to 0 in each training step."""

    def build(self, form: Form) -> Trunk:
        """x_BCHW -> the maps at the end of each of the five stages, finest first; maps of 1 px are not halved."""
        from torch import nn

        width, extent = form.width, form.extent
        stages: list[list[nn.Module]] = []
        levels: list[Form] = []
        for position, count in enumerate(CONVOLUTIONS[self.depth]):
            wider = self.width * min(2**position, 8)
            halves = min(extent) > 1 and (position > 0 or not small(self.stem, form, TINY))
            stages.append(self.stage(width, wider, count, pool=nn.MaxPool2d(2) if halves else None))
            extent = after(extent, 2, 2) if halves else extent
            levels.append(grid(wider, *extent))
            width = wider
        return staged(stages, levels)

    def neck(self) -> tuple[int, ...]:
        """Widths of the fully connected layers."""
        return self.hidden
