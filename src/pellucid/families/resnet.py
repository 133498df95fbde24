"""ResNet: layers that learn what to add to their input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from annotated_types import Ge, Lt

from pellucid.errors import Place, RecipeError
from pellucid.families.convolutional import Convolutional, Stem, small, staged
from pellucid.forms import Form, grid

if TYPE_CHECKING:
    from torch import nn

    from pellucid.nn.trunk import Trunk

BLOCKS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}
"""In each of the four stages, by depth: table 1."""
BOTTLENECK = 4
"""How many times wider the last convolution of a bottleneck is; depths of 50 and more are made of those."""


class ResNet(Convolutional):
    """Convolutions with shortcuts around them (He et al. 2015, arXiv:1512.03385).

    A bottleneck halves the maps in its 3 x 3 convolution, as torchvision's does (Goyal et al. 2017, arXiv:1706.02677).
    """

    kind: Literal["resnet"] = "resnet"

    depth: Literal[18, 34, 50, 101, 152] = 18
    """Weight layers, with the first convolution and the head."""
    width: Annotated[int, Ge(1)] = 64
    """Maps after the stem; every later stage has twice as many, and bottlenecks put out 4 times that."""
    stem: Stem = "auto"
    """Full: 7 x 7 of stride 2 and pooling; small: 3 x 3 of stride 1 (section 4.2); auto: small under 64 px."""
    skips: bool = True
    """Whether blocks have their shortcuts; without them this is the plain network of the paper."""
    zero_start: bool = False
    """Whether every block begins as its shortcut alone: the last scale in it starts at 0 (arXiv:1706.02677)."""
    dropout: Annotated[float, Ge(0), Lt(1)] = 0.0
    """Share of the last maps set to 0 in each training step."""

    def build(self, form: Form) -> Trunk:
        """x_BCHW -> the maps at the end of each of the four stages, finest first.

        Raises: RecipeError where a zero start was asked for and there is no scale or no shortcut.
        """
        from pellucid.nn.map_dropout import MapDropout

        if self.zero_start and (self.norm == "none" or not self.skips):
            missing = "norm, whose scale could start" if self.norm == "none" else "shortcut around what would start"
            hint = "use model.norm: batch" if self.norm == "none" else "use model.skips: true"
            raise RecipeError("RECIPE-VALUE", f"no {missing} at 0", place=Place(path="model.zero_start"), hint=hint)
        halvings = (0 if small(self.stem, form) else 2, 1, 1, 1)
        stages: list[list[nn.Module]] = []
        levels: list[Form] = []
        width, extent = self.width, form.extent
        for position, count in enumerate(BLOCKS[self.depth]):
            inner = self.width * 2**position
            outer = inner * BOTTLENECK if self.depth >= 50 else inner
            first = self._block(width, inner, outer, stride=2 if position else 1)
            stages.append([first, *(self._block(outer, inner, outer) for _ in range(count - 1))])
            height, breadth = extent = tuple(-(-side // 2 ** halvings[position]) for side in extent)
            levels.append(grid(outer, height, breadth))
            width = outer
        stages[0].insert(0, self._stem(form))
        if self.dropout:
            stages[-1].append(MapDropout(self.dropout))
        return staged(stages, levels)

    def _stem(self, form: Form) -> nn.Module:
        from torch import nn

        if small(self.stem, form):
            return self.conv(form.width, self.width)
        return self.conv(form.width, self.width, 7, stride=2, pool=nn.MaxPool2d(3, 2, 1))

    def _block(self, width: int, inner: int, outer: int, stride: int = 1) -> nn.Module:
        """Basic block of two convolutions, or bottleneck of three where it is wider outside than inside."""
        from torch import nn

        from pellucid.nn.blocks import Residual

        if outer == inner:
            before, last = [self.conv(width, inner, stride=stride)], self.conv(inner, outer, active=not self.skips)
        else:
            before = [self.conv(width, inner, 1), self.conv(inner, inner, stride=stride)]
            last = self.conv(inner, outer, 1, active=not self.skips)
        if self.zero_start and isinstance(last.norm, (nn.BatchNorm2d, nn.GroupNorm)):
            nn.init.zeros_(last.norm.weight)
        if not self.skips:
            return nn.Sequential(*before, last)
        same = stride == 1 and width == outer
        skip = None if same else self.conv(width, outer, 1, stride=stride, active=False)
        return Residual([*before, last], skip=skip, activation=self.activation.build())
