"""The multi-layer perceptron: what it builds, and what it gives."""

from __future__ import annotations

import pytest
import torch
from pydantic import ValidationError
from torch import nn

from pellucid.families.mlp import MLP, fitting
from pellucid.forms import vector
from pellucid.nn.activation_parts import PReLU, ReLU, Sigmoid, Tanh
from pellucid.nn.init_parts import He, Orthogonal, Xavier


@pytest.mark.parametrize("widths", [(), (1,), (5,), (7, 7, 3)])
@pytest.mark.parametrize("norm", ["none", "batch", "layer"])
def test_builds_one_layer_for_each_width_and_promises_the_last(widths: tuple[int, ...], norm: str):
    trunk = MLP.model_validate({"widths": widths, "norm": norm, "dropout": 0.1}).build(vector(4))
    assert trunk.out == vector((4, *widths)[-1])
    assert [layer.out_features for layer in trunk.modules() if isinstance(layer, nn.Linear)] == list(widths)
    given = trunk.eval()(torch.randn(6, 4))
    assert isinstance(given, torch.Tensor) and given.shape == (6, trunk.out.width)


def test_a_layer_without_bias_gives_zero_for_zeros():
    with_bias, without = (MLP(widths=(3,), bias=bias, activation=Tanh()).build(vector(2)) for bias in (True, False))
    assert sum(parameter.numel() for parameter in with_bias.parameters()) == 2 * 3 + 3
    assert sum(parameter.numel() for parameter in without.parameters()) == 2 * 3
    assert without(torch.zeros(1, 2)).abs().max() == 0


def test_residual_adds_the_input_where_the_width_stays():
    trunk = MLP(widths=(4, 4), residual=True).build(vector(3))
    for parameter in trunk.parameters():
        nn.init.zeros_(parameter)
    first, second = trunk.blocks
    x_BD = torch.randn(5, 4)
    torch.testing.assert_close(second(x_BD), x_BD)
    assert first(torch.randn(5, 3)).abs().max() == 0


def test_each_layer_has_an_activation_of_its_own():
    trunk = MLP(widths=(4, 4), activation=PReLU()).build(vector(3))
    slopes = [module for module in trunk.modules() if isinstance(module, nn.PReLU)]
    assert len(slopes) == 2 and slopes[0].weight is not slopes[1].weight


def test_rectifiers_start_from_he_and_the_others_from_xavier():
    assert isinstance(fitting(ReLU()), He)
    assert isinstance(fitting(Sigmoid()), Xavier)
    assert MLP(activation=Tanh()).start() == (Xavier(), 5 / 3)
    assert MLP(init=Orthogonal()).start()[0] == Orthogonal()


@pytest.mark.parametrize("field", [{"widths": [0]}, {"dropout": 1.0}, {"widths": [2.5]}, {"depth": 3}])
def test_values_that_cannot_be_are_refused(field: dict[str, object]):
    with pytest.raises(ValidationError):
        MLP.model_validate(field)
