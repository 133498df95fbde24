"""Layers that draw: their distribution, their stream, and silence in evaluation."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from pellucid.nn.noise import Dropout, GaussianNoise, Noisy, share_draw
from pellucid.seeds import Draw

torch.set_num_threads(1)


def drawn(layer: Noisy) -> Noisy:
    layer.draw = Draw(7, "step")
    return layer


@pytest.mark.parametrize("layer", [Dropout(0.5), GaussianNoise(0.5)])
def test_identity_in_evaluation_and_refused_without_a_draw(layer: Noisy):
    x = torch.randn(4, 3)
    assert layer.eval()(x) is x
    with pytest.raises(AssertionError, match="share_draw"):
        layer.train()(x)


def test_dropout_keeps_the_mean():
    y = drawn(Dropout(0.3))(torch.ones(400, 500))
    assert y.unique().tolist() == pytest.approx([0, 1 / 0.7])
    assert (y == 0).double().mean().item() == pytest.approx(0.3, abs=0.005)
    assert y.mean().item() == pytest.approx(1, abs=0.01)


def test_noise_has_its_scale():
    y = drawn(GaussianNoise(0.2))(torch.full((400, 500), 3.0))
    assert y.mean().item() == pytest.approx(3, abs=0.002) and y.std().item() == pytest.approx(0.2, rel=0.01)


@pytest.mark.parametrize("kind", [Dropout, GaussianNoise])
def test_the_stream_alone_decides(kind: type):
    layer, x = drawn(kind(0.5)), torch.ones(20, 10)
    before = torch.get_rng_state()
    first = layer(x)
    second = layer(x)
    assert not torch.equal(first, second)
    assert layer.draw is not None
    layer.draw.at(0)
    assert torch.equal(layer(x), first)
    layer.draw.at(1)
    assert not torch.equal(layer(x), first)
    assert torch.equal(before, torch.get_rng_state())


def test_no_share_no_rows_and_impossible_shares():
    x = torch.randn(3, 2)
    assert Dropout(0.0)(x) is x and GaussianNoise(0.0)(x) is x
    assert drawn(Dropout(0.5))(torch.empty(0, 3)).shape == (0, 3)
    for share in (-0.1, 1.0):
        with pytest.raises(AssertionError, match="share"):
            Dropout(share)
    with pytest.raises(AssertionError, match="negative"):
        GaussianNoise(-1.0)


def test_share_draw_reaches_nested_layers():
    network = nn.Sequential(nn.Linear(3, 3), nn.Sequential(Dropout(0.5), GaussianNoise(0.1)))
    draw = Draw(0, "step")
    share_draw(network, draw)
    assert network[1][0].draw is draw and network[1][1].draw is draw
    assert list(network.state_dict()) == ["0.weight", "0.bias"]
    assert "share=0.5" in repr(network) and "scale=0.1" in repr(network)
