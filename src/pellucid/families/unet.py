"""The network shaped like a U: down to coarse maps, up again to the size of the image, with skips across."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from annotated_types import Ge, Lt

from pellucid.errors import Place, RecipeError
from pellucid.families.convolutional import Convolutional
from pellucid.forms import Form, grid

if TYPE_CHECKING:
    from torch import nn

    from pellucid.nn.trunk import Trunk


class UNet(Convolutional):
    """A map for every pixel, from coarse to fine with skips (Ronneberger et al. 2015, arXiv:1505.04597)."""

    kind: Literal["unet"] = "unet"
    gives: ClassVar = frozenset({"grid"})

    depth: Annotated[int, Ge(1)] = 4
    """How often height and width are halved."""
    width: Annotated[int, Ge(1)] = 64
    """Channels of the finest level; each coarser one has twice as many."""
    up: Literal["transposed", "bilinear"] = "transposed"
    """How maps grow: by a learnt 2x2 patch for every place, or by interpolation."""
    dropout: Annotated[float, Ge(0), Lt(1)] = 0.0
    """Share of the coarsest maps set to 0 in each training step."""

    def build(self, form: Form) -> Trunk:
        """x_BCHW -> x_BDHW with D = `width`.

        Raises: RecipeError where the image cannot be halved `depth` times.
        """
        from pellucid.nn.map_dropout import MapDropout
        from pellucid.nn.trunk import Trunk
        from pellucid.nn.upsample import U, Up

        most = min(form.extent).bit_length() - 1
        if most < self.depth:
            message = f"{self.depth} levels halve an image {self.depth} times, and {form} is too small"
            hint = f"model.depth: {most} at most" if most else "use model: mlp"
            raise RecipeError("RECIPE-FORM", message, place=Place(path="model.depth"), hint=hint)
        widths = [self.width * 2**level for level in range(self.depth)]
        down = [self._twice(width, wider) for width, wider in zip((form.width, *widths), widths, strict=False)]
        bottom = self._twice(widths[-1], 2 * widths[-1])
        if self.dropout:
            bottom.append(MapDropout(self.dropout))
        ups = [Up(2 * width, width, self.up) for width in widths]
        after = [self._twice(2 * width, width) for width in widths]
        blocks: list[nn.Module] = [U(down, bottom, ups, after)]
        return Trunk(blocks, grid(self.width, *form.extent))

    def _twice(self, width: int, wider: int) -> nn.Sequential:
        """The double convolution of each level."""
        from torch import nn

        return nn.Sequential(self.conv(width, wider), self.conv(wider, wider))
