"""LeNet-5: its maps, its parameters, and the images it takes."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from pellucid.data.signature import Signature, Target
from pellucid.errors import RecipeError
from pellucid.families.lenet import LeNet
from pellucid.forms import grid
from pellucid.network.assemble import assemble
from pellucid.tasks.classification import Classification

torch.set_num_threads(1)
DIGITS = Signature("images", "memory", 10, "", Target("classes", ("digit",), tuple("0123456789")))


@pytest.mark.parametrize("side", [28, 32])
def test_parameters_by_hand(side: int):
    # MNIST is 28 px; LeCun put it into frames of 32, which padding the first convolution comes to.
    made = assemble(grid(1, side, side), (), signature=DIGITS, family=LeNet(), task=Classification(), seed=0)
    maps, units = (6 * (25 + 1), 16 * (6 * 25 + 1)), (120 * (16 * 25 + 1), 84 * (120 + 1), 10 * (84 + 1))
    assert sum(one.numel() for one in made.parameters()) == sum(maps) + sum(units) == 61_706
    assert sum(isinstance(layer, nn.Tanh) for layer in made.modules()) == 4


@pytest.mark.parametrize(
    ("extent", "stem", "levels"),
    [
        ((32, 32), "auto", [(14, 14), (5, 5)]),
        ((28, 28), "auto", [(14, 14), (5, 5)]),
        ((28, 28), "full", [(12, 12), (4, 4)]),
        ((32, 40), "small", [(16, 20), (6, 8)]),
        ((8, 8), "auto", [(4, 4), (2, 2)]),
        ((8, 9), "full", [(2, 2), (1, 1)]),
        ((4, 30), "auto", [(2, 15), (1, 7)]),
    ],
)
def test_maps_after_each_pooling(extent: tuple[int, int], stem: str, levels: list[tuple[int, int]]):
    trunk = LeNet.model_validate({"stem": stem}).build(grid(3, *extent))
    assert [level.extent for level in trunk.out.levels] == levels
    given = trunk(torch.randn(2, 3, *extent))
    assert [tuple(level.shape) for level in given] == [(2, 6, *levels[0]), (2, 16, *levels[1])]


@pytest.mark.parametrize(
    ("side", "stem", "place", "hint"),
    [
        (3, "auto", "model.kind", "use model: mlp"),
        (3, "full", "model.stem", "use model: mlp"),
        (7, "full", "model.stem", "use model.stem: small"),
    ],
)
def test_images_that_are_too_small_are_refused_with_what_fits(side: int, stem: str, place: str, hint: str):
    with pytest.raises(RecipeError, match="too small") as fault:
        LeNet.model_validate({"stem": stem}).build(grid(1, side, side))
    assert (fault.value.code, fault.value.place.path, fault.value.hint) == ("RECIPE-FORM", place, hint)


def test_width_scales_both_convolutions_and_the_neck_can_go():
    family = LeNet(width=12, hidden=())
    assert [level.width for level in family.build(grid(1, 28, 28)).out.levels] == [12, 32]
    assert family.neck() == () and LeNet().neck() == (120, 84)


@pytest.mark.parametrize(("pool", "layer"), [("average", nn.AvgPool2d), ("max", nn.MaxPool2d)])
def test_both_ways_of_pooling(pool: str, layer: type[nn.Module]):
    trunk = LeNet.model_validate({"pool": pool}).build(grid(1, 28, 28))
    assert sum(isinstance(one, layer) for one in trunk.modules()) == 2
