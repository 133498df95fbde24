"""The decoder: from a vector to maps of the size of an image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from annotated_types import Ge

from pellucid.errors import Place, RecipeError
from pellucid.families.convolutional import Convolutional
from pellucid.forms import Form, grid

if TYPE_CHECKING:
    from torch import nn

    from pellucid.nn.trunk import Trunk

Side = Annotated[int, Ge(1)]


class Decoder(Convolutional):
    """A dense layer to a small grid, then convolutions that double it (Radford et al. 2015, arXiv:1511.06434)."""

    kind: Literal["decoder"] = "decoder"
    accepts: ClassVar = frozenset({"vector"})
    gives: ClassVar = frozenset({"grid"})

    extent: tuple[Side, Side] = (32, 32)
    """Height and width of the maps it gives."""
    depth: Annotated[int, Ge(1)] = 3
    """How often height and width are doubled."""
    width: Annotated[int, Ge(1)] = 32
    """Channels of the maps it gives; each coarser level has twice as many."""
    up: Literal["transposed", "bilinear"] = "transposed"
    """How maps grow: by a learnt 2x2 patch for every place, or by interpolation."""

    def build(self, form: Form) -> Trunk:
        """x_BD -> x_BCHW with C = `width`.

        Raises: RecipeError where `extent` cannot be halved `depth` times.
        """
        from torch import nn

        from pellucid.nn.trunk import Trunk
        from pellucid.nn.upsample import Rise, Up

        height, breadth = self.extent
        most = min(self.extent).bit_length() - 1
        if most < self.depth:
            message = f"maps that double {self.depth} times cannot end at {height}x{breadth}"
            hint = f"model.depth: {most} at most" if most else "use model: mlp"
            raise RecipeError("RECIPE-FORM", message, place=Place(path="model.depth"), hint=hint)
        width = self.width * 2**self.depth
        start = (width, height >> self.depth, breadth >> self.depth)
        blocks: list[nn.Module] = [self.dense(form.width, start[0] * start[1] * start[2]), nn.Unflatten(1, start)]
        for finer in range(self.depth - 1, -1, -1):
            narrower = self.width * 2**finer
            extent = (height >> finer, breadth >> finer)
            blocks.append(Rise(Up(width, narrower, self.up), self.conv(narrower, narrower), extent))
            width = narrower
        return Trunk(blocks, grid(width, height, breadth))
