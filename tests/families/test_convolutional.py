"""What families of convolutions share: the blocks, the sizes of maps, the stem, the pyramid."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from pellucid.families.cnn import CNN
from pellucid.families.convolutional import Stem, after, small, staged
from pellucid.forms import grid
from pellucid.nn.activation_parts import Tanh
from pellucid.nn.init_parts import He, Orthogonal, Xavier
from pellucid.nn.noise import Dropout

torch.set_num_threads(1)


@pytest.mark.parametrize(("norm", "biased"), [("none", True), ("batch", False), ("layer", False), ("group", False)])
def test_a_norm_takes_the_place_of_the_bias(norm: str, biased: bool):
    family = CNN.model_validate({"norm": norm})
    conv, dense = family.conv(2, 4), family.dense(4, 3)
    assert isinstance(dense.linear, nn.Linear)
    assert (conv.conv.bias is not None) is biased and (dense.linear.bias is not None) is biased
    assert (conv.norm is None) is biased and (dense.norm is None) is biased


@pytest.mark.parametrize("kernel", [1, 3, (1, 7), 11])
def test_a_convolution_keeps_the_size_unless_told_otherwise(kernel: int | tuple[int, int]):
    x_BCHW = torch.randn(2, 3, 12, 13)
    assert CNN().conv(3, 4, kernel)(x_BCHW).shape == (2, 4, 12, 13)
    assert CNN().conv(3, 4, 3, stride=2, padding=0)(x_BCHW).shape == (2, 4, *after((12, 13), 3, 2))


def test_a_block_that_is_not_active_has_no_activation():
    assert CNN().conv(1, 2, active=False).activation is None
    assert isinstance(CNN().conv(1, 2).activation, nn.ReLU)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_stage_pools_after_its_last_convolution(count: int):
    blocks = CNN().stage(3, 5, count, pool=nn.MaxPool2d(2))
    convs = [layer for block in blocks for layer in block.modules() if isinstance(layer, nn.Conv2d)]
    assert [(conv.in_channels, conv.out_channels) for conv in convs] == [(3, 5), *[(5, 5)] * (count - 1)]
    assert nn.Sequential(*blocks)(torch.randn(2, 3, 8, 8)).shape == (2, 5, 4, 4)


def test_the_neck_drops_out():
    assert isinstance(CNN(dropout=0.2).dense(3, 2).dropout, Dropout)
    assert CNN().dense(3, 2).dropout is None


def test_weights_start_by_the_activation():
    assert CNN().start() == (He(), 2**0.5)
    assert CNN(activation=Tanh()).start() == (Xavier(), 5 / 3)
    assert CNN(init=Orthogonal()).start()[0] == Orthogonal()


@pytest.mark.parametrize("side", [3, 8, 17])
@pytest.mark.parametrize(
    ("kernel", "stride", "padding"), [(1, 1, 0), (3, 1, 1), (3, 2, 0), (2, 2, 0), (3, 2, 1), (7, 2, 3)]
)
def test_sizes_are_those_that_torch_gives(side: int, kernel: int, stride: int, padding: int):
    extent = (side, side + 1)
    given = nn.Conv2d(1, 1, kernel, stride, padding)(torch.zeros(1, 1, *extent)).shape[2:]
    assert after(extent, kernel, stride, padding) == tuple(given)


@pytest.mark.parametrize(
    ("stem", "extent", "expected"),
    [
        ("auto", (63, 200), True),
        ("auto", (64, 64), False),
        ("full", (8, 8), False),
        ("small", (224, 224), True),
    ],
)
def test_the_stem_goes_by_the_shorter_side_unless_it_is_chosen(stem: Stem, extent: tuple[int, int], expected: bool):
    assert small(stem, grid(1, *extent)) is expected


def test_a_level_of_the_pyramid_ends_every_stage():
    stages: list[list[nn.Module]] = [[nn.Identity(), nn.MaxPool2d(2)], [nn.MaxPool2d(2)]]
    trunk = staged(stages, [grid(1, 4, 4), grid(1, 2, 2)])
    assert trunk.taps == (1, 2) and len(trunk.blocks) == 3
    levels = trunk(torch.zeros(1, 1, 8, 8))
    assert isinstance(levels, tuple) and [tuple(level.shape[2:]) for level in levels] == [(4, 4), (2, 2)]
