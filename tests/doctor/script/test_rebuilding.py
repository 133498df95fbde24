from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import torch
from torch import nn
from torch.nn import functional

from pellucid.doctor.script import rebuilding

X = torch.randn(32, 6, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def test_first_weights_keep_the_size_of_signals(stack: ExitStack):
    net = nn.Sequential(*[layer for _ in range(8) for layer in (nn.Linear(6, 6), nn.Tanh())], nn.Linear(6, 2))
    for param in net.parameters():
        nn.init.zeros_(param)
    drawn = torch.get_rng_state()
    rebuilding.fitting_start(stack)
    assert torch.equal(drawn, torch.get_rng_state()), "the script's own draws stay what they were"
    out = net(X)
    assert out.std().item() == pytest.approx(1.0, rel=1e-3)
    out.sum().backward()
    assert all(layer.weight.grad.abs().max() > 1e-4 for layer in net if isinstance(layer, nn.Linear))
    before = net[0].weight.clone()
    net(X)
    assert torch.equal(before, net[0].weight), "once"


def test_recurrent_weights_turn_and_do_not_shrink(stack: ExitStack):
    cell = nn.LSTM(3, 4, batch_first=True)
    rebuilding.fitting_start(stack)
    cell(torch.randn(2, 5, 3))
    for gate in cell.weight_hh_l0.split(4):
        assert torch.allclose(gate @ gate.T, torch.eye(4), atol=1e-5)


class Bent(nn.Module):
    """A hidden tanh that is a function, and an output that is a module."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.middle, self.act = nn.Linear(6, 6), nn.Linear(6, 6), nn.Sigmoid()
        self.last, self.out = nn.Linear(6, 1), nn.Tanh()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.seen = torch.tanh(self.first(x))
        return self.out(self.last(self.act(self.middle(self.seen))))


def test_one_activation_in_several_places_is_replaced_in_each(stack: ExitStack):
    shared = nn.Sigmoid()
    net = nn.Sequential(nn.Linear(6, 6), shared, nn.Linear(6, 6), shared, nn.Linear(6, 2))
    rebuilding.activation(stack, "relu")
    net(X)
    assert [type(layer).__name__ for layer in net] == ["Linear", "ReLU", "Linear", "ReLU", "Linear"]


def test_hidden_layers_rectify_and_the_output_stays(stack: ExitStack):
    net = Bent()
    rebuilding.activation(stack, "relu")
    out = net(10 * X)
    assert isinstance(net.act, nn.ReLU) and isinstance(net.out, nn.Tanh) and net.seen.min() == 0 and net.seen.max() > 1
    assert out.abs().max() <= 1
    assert torch.tanh(torch.tensor(9.0)) < 1, "outside of networks nothing changes"


def test_rectifiers_leak(stack: ExitStack):
    net = nn.Sequential(nn.Linear(6, 6), nn.ReLU(), nn.Linear(6, 1), nn.ReLU())
    rebuilding.activation(stack, "leaky")
    net(X)
    assert isinstance(net[1], nn.LeakyReLU) and isinstance(net[3], nn.ReLU)


@pytest.mark.parametrize("place", ["3", "", "nowhere"])
def test_the_output_is_opened(stack: ExitStack, place: str):
    net = nn.Sequential(nn.Linear(6, 6), nn.ReLU(), nn.Linear(6, 1), nn.ReLU())
    rebuilding.open_output(stack, place)
    net(X)
    assert isinstance(net[3], nn.Identity) and isinstance(net[1], nn.ReLU)


def test_norms_come_behind_all_but_the_last(stack: ExitStack):
    net = nn.Sequential(nn.Linear(6, 8), nn.Linear(8, 3))
    rebuilding.norm(stack)
    out = net(100 * X)
    normed = functional.layer_norm(functional.linear(100 * X, net[0].weight, net[0].bias), (8,))
    assert torch.allclose(out, functional.linear(normed, net[1].weight, net[1].bias), atol=1e-5)


def test_norms_over_rows_keep_the_weights(stack: ExitStack):
    net = nn.Sequential(nn.Linear(6, 4), nn.BatchNorm1d(4))
    weight = net[1].weight
    rebuilding.group_norm(stack)
    both = net(X)
    assert isinstance(net[1], nn.GroupNorm) and net[1].weight is weight
    assert torch.allclose(both[:1], net(X[:1]), atol=1e-6), "a row does not depend on the others"


def test_dropout_is_less_and_quiet_at_evaluation(stack: ExitStack):
    net = nn.Sequential(nn.Dropout(0.9))
    rebuilding.dropout(stack, most=0.2)
    net(X)
    assert net[0].p == 0.2
    share = (functional.dropout(torch.ones(10_000), 0.9) == 0).float().mean()
    assert 0.15 < share < 0.25
    with ExitStack() as inner:
        rebuilding.dropout(inner, evaluating=False)
        with torch.no_grad():
            assert torch.equal(functional.dropout(X, 0.2), X)
        assert not torch.equal(functional.dropout(X, 0.2), X)


@pytest.mark.parametrize("evaluating", [False, True])
def test_modes_are_set_right_and_back(stack: ExitStack, evaluating: bool):
    net = nn.Sequential(nn.Dropout(0.5), nn.Linear(6, 1))
    net.train(evaluating)
    rebuilding.mode(stack, evaluating)
    with torch.set_grad_enabled(not evaluating):
        net(X)
    assert net.training is not evaluating and net[0].training is not evaluating
    with torch.set_grad_enabled(evaluating):
        net(X)
    assert net.training is evaluating


def test_softmaxes_go_along_the_classes(stack: ExitStack):
    rebuilding.softmax(stack, "axis")
    assert torch.allclose(nn.Softmax(dim=0)(X).sum(1), torch.ones(32))
    assert torch.allclose(torch.log_softmax(X, 0).exp().sum(1), torch.ones(32))
    with ExitStack() as inner:
        rebuilding.softmax(inner, "one")
        assert torch.allclose(nn.Softmax(dim=1)(X[:, :1]), X[:, :1].sigmoid())
