"""VGG: its stages at every depth, on small images too, and that it learns."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from pellucid.data.image import Images
from pellucid.families.vgg import VGG
from pellucid.forms import grid
from pellucid.recipe import Recipe
from pellucid.training.run import Writer, events
from pellucid.training.session import prepare

torch.set_num_threads(1)


def trained(model: dict[str, Any], epochs: int) -> float:
    """Accuracy on the training rows, after training on 500 digits of which some are held back."""
    digits = Images(path="digits").read()
    assert digits.code_N is not None
    rows = (digits.pixel_NCHW[:500, 0], digits.code_N[:500].tolist())
    method = {"epochs": epochs, "batch": 32}
    recipe = Recipe.model_validate(
        {"data": {"kind": "images"}, "model": model, "method": method, "precision": "float32", "threads": 1}
    )
    made = prepare(recipe, recipe.data.read_rows(rows))
    list(events(made, Writer(None)))
    train = made.dataset.train
    assert isinstance(train.input, torch.Tensor) and train.target is not None
    with torch.inference_mode():
        output_BC = made.state.network.eval()(train.input)
    return (output_BC.argmax(1) == train.target).float().mean().item()


@pytest.mark.parametrize("depth", [11, 13, 16, 19])
def test_depth_counts_convolutions_neck_and_head(depth: int):
    family = VGG.model_validate({"depth": depth, "width": 2})
    convs = [one for one in family.build(grid(3, 32, 32)).modules() if isinstance(one, nn.Conv2d)]
    assert len(convs) + len(family.neck()) + 1 == depth
    assert {conv.kernel_size for conv in convs} == {(3, 3)} and family.dropout == 0.5


@pytest.mark.parametrize(
    ("extent", "stem", "sides"),
    [
        ((64, 64), "auto", [32, 16, 8, 4, 2]),
        ((32, 32), "auto", [16, 8, 4, 2, 1]),
        ((32, 32), "small", [32, 16, 8, 4, 2]),
        ((28, 28), "auto", [14, 7, 3, 1, 1]),
        ((8, 8), "auto", [8, 4, 2, 1, 1]),
        ((8, 8), "full", [4, 2, 1, 1, 1]),
        ((1, 1), "auto", [1, 1, 1, 1, 1]),
    ],
)
def test_maps_of_one_pixel_are_not_halved(extent: tuple[int, int], stem: str, sides: list[int]):
    trunk = VGG.model_validate({"depth": 11, "width": 4, "stem": stem}).build(grid(1, *extent))
    assert [level.extent for level in trunk.out.levels] == [(side, side) for side in sides]
    given = trunk(torch.randn(2, 1, *extent))
    widths = (4, 8, 16, 32, 32)
    assert [tuple(one.shape[1:]) for one in given] == [(wide, s, s) for wide, s in zip(widths, sides, strict=True)]


def test_images_that_are_not_square_are_halved_until_the_shorter_side_is_one():
    trunk = VGG(depth=11, width=2).build(grid(1, 20, 50))
    assert [level.extent for level in trunk.out.levels] == [(10, 25), (5, 12), (2, 6), (1, 3), (1, 3)]


def test_it_learns_small_digits():
    assert trained({"kind": "vgg", "depth": 11, "width": 16, "norm": "batch", "hidden": [64]}, epochs=5) > 0.9
