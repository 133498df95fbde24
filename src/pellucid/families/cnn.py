"""A convolutional network in the manner of LeNet: blocks of convolution and pooling, then fully connected layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from annotated_types import Ge, Lt

from pellucid.errors import Place, RecipeError
from pellucid.families.family import Family
from pellucid.families.mlp import fitting
from pellucid.forms import Form, grid, pyramid, vector
from pellucid.nn.activation_parts import Activation, ReLU
from pellucid.nn.init_parts import Initializer
from pellucid.nn.norm import NormKind, norm

if TYPE_CHECKING:
    from torch import nn

    from pellucid.nn.trunk import Trunk


class CNN(Family):
    """Convolutions that see more and more of the image (LeCun et al. 1998, "Gradient-based learning")."""

    kind: Literal["cnn"] = "cnn"
    accepts: ClassVar = frozenset({"grid"})

    channels: tuple[Annotated[int, Ge(1)], ...] = (32, 64)
    """Feature maps of each block; every block ends by halving height and width."""
    convolutions: Annotated[int, Ge(1)] = 1
    """Convolutions in each block."""
    kernel: Annotated[int, Ge(1)] = 3
    """Height and width of a filter; odd, so that the maps keep their size."""
    pool: Literal["max", "average"] = "max"
    """How a block halves its maps."""
    hidden: tuple[Annotated[int, Ge(1)], ...] = (128,)
    """Fully connected layers over the flattened maps; none: the mean of each map goes to the head."""
    activation: Activation = ReLU()
    """The function each unit applies to its weighted sum."""
    norm: NormKind = "batch"
    """Normalisation between convolution and activation."""
    dropout: Annotated[float, Ge(0), Lt(1)] = 0.0
    """Share of the fully connected units set to 0 in each training step."""
    init: Initializer | None = None
    """Initial weights; none given: He for rectifiers, Xavier for the others."""

    def build(self, form: Form) -> Trunk:
        """x_BCHW -> the maps at the end of every block, finest first."""
        from pellucid.nn.trunk import Trunk

        if self.kernel % 2 == 0:
            raise RecipeError("RECIPE-VALUE", "a filter has an odd height and width", place=Place(path="model.kernel"))
        height, breadth = form.extent
        most = min(height, breadth).bit_length() - 1
        if most < len(self.channels):
            fewer = f"at most {most} blocks: model.channels: {list(self.channels[:most])}"
            raise RecipeError(
                "RECIPE-FORM",
                f"{len(self.channels)} blocks halve an image {len(self.channels)} times, and {form} is too small",
                place=Place(path="model.channels"),
                hint=fewer if most else "use model: mlp",
            )
        blocks: list[nn.Module] = []
        levels: list[Form] = []
        taps: list[int] = []
        width = form.width
        for wider in self.channels:
            for position in range(self.convolutions):
                last = position == self.convolutions - 1
                blocks.append(self._block(width, wider, (height, breadth), pooled=last))
                width = wider
            height, breadth = height // 2, breadth // 2
            levels.append(grid(wider, height, breadth))
            taps.append(len(blocks) - 1)
        return Trunk(blocks, pyramid(tuple(levels)), tuple(taps))

    def _block(self, width: int, wider: int, extent: tuple[int, int], *, pooled: bool) -> nn.Module:
        from torch import nn

        from pellucid.nn.blocks import ConvBlock

        pool = (nn.MaxPool2d(2) if self.pool == "max" else nn.AvgPool2d(2)) if pooled else None
        return ConvBlock(
            nn.Conv2d(width, wider, self.kernel, padding=self.kernel // 2, bias=self.norm == "none"),
            norm=norm(self.norm, grid(wider, *extent)) if self.norm != "none" else None,
            activation=self.activation.build(),
            pool=pool,
        )

    def neck(self) -> tuple[int, ...]:
        """Widths of the fully connected layers."""
        return self.hidden

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
