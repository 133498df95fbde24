"""AlexNet, the network that won ImageNet in 2012."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from annotated_types import Ge, Lt

from pellucid.errors import Place, RecipeError
from pellucid.families.convolutional import Convolutional, Stem, after, small, staged
from pellucid.forms import Form, grid
from pellucid.nn.norm import NormKind

if TYPE_CHECKING:
    from torch import nn

    from pellucid.nn.trunk import Trunk

LEAST = 63
"""Pixels of a side that the published strides and poolings bring to 1."""


class AlexNet(Convolutional):
    """Five convolutions and overlapping pooling, then 4096 and 4096 units (Krizhevsky et al. 2012, NeurIPS).

    In one column, with the widths of Krizhevsky 2014 (arXiv:1404.5997), as torchvision builds it.
    """

    kind: Literal["alexnet"] = "alexnet"

    width: Annotated[int, Ge(1)] = 64
    """Maps of the first convolution; the others have 3, 6, 4 and 4 times as many."""
    hidden: tuple[Annotated[int, Ge(1)], ...] = (4096, 4096)
    """Fully connected layers over the flattened maps; none: the mean of each map goes to the head."""
    stem: Stem = "auto"
    """The first convolution: full is 11 x 11 of stride 4, small 3 x 3 of stride 1; auto: small under 64 px."""
    norm: NormKind = "none"
    """Normalisation between convolution and activation."""
    dropout: Annotated[float, Ge(0), Lt(1)] = 0.5
    """Share of the fully connected units set to 0 in each training step."""

    def build(self, form: Form) -> Trunk:
        """x_BCHW -> the maps after each of the three poolings, finest first; maps under 3 px are not pooled.

        Raises: RecipeError where the full stem is too coarse.
        """
        unit, fine = self.width, small(self.stem, form)
        if not fine and min(form.extent) < LEAST:
            raise RecipeError(
                "RECIPE-FORM",
                f"the strides of AlexNet need images of {LEAST} px at least, and this data is {form}",
                place=Place(path="model.stem"),
                hint="use model.stem: small",
            )
        kernel, stride, around = (3, 1, 1) if fine else (11, 4, 2)
        extent = after(form.extent, kernel, stride, around)
        pools: list[nn.Module | None] = []
        levels: list[Form] = []
        for wider in (unit, 3 * unit, 4 * unit):
            pool, extent = self._pool(extent)
            pools.append(pool)
            levels.append(grid(wider, *extent))
        stages: list[list[nn.Module]] = [
            [self.conv(form.width, unit, kernel, stride=stride, padding=around, pool=pools[0])],
            [self.conv(unit, 3 * unit, 5, pool=pools[1])],
            [self.conv(3 * unit, 6 * unit), *self.stage(6 * unit, 4 * unit, 2, pool=pools[2])],
        ]
        return staged(stages, levels)

    def neck(self) -> tuple[int, ...]:
        """Widths of the fully connected layers."""
        return self.hidden

    def _pool(self, extent: tuple[int, int]) -> tuple[nn.Module | None, tuple[int, int]]:
        """Overlapping pooling of maps of `extent`, and what it leaves of them; none where they are under 3 px."""
        from torch import nn

        return (nn.MaxPool2d(3, 2), after(extent, 3, 2)) if min(extent) >= 3 else (None, extent)
