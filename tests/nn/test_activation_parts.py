"""The activation Parts: what they build, their gains, and what they refuse."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from pellucid.errors import RecipeError
from pellucid.nn.activation_parts import Activation, LeakyReLU, Own, PReLU, Sigmoid, Softmax, Swish, Tanh, Threshold
from pellucid.nn.catalogue_activations import KINDS
from pellucid.parts import concrete

torch.set_num_threads(1)


def part(kind: str) -> Activation:
    if kind == "own":
        return Own(name="bent", function=lambda x: x + x.sin())
    return Threshold(straight_through=True) if kind == "threshold" else concrete(Activation, kind)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_builds_a_new_module_that_keeps_the_shape(kind: str):
    chosen = part(kind)
    module = chosen.build()
    assert module is not chosen.build()
    for shape in ((4, 3), (2, 3, 4, 4), (0, 3)):
        assert module(torch.randn(shape)).shape == shape
    assert module(torch.full((2, 3), 1e4)).isfinite().all()
    assert module(torch.full((2, 3), -1e4)).isfinite().all()


@pytest.mark.parametrize("kind", ["relu", "leaky_relu", "prelu", "elu", "gelu", "swish", "identity"])
def test_gain_keeps_the_mean_square(kind: str):
    z = torch.linspace(-12, 12, 200_001, dtype=torch.float64)
    density = (-z * z / 2).exp() / math.sqrt(2 * math.pi)
    square = torch.trapezoid(part(kind).build().double()(z[:, None])[:, 0].detach() ** 2 * density, z).item()
    assert part(kind).gain == pytest.approx(square**-0.5, abs=2e-4)


def test_customary_gains():
    assert Sigmoid().gain == 1 and Tanh().gain == nn.init.calculate_gain("tanh")
    assert LeakyReLU().gain == nn.init.calculate_gain("leaky_relu", 0.01)


def test_rectifiers():
    expected = {"relu", "leaky_relu", "prelu", "elu", "gelu", "swish", "silu"}
    assert {kind for kind in KINDS if part(kind).rectifier} == expected


def test_silu_is_swish():
    assert concrete(Activation, "silu") == concrete(Activation, {"kind": "silu"}) == Swish()
    assert concrete(Activation, "silu").dump() == {"kind": "swish"}


def test_fields_reach_the_module():
    module = LeakyReLU(slope=0.2).build()
    assert module(torch.tensor([-1.0])).item() == pytest.approx(-0.2)
    assert PReLU(start=0.1).build()(torch.tensor([-1.0])).item() == pytest.approx(-0.1)
    assert Softmax().build()(torch.zeros(1, 2))[0, 0].item() == 0.5


def test_threshold_is_refused_for_training():
    with pytest.raises(RecipeError, match="gradient 0 everywhere") as caught:
        Threshold().build()
    assert caught.value.code == "RECIPE-THRESHOLD" and "straight_through: true" in (caught.value.hint or "")
    assert Threshold(straight_through=True).build()(torch.tensor([2.0])).item() == 1


def test_own_names_what_is_wrong():
    with pytest.raises(RecipeError, match=r'"blow".*not finite') as caught:
        Own(name="blow", function=torch.log).build()
    assert caught.value.code == "RECIPE-ACTIVATION"
    with pytest.raises(RecipeError, match='"lost" has no function'):
        Own(name="lost").build()


def test_own_writes_its_name_only_and_shares_no_parameters():
    chosen = Own(name="mine", function=nn.PReLU())
    assert chosen.dump() == {"kind": "own", "name": "mine"}
    first, second = chosen.build(), chosen.build()
    assert next(first.parameters()) is not next(second.parameters())
    assert chosen.replace(name="other").function is chosen.function
