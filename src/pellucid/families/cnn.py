"""A convolutional network in the manner of LeNet: blocks of convolution and pooling, then fully connected layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from annotated_types import Ge

from pellucid.errors import Place, RecipeError
from pellucid.families.convolutional import Convolutional, staged
from pellucid.forms import Form, grid

if TYPE_CHECKING:
    from torch import nn

    from pellucid.nn.trunk import Trunk


class CNN(Convolutional):
    """Convolutions that see more and more of the image (LeCun et al. 1998, "Gradient-based learning")."""

    kind: Literal["cnn"] = "cnn"

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

    def build(self, form: Form) -> Trunk:
        """x_BCHW -> the maps at the end of every block, finest first."""
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
        stages: list[list[nn.Module]] = []
        levels: list[Form] = []
        width = form.width
        for wider in self.channels:
            stages.append(self.stage(width, wider, self.convolutions, self.kernel, pool=self._pool()))
            height, breadth = height // 2, breadth // 2
            levels.append(grid(wider, height, breadth))
            width = wider
        return staged(stages, levels)

    def neck(self) -> tuple[int, ...]:
        """Widths of the fully connected layers."""
        return self.hidden

    def _pool(self) -> nn.Module:
        from torch import nn

        return nn.MaxPool2d(2) if self.pool == "max" else nn.AvgPool2d(2)
