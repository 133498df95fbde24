"""Inception: filters of several sizes side by side, their maps joined."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Annotated, Literal

from annotated_types import Ge, Lt

from pellucid.errors import Place, RecipeError
from pellucid.families.convolutional import SMALL, Convolutional, Stem, after, small
from pellucid.families.inception_plans import LEAST, SIDES, STEMS, V3, WEIGHT, Block, Branch, Conv, Pool, Version, v1
from pellucid.forms import Form, grid, pyramid

if TYPE_CHECKING:
    from torch import nn

    from pellucid.nn.trunk import Side, Trunk

EPS = 1e-3
"""Of batch normalisation, in both versions as published."""
SIDE_DROPOUT = 0.7
"""In the auxiliary branches of GoogLeNet: section 5 of its paper."""
AUXILIARY = 17
"""Pixels of the maps that the auxiliary branch of Inception-v3 reads, as published: it pools 5 x 5 places from them."""


class Inception(Convolutional):
    """GoogLeNet (Szegedy et al. 2014, arXiv:1409.4842) and Inception-v3 (2015, arXiv:1512.00567).

    Auxiliary branches with heads of their own help the early layers to learn; at prediction they are left out.
    """

    kind: Literal["inception"] = "inception"

    version: Version = "v1"
    """v1: GoogLeNet, with batch normalisation; v3: deeper, with large filters taken apart into small ones."""
    auxiliary: bool = True
    """Whether there are auxiliary branches; a task that wants no vector goes without."""
    width: Annotated[int, Ge(1)] = 64
    """Maps before the stem's 1 x 1 convolution; every other layer keeps its published ratio to it."""
    stem: Stem = "auto"
    """Full: strides and pooling before the first block; small: neither; auto: small under 64 px (v3: 75 px)."""
    large: Literal[3, 5] = 3
    """Filters of v1's branch for large patterns: 5 x 5 in the paper, 3 x 3 in the weights that are shared."""
    dropout: Annotated[float, Ge(0), Lt(1)] = 0.0
    """Share of the last maps set to 0 in each training step, so that the head sees each without some others."""

    def build(self, form: Form) -> Trunk:
        """x_BCHW -> the maps at the end of the full stem and of each stage, finest first.

        Raises: RecipeError where the image is too small.
        """
        from torch import nn

        from pellucid.nn.map_dropout import MapDropout
        from pellucid.nn.trunk import Trunk

        kind = self._stem(form)
        module, form = self._branch(STEMS[self.version, kind], form)
        stages: list[list[nn.Module]] = [[module]]
        levels = [form]
        sides: list[Side] = []
        for number, stage in enumerate(v1(self.large) if self.version == "v1" else V3):
            stages.append([])
            for position, block in enumerate(stage):
                if number == position == 0 and kind == "small":
                    continue
                module, form = self._block(block, form)
                stages[-1].append(module)
                if self.auxiliary and number == 1 and position in SIDES[self.version]:
                    sides.append(self._side(sum(map(len, stages)) - 1, form))
            levels.append(form)
        if self.dropout:
            stages[-1].append(MapDropout(self.dropout))
        blocks = [block for stage in stages for block in stage]
        first = 1 if kind == "small" else 0  # the first stage then has the size of the stem
        taps = tuple(count - 1 for count in accumulate(map(len, stages)))[first:]
        trunk = Trunk(blocks, pyramid(tuple(levels[first:])), taps, tuple(sides))
        for layer in trunk.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.eps = EPS
        return trunk

    def _stem(self, form: Form) -> Literal["full", "small"]:
        """Which stem. Raises: RecipeError where the image is too small for it."""
        kind = "small" if small(self.stem, form, max(SMALL, LEAST[self.version, "full"])) else "full"
        least = LEAST[self.version, kind]
        if min(form.extent) < least:
            message = f"{self.version} with the {kind} stem needs {least} px, and {form} is too small"
            fits = "model.stem: small" if min(form.extent) >= LEAST[self.version, "small"] else "use model: cnn"
            raise RecipeError("RECIPE-FORM", message, place=Place(path="model.stem"), hint=fits)
        return kind

    def _maps(self, published: int) -> int:
        return max(1, round(published * self.width / 64))

    def _block(self, block: Block, form: Form) -> tuple[nn.Module, Form]:
        """The module and the Form it gives."""
        from pellucid.nn.branches import Branches

        made = [self._branch(branch, form) for branch in block]
        if len(made) == 1:
            return made[0]
        width = sum(out.width for _, out in made)
        return Branches([module for module, _ in made]), grid(width, *made[0][1].extent)

    def _branch(self, branch: Branch, form: Form) -> tuple[nn.Module, Form]:
        """The same of one branch."""
        from torch import nn

        from pellucid.nn.branches import Fork

        layers: list[nn.Module] = []
        width, extent = form.width, form.extent
        for step in branch:
            if isinstance(step, Pool):
                layers.append(self._pool(step))
                if step.stride > 1:
                    up = int(self.version == "v1")  # GoogLeNet rounds the size up
                    extent = after(tuple(side + up for side in extent), step.kernel, step.stride)
            elif isinstance(step, Conv):
                layers.append(self._conv(step, width))
                width = self._maps(step.maps)
                if step.stride > 1 or step.padding is not None:
                    assert isinstance(step.kernel, int)
                    extent = after(extent, step.kernel, step.stride, step.padding or 0)
            else:
                layers.append(Fork([self._conv(tail, width) for tail in step.tails]))
                width = sum(self._maps(tail.maps) for tail in step.tails)
        return layers[0] if len(layers) == 1 else nn.Sequential(*layers), grid(width, *extent)

    def _conv(self, step: Conv, width: int) -> nn.Module:
        padding = 0 if step.stride > 1 and step.padding is None else step.padding
        return self.conv(width, self._maps(step.maps), step.kernel, stride=step.stride, padding=padding)

    def _pool(self, step: Pool) -> nn.Module:
        from torch import nn

        padding = step.kernel // 2 if step.stride == 1 else 0
        if step.kind == "average":
            return nn.AvgPool2d(step.kernel, step.stride, padding)
        return nn.MaxPool2d(step.kernel, step.stride, padding, ceil_mode=self.version == "v1")

    def _side(self, block: int, form: Form) -> Side:
        """The branch of figure 3 of the first paper, or of figure 8 of the second, without its head."""
        from torch import nn

        from pellucid.nn.blocks import Dense
        from pellucid.nn.noise import Dropout
        from pellucid.nn.trunk import Side

        maps = self._maps(128)
        if self.version == "v1":
            wide = self._maps(1024)
            dense = Dense(nn.Linear(16 * maps, wide), activation=self.activation.build(), dropout=Dropout(SIDE_DROPOUT))
            layers = [nn.AdaptiveAvgPool2d(4), self.conv(form.width, maps, 1), nn.Flatten(), dense]
        else:
            wide = self._maps(768)
            pool = nn.AvgPool2d(5, 3) if min(form.extent) >= AUXILIARY else nn.AdaptiveAvgPool2d(5)
            layers = [pool, self.conv(form.width, maps, 1), self.conv(maps, wide, 5, padding=0)]
            layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
        return Side(block, nn.Sequential(*layers), wide, WEIGHT[self.version])
