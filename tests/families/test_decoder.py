"""The decoder: from a vector to maps of any size."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from pellucid.errors import RecipeError
from pellucid.families.decoder import Decoder
from pellucid.forms import grid, vector
from pellucid.nn.trunk import Trunk

torch.set_num_threads(1)


def trunk(features: int = 5, **fields: Any) -> Trunk:
    return Decoder.model_validate(fields).build(vector(features))


@pytest.mark.parametrize("extent", [(8, 8), (9, 13), (28, 31)])
@pytest.mark.parametrize("up", ["transposed", "bilinear"])
def test_it_gives_maps_of_the_extent_that_is_asked(extent: tuple[int, int], up: str):
    made = trunk(extent=extent, width=3, up=up)
    assert made.out == grid(3, *extent)
    assert made(torch.randn(2, 5)).shape == (2, 3, *extent)


def test_coarser_maps_are_wider():
    made = trunk(width=4)
    x = made.blocks[1](made.blocks[0](torch.randn(2, 5)))
    shapes = [x.shape[1:], *((x := block(x)).shape[1:] for block in made.blocks[2:])]
    assert shapes == [(32, 4, 4), (16, 8, 8), (8, 16, 16), (4, 32, 32)]


def test_a_vector_is_painted():
    """Two points of the plane as two pictures: the smallest thing a decoder must learn."""
    torch.manual_seed(0)
    made = nn.Sequential(trunk(2, extent=(8, 8), width=4, depth=2), nn.Conv2d(4, 1, 1))
    x_BD, y_BCHW = torch.eye(2), (torch.rand(2, 1, 8, 8) > 0.5).float()
    optimizer = torch.optim.Adam(made.parameters(), 0.03)
    for _ in range(80):
        loss = nn.functional.mse_loss(made(x_BD), y_BCHW)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.01


@pytest.mark.parametrize(("extent", "hint"), [((6, 30), "model.depth: 2 at most"), ((1, 30), "use model: mlp")])
def test_a_depth_that_does_not_fit_is_refused_with_the_one_that_does(extent: tuple[int, int], hint: str):
    with pytest.raises(RecipeError) as fault:
        trunk(extent=extent)
    assert fault.value.code == "RECIPE-FORM" and fault.value.place.path == "model.depth"
    assert fault.value.hint == hint
