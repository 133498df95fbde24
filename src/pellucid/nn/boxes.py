"""The head that finds boxes: at every place of a pyramid, the box that is there and how likely each class is."""

from __future__ import annotations

import torch
from torch import nn

from pellucid.forms import Form
from pellucid.nn.norm import norm

FINEST = 4
"""Pixels between places at least: finer levels are left out where there are coarser ones."""
DEPTH = 2
"""Convolutions before the outputs; the paper has four, for images of a thousand pixels."""
FARTHEST = 8.0
"""Logarithm of the distance, in strides, at which boxes end: about 3,000 strides."""


class BoxHead(nn.Module):
    """One box and one logit a class at every place of every level, by the same layers (Tian et al. 2019, FCOS).

    arXiv:1904.01355. `exp` of the outputs are the distances from the place to the four sides, in strides of the level.
    """

    def __init__(self, form: Form, *, image: tuple[int, int], classes: int) -> None:
        super().__init__()
        width, self.levels = form.width, used(form, image)
        layers: list[nn.Module] = []
        for _ in range(DEPTH):
            layers += [nn.Conv2d(width, width, 3, padding=1), norm("group", form.levels[-1]), nn.ReLU()]
        self.tower = nn.Sequential(*layers)
        self.out = nn.Conv2d(width, 4 + classes, 3, padding=1)
        self.place_P3: torch.Tensor
        self.register_buffer("place_P3", places(form.levels[-self.levels :], image), persistent=False)

    def forward(self, levels: tuple[torch.Tensor, ...]) -> torch.Tensor:
        """(x_BCHW, ...), finest first -> x, y, stride, left, top, right, bottom, logits of all places: output_BPK."""
        raw = [self.out(self.tower(level)).flatten(2).transpose(1, 2) for level in levels[-self.levels :]]
        raw_BPK = torch.cat(raw, 1).to(self.place_P3)
        place_BP3 = self.place_P3.expand(len(raw_BPK), -1, -1)
        away_BP4 = raw_BPK[:, :, :4].clamp(max=FARTHEST).exp() * place_BP3[:, :, 2:]
        low_BP2, high_BP2 = place_BP3[:, :, :2] - away_BP4[:, :, :2], place_BP3[:, :, :2] + away_BP4[:, :, 2:]
        return torch.cat([place_BP3, low_BP2, high_BP2, raw_BPK[:, :, 4:]], 2)


def used(form: Form, image: tuple[int, int]) -> int:
    """Levels of a pyramid over images of (height, width) that are used: those of stride 4 and more, at least one."""
    return max(1, sum(stride(level, image) >= FINEST for level in form.levels))


def stride(level: Form, image: tuple[int, int]) -> float:
    """Pixels between neighbouring places of a level: the geometric mean of down and across."""
    return (image[0] / level.extent[0] * image[1] / level.extent[1]) ** 0.5


def places(levels: tuple[Form, ...], image: tuple[int, int]) -> torch.Tensor:
    """place_P3: x and y of every place of every level in pixels, row by row, and the stride of its level."""
    found = []
    for level in levels:
        y, x = ((torch.arange(count) + 0.5) * side / count for side, count in zip(image, level.extent, strict=True))
        y_P, x_P = (axis.flatten() for axis in torch.meshgrid(y, x, indexing="ij"))
        found.append(torch.stack([x_P, y_P, torch.full_like(x_P, stride(level, image))], 1))
    return torch.cat(found)
