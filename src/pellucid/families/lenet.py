"""LeNet-5, the first convolutional network that was used on a large scale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from annotated_types import Ge

from pellucid.errors import Place, RecipeError
from pellucid.families.convolutional import Convolutional, Stem, after, small, staged
from pellucid.forms import Form, grid
from pellucid.nn.activation_parts import Activation, Tanh
from pellucid.nn.norm import NormKind

if TYPE_CHECKING:
    from torch import nn

    from pellucid.nn.trunk import Trunk

PUBLISHED = 32
"""Pixels of a side of the images it was published for."""


class LeNet(Convolutional):
    """Two convolutions of 5 x 5, each followed by pooling, then 120 and 84 units (LeCun et al. 1998, Proc. IEEE 86).

    As it is usually built: every map of the second convolution sees every map of the first, and pooling learns nothing.
    """

    kind: Literal["lenet"] = "lenet"

    width: Annotated[int, Ge(1)] = 6
    """Maps of the first convolution; the second has 16 / 6 as many."""
    pool: Literal["max", "average"] = "average"
    """How the maps are halved."""
    hidden: tuple[Annotated[int, Ge(1)], ...] = (120, 84)
    """Fully connected layers over the flattened maps; none: the mean of each map goes to the head."""
    stem: Stem = "auto"
    """The first convolution: full takes 4 px off a side, small keeps the size; auto: small under 32 px."""
    activation: Activation = Tanh()
    """The function each unit applies to its weighted sum."""
    norm: NormKind = "none"
    """Normalisation between convolution and activation."""

    def build(self, form: Form) -> Trunk:
        """x_BCHW -> the maps after each pooling, finest first.

        Raises: RecipeError for images that cannot be halved twice.
        """
        width, extent = form.width, form.extent
        around = 2 if small(self.stem, form, PUBLISHED) else 0
        stages: list[list[nn.Module]] = []
        levels: list[Form] = []
        for wider in (self.width, round(self.width * 16 / 6)):
            extent = after(after(extent, 5, 1, around), 2, 2)
            if min(extent) < 1:
                raise RecipeError(
                    "RECIPE-FORM",
                    f"LeNet halves an image twice, and {form} is too small",
                    place=Place(path="model.stem" if self.stem == "full" else "model.kind"),
                    hint="use model.stem: small" if self.stem == "full" and min(form.extent) >= 4 else "use model: mlp",
                )
            stages.append([self.conv(width, wider, 5, padding=around, pool=self._pool())])
            levels.append(grid(wider, *extent))
            width, around = wider, 2 if min(extent) < 6 else 0
        return staged(stages, levels)

    def neck(self) -> tuple[int, ...]:
        """Widths of the fully connected layers."""
        return self.hidden

    def _pool(self) -> nn.Module:
        from torch import nn

        return nn.MaxPool2d(2) if self.pool == "max" else nn.AvgPool2d(2)
