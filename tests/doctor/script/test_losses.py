"""Losses, what they were given, and which of them is trained on."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from pellucid.doctor.history import Fact, History


def train(net: nn.Module, loss_of, steps: int = 6) -> None:
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05)
    for _ in range(steps):
        loss = loss_of(net, torch.randn(16, 4))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def given(history: History) -> Fact:
    return next(history.seen("loss-input"))


def classes(net: nn.Module, x_NF: torch.Tensor) -> torch.Tensor:
    return functional.cross_entropy(net(x_NF), torch.arange(16) % 3)


def test_a_softmax_before_the_loss_is_seen(watched) -> None:
    net = nn.Sequential(nn.Linear(4, 3), nn.Softmax(1))
    fact = given(watched(lambda: train(net, classes)).history)
    assert fact.place == "cross_entropy" and fact.line.startswith("test_losses.py:")
    assert (fact.values["probabilities"], fact.values["producer"], fact.values["softmax_dim"]) == (1.0, "Softmax", 1)
    assert (fact.values["classes"], fact.values["batch"], fact.values["target_distinct"]) == (3, 16, 3)


def test_raw_scores_are_none(watched) -> None:
    history = watched(lambda: train(nn.Linear(4, 3), classes)).history
    assert given(history).values["probabilities"] == 0 and given(history).values["producer"] == "Linear"
    share = torch.tensor([6 / 16, 5 / 16, 5 / 16])
    assert history.asked == "classes"
    assert history.constant == pytest.approx(float(torch.special.entr(share).sum()), rel=1e-6)


def test_shapes_that_stretch_each_other_are_seen(watched) -> None:
    def loss(net: nn.Module, x_NF: torch.Tensor) -> torch.Tensor:
        return functional.l1_loss(net(x_NF), x_NF[:, 0])

    with pytest.warns(UserWarning, match="target size"):
        fact = given(watched(lambda: train(nn.Linear(4, 1), loss)).history)
    assert (fact.values["broadcast"], fact.values["input_shape"], fact.values["target_shape"]) == (1, "16x1", "16")


def test_sums_are_told_as_means(watched) -> None:
    def loss(net: nn.Module, x_NF: torch.Tensor) -> torch.Tensor:
        return functional.cross_entropy(net(x_NF), torch.arange(16) % 3, reduction="sum")

    history = watched(lambda: train(nn.Linear(4, 3), loss)).history
    assert given(history).values["reduction"] == "sum" and history.updates[0].loss < 3 * math.log(3)


def test_two_losses_have_no_best_constant(watched) -> None:
    def loss(net: nn.Module, x_NF: torch.Tensor) -> torch.Tensor:
        out_NC = net(x_NF)
        return functional.cross_entropy(out_NC, torch.arange(16) % 3) + functional.mse_loss(out_NC, out_NC * 0)

    history = watched(lambda: train(nn.Linear(4, 3), loss)).history
    assert history.constant is None and history.asked == "other"


def test_losses_without_gradients_are_looks(watched) -> None:
    def loss(net: nn.Module, x_NF: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            classes(net, x_NF)
        return classes(net, x_NF)

    assert len(watched(lambda: train(nn.Linear(4, 3), loss)).history.looks) == 5
