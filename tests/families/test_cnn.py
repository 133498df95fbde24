"""The convolutional network: its blocks, its pyramid, its neck, and images too small for it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from pellucid.errors import RecipeError
from pellucid.families.cnn import CNN
from pellucid.forms import grid

torch.set_num_threads(1)


@pytest.mark.parametrize("extent", [(4, 4), (8, 8), (9, 5), (28, 28)])
@pytest.mark.parametrize("pool", ["max", "average"])
def test_every_block_halves_the_maps_and_is_a_level_of_the_pyramid(extent: tuple[int, int], pool: str):
    family = CNN.model_validate({"channels": [3, 5], "convolutions": 2, "pool": pool})
    trunk = family.build(grid(2, *extent))
    levels = trunk.eval()(torch.randn(2, 2, *extent))
    assert isinstance(levels, tuple)
    assert [tuple(level.shape[1:]) for level in levels] == [(one.width, *one.extent) for one in trunk.out.levels]
    assert trunk.out.levels[-1] == grid(5, extent[0] // 4, extent[1] // 4)
    assert len([layer for layer in trunk.modules() if isinstance(layer, nn.Conv2d)]) == 4


@pytest.mark.parametrize("kernel", [1, 3, 5])
def test_a_filter_of_any_odd_size_keeps_the_maps(kernel: int):
    assert CNN(channels=(4,), kernel=kernel).build(grid(1, 8, 8)).out.levels[-1] == grid(4, 4, 4)


def test_a_bias_before_a_norm_is_left_out():
    for norm, expected in (("batch", False), ("none", True)):
        family = CNN.model_validate({"norm": norm})
        convolutions = [one for one in family.build(grid(1, 8, 8)).modules() if isinstance(one, nn.Conv2d)]
        dense = [one for one in family.dense(4, 2).modules() if isinstance(one, nn.Linear)]
        assert all((layer.bias is not None) is expected for layer in [*convolutions, *dense])


@pytest.mark.parametrize(
    ("side", "channels", "hint"),
    [(8, (2, 2, 2, 2), "at most 3 blocks: model.channels: [2, 2, 2]"), (1, (2,), "use model: mlp")],
)
def test_too_many_blocks_are_refused_with_the_number_that_fits(side: int, channels: tuple[int, ...], hint: str):
    with pytest.raises(RecipeError) as fault:
        CNN(channels=channels).build(grid(1, side, side))
    assert fault.value.code == "RECIPE-FORM" and fault.value.place.path == "model.channels"
    assert fault.value.hint == hint
    most = side.bit_length() - 1
    if most:
        CNN(channels=channels[:most]).build(grid(1, side, side))


def test_an_even_filter_is_refused():
    with pytest.raises(RecipeError, match="odd"):
        CNN(kernel=4).build(grid(1, 8, 8))


@pytest.mark.parametrize("field", [{"channels": [0]}, {"convolutions": 0}, {"pool": "mean"}])
def test_values_that_cannot_be_are_refused(field: dict[str, Any]):
    with pytest.raises(ValueError):
        CNN.model_validate(field)
