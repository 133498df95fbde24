"""What every family of convolutions has in common: the fields, and one block of convolution, norm and activation."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from annotated_types import Ge, Lt

from pellucid.families.family import Family
from pellucid.families.mlp import fitting
from pellucid.forms import Form, grid, pyramid, vector
from pellucid.nn.activation_parts import Activation, ReLU
from pellucid.nn.init_parts import Initializer
from pellucid.nn.norm import NormKind, norm

if TYPE_CHECKING:
    from torch import nn

    from pellucid.nn.blocks import ConvBlock
    from pellucid.nn.trunk import Trunk

Stem = Literal["auto", "full", "small"]
"""The first layers: `full` as published for photographs, `small` without their strides, `auto` by the size."""
SMALL = 64
"""Pixels of the shorter side under which the strides of a published stem would lose too much of an image."""


class Convolutional(Family):
    """A family that takes images; concrete ones add their own fields and `build`."""

    accepts: ClassVar = frozenset({"grid"})
    gives: ClassVar = frozenset({"pyramid"})

    activation: Activation = ReLU()
    """The function each unit applies to its weighted sum."""
    norm: NormKind = "batch"
    """Normalisation between convolution and activation."""
    dropout: Annotated[float, Ge(0), Lt(1)] = 0.0
    """Share of the fully connected units set to 0 in each training step."""
    init: Initializer | None = None
    """Initial weights; none given: He for rectifiers, Xavier for the others."""

    def conv(
        self,
        inputs: int,
        outputs: int,
        kernel: int | tuple[int, int] = 3,
        *,
        stride: int = 1,
        padding: int | tuple[int, int] | None = None,
        pool: nn.Module | None = None,
        active: bool = True,
    ) -> ConvBlock:
        """Convolution (without bias where a norm follows), norm, activation, pool; padding keeps the size at stride 1.

        Without `active` there is no activation: the sum of a residual block comes first.
        """
        from torch import nn

        from pellucid.nn.blocks import ConvBlock

        sides = (kernel, kernel) if isinstance(kernel, int) else kernel
        around = (sides[0] // 2, sides[1] // 2) if padding is None else padding
        return ConvBlock(
            nn.Conv2d(inputs, outputs, sides, stride=stride, padding=around, bias=self.norm == "none"),
            norm=norm(self.norm, grid(outputs, 1, 1)) if self.norm != "none" else None,
            activation=self.activation.build() if active else None,
            pool=pool,
        )

    def stage(
        self, inputs: int, outputs: int, count: int, kernel: int = 3, *, pool: nn.Module | None
    ) -> list[nn.Module]:
        """`count` convolutions one after another, the last one with `pool`."""
        before = [self.conv(inputs if first == 0 else outputs, outputs, kernel) for first in range(count - 1)]
        return [*before, self.conv(inputs if count == 1 else outputs, outputs, kernel, pool=pool)]

    def dense(self, width: int, wider: int) -> nn.Module:
        """One fully connected layer of the neck."""
        from torch import nn

        from pellucid.nn.blocks import Dense
        from pellucid.nn.noise import Dropout

        return Dense(
            nn.Linear(width, wider, bias=self.norm == "none"),
            norm=norm(self.norm, vector(wider)) if self.norm != "none" else None,
            activation=self.activation.build(),
            dropout=Dropout(self.dropout) if self.dropout else None,
        )

    def start(self) -> tuple[Initializer, float]:
        """The initialiser and the gain of the activation."""
        return self.init or fitting(self.activation), self.activation.gain


def small(stem: Stem, form: Form, under: int = SMALL) -> bool:
    """Whether images of `form` get the stem for small ones: `auto` decides by their shorter side."""
    return stem == "small" or (stem == "auto" and min(form.extent) < under)


def after(extent: tuple[int, ...], kernel: int, stride: int = 1, padding: int = 0) -> tuple[int, int]:
    """(H, W) of maps after a convolution or pooling of maps of `extent`."""
    height, breadth = ((side + 2 * padding - kernel) // stride + 1 for side in extent)
    return height, breadth


def staged(stages: list[list[nn.Module]], levels: list[Form]) -> Trunk:
    """The trunk whose pyramid has one level at the end of every stage."""
    from pellucid.nn.trunk import Trunk

    ends = tuple(count - 1 for count in accumulate(len(stage) for stage in stages))
    return Trunk([block for stage in stages for block in stage], pyramid(tuple(levels)), ends)
