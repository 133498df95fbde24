"""The U-Net: its size, its parameters, odd images, and images too small for it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from pellucid.errors import RecipeError
from pellucid.families.unet import UNet
from pellucid.forms import grid
from pellucid.nn.map_dropout import MapDropout
from pellucid.nn.trunk import Trunk

torch.set_num_threads(1)


def trunk(*extent: int, channels: int = 1, **fields: Any) -> Trunk:
    return UNet.model_validate(fields).build(grid(channels, *extent))


def parameters(made: Trunk) -> int:
    return sum(one.numel() for one in made.parameters())


def test_it_has_the_known_parameters():
    """With a 1 x 1 convolution to one class: of github.com/milesial/Pytorch-UNet without interpolation."""
    assert parameters(trunk(64, 64, channels=3)) + 64 + 1 == 31_037_633
    assert parameters(trunk(64, 64, norm="none")) + 64 + 1 == 31_030_593


@pytest.mark.parametrize("extent", [(16, 16), (17, 23), (31, 40)])
@pytest.mark.parametrize("up", ["transposed", "bilinear"])
def test_every_pixel_has_its_maps(extent: tuple[int, int], up: str):
    made = trunk(*extent, width=3, up=up)
    assert made.out == grid(3, *extent)
    assert made.eval()(torch.randn(2, 1, *extent)).shape == (2, 3, *extent)


def test_a_pixel_sees_itself_through_the_skip_and_the_whole_through_the_bottom():
    made, x_BCHW = trunk(32, 32, width=4, norm="none", activation="elu"), torch.randn(1, 1, 32, 32, requires_grad=True)
    made(x_BCHW)[0, :, 3, 3].sum().backward()
    assert x_BCHW.grad is not None
    seen = x_BCHW.grad[0, 0].abs() > 0
    assert seen[3, 3] and seen[28, 28]


@pytest.mark.parametrize(("side", "hint"), [(15, "model.depth: 3 at most"), (1, "use model: mlp")])
def test_images_that_are_too_small_are_refused_with_the_depth_that_fits(side: int, hint: str):
    with pytest.raises(RecipeError) as fault:
        trunk(40, side)
    assert fault.value.code == "RECIPE-FORM" and fault.value.place.path == "model.depth"
    assert fault.value.hint == hint


def test_fields_act():
    made = trunk(8, 8, width=2, depth=2, norm="none", dropout=0.5, activation="elu")
    assert sum(isinstance(layer, MapDropout) for layer in made.modules()) == 1
    assert sum(isinstance(layer, nn.ELU) for layer in made.modules()) == 10
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in made.modules())
