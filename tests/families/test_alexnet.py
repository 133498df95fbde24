"""AlexNet: its maps at the published size, the small stem, and what is refused."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from pellucid.errors import RecipeError
from pellucid.families.alexnet import AlexNet
from pellucid.forms import grid

torch.set_num_threads(1)


def test_maps_at_the_published_size():
    trunk = AlexNet().build(grid(3, 224, 224))
    given = trunk(torch.zeros(1, 3, 224, 224))
    expected = [(64, 27, 27), (192, 13, 13), (256, 6, 6)]
    assert [tuple(level.shape[1:]) for level in given] == expected
    assert [(level.width, *level.extent) for level in trunk.out.levels] == expected


@pytest.mark.parametrize(
    ("extent", "levels"),
    [
        ((8, 8), [(3, 3), (1, 1), (1, 1)]),
        ((28, 28), [(13, 13), (6, 6), (2, 2)]),
        ((32, 32), [(15, 15), (7, 7), (3, 3)]),
        ((1, 9), [(1, 9), (1, 9), (1, 9)]),
        ((63, 70), [(31, 34), (15, 16), (7, 7)]),
        ((64, 70), [(7, 7), (3, 3), (1, 1)]),
    ],
)
def test_small_images_get_the_small_stem_and_only_poolings_that_fit(
    extent: tuple[int, int], levels: list[tuple[int, int]]
):
    trunk = AlexNet(width=4).build(grid(2, *extent))
    given = trunk(torch.randn(2, 2, *extent))
    assert [tuple(level.shape[2:]) for level in given] == [level.extent for level in trunk.out.levels] == levels
    assert [level.width for level in trunk.out.levels] == [4, 12, 16]


def test_the_full_stem_needs_63_pixels():
    with pytest.raises(RecipeError, match="63 px at least") as fault:
        AlexNet(stem="full").build(grid(3, 62, 200))
    assert (fault.value.code, fault.value.place.path) == ("RECIPE-FORM", "model.stem")
    assert fault.value.hint == "use model.stem: small"
    assert AlexNet(stem="full", width=2).build(grid(3, 63, 200)).out.levels[-1].extent == (1, 5)


def test_the_neck_is_as_published():
    family = AlexNet()
    assert family.neck() == (4096, 4096) and family.dropout == 0.5
    assert [type(layer) for layer in family.conv(1, 2).children()] == [nn.Conv2d, nn.ReLU]
