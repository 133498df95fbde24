"""Initial weights: their spread, their stream, and layer-sequential unit variance."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from pellucid.nn import init
from pellucid.nn.noise import Dropout
from pellucid.seeds import generator

torch.set_num_threads(1)


def test_fans_by_hand():
    assert init.fans(torch.empty(5, 3)) == (3, 5)
    assert init.fans(torch.empty(8, 4, 3, 3)) == (36, 72)
    with pytest.raises(AssertionError, match="no fan"):
        init.fans(torch.empty(5))


@pytest.mark.parametrize("distribution", ["uniform", "normal"])
@pytest.mark.parametrize("shape", [(300, 500), (60, 50, 3, 3)])
def test_spread_is_the_published_one(distribution: init.Distribution, shape: tuple[int, ...]):
    weight = torch.empty(shape)
    fan_in, fan_out = init.fans(weight)
    init.xavier(weight, generator(0, "init"), gain=2.0, distribution=distribution)
    assert weight.std().item() == pytest.approx(2 * (2 / (fan_in + fan_out)) ** 0.5, rel=0.02)
    init.he(weight, generator(0, "init"), distribution=distribution)
    assert weight.std().item() == pytest.approx((2 / fan_in) ** 0.5, rel=0.02)
    if distribution == "uniform":
        assert weight.abs().max().item() <= (6 / fan_in) ** 0.5


def test_orthogonal_rows():
    for shape in ((4, 9), (9, 4), (6, 2, 3, 3)):
        weight = torch.empty(shape, dtype=torch.float64)
        init.orthogonal(weight, generator(0, "init"), gain=2.0)
        flat = weight.flatten(1)
        small = flat @ flat.T if flat.shape[0] <= flat.shape[1] else flat.T @ flat
        torch.testing.assert_close(small, 4 * torch.eye(len(small), dtype=torch.float64))


def test_numbers_come_from_the_generator_only():
    first, second = torch.empty(4, 4), torch.empty(4, 4)
    before = torch.get_rng_state()
    for fill in (init.xavier, init.he, init.orthogonal):
        fill(first, generator(3, "init", "a"))
        fill(second, generator(3, "init", "a"))
        assert torch.equal(first, second)
        fill(second, generator(3, "init", "b"))
        assert not torch.equal(first, second)
    assert torch.equal(before, torch.get_rng_state())


def test_lsuv_gives_every_layer_unit_output():
    network = nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.ReLU(), nn.BatchNorm2d(8), nn.Flatten(), Dropout(0.5), nn.Linear(128, 40), nn.Tanh(),
        nn.Linear(40, 7),
    )  # fmt: skip
    x = 5 * torch.randn(64, 3, 6, 6, generator=generator(0, "x"))
    statistics = network[2].running_mean.clone()
    before = init.lsuv_scale(network, x)
    assert list(before) == ["0", "5", "7"]
    assert network.training and network[4].training
    assert torch.equal(network[2].running_mean, statistics)
    network.eval()
    for layer in network:
        x = layer(x)
        if isinstance(layer, (nn.Linear, nn.Conv2d)):
            assert x.std(correction=0).item() == pytest.approx(1, abs=init.TOLERANCE)


def test_lsuv_leaves_a_constant_layer_and_scales_a_shared_one_once():
    dead = nn.Linear(3, 2)
    nn.init.zeros_(dead.weight)
    nn.init.zeros_(dead.bias)
    assert init.lsuv_scale(dead, torch.randn(5, 3)) == {"": 0.0}
    assert not dead.weight.any()
    shared = nn.Linear(3, 3, bias=False)
    network = nn.Sequential(shared, nn.ReLU(), shared)
    x = torch.randn(50, 3, generator=generator(0, "x"))
    init.lsuv_scale(network, x)
    assert shared(x).std(correction=0).item() == pytest.approx(1, abs=init.TOLERANCE)


def test_lsuv_removes_its_hooks_and_restores_modes_after_a_fault():
    network = nn.Sequential(nn.Linear(3, 3), nn.Dropout(0.1))
    network[1].eval()
    with pytest.raises(RuntimeError):
        init.lsuv_scale(network, torch.randn(5, 4))
    assert network.training and not network[1].training
    assert not network[0]._forward_hooks
