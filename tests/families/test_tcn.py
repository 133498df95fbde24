"""The temporal convolutional network: how deep it becomes, and how it starts."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from pellucid.families.tcn import TCN, levels
from pellucid.forms import Steps, sequence
from pellucid.nn.activation_parts import PReLU, Tanh
from pellucid.nn.init_parts import He, Xavier


@pytest.mark.parametrize(
    ("length", "kernel", "count"), [(1, 3, 1), (5, 3, 1), (6, 3, 2), (13, 3, 2), (14, 3, 3), (1024, 3, 9), (64, 8, 3)]
)
def test_it_is_as_deep_as_it_takes_to_see_the_whole(length: int, kernel: int, count: int):
    assert levels(length, kernel) == count
    assert len(TCN(width=2, kernel=kernel).build(sequence(1, length)).blocks) == count


def test_the_last_of_many_positions_sees_the_first_one():
    made = TCN(width=4, norm="none", activation=Tanh()).build(sequence(1, 29, even=True, causal=True))
    x_BTD = torch.randn(1, 29, 1, requires_grad=True)
    made(Steps(x_BTD, torch.ones(1, 29, dtype=torch.bool))).x_BTD[0, -1].sum().backward()
    assert x_BTD.grad is not None and (x_BTD.grad != 0).all()


def test_its_fields_are_those_of_its_trunk():
    family = TCN(width=6, depth=2, activation=PReLU(), pool="last")
    made = family.build(sequence(3, 40, causal=True))
    assert made.out == sequence(6, 40, causal=True) and len(made.blocks) == 2
    assert sum(isinstance(layer, nn.LayerNorm) for layer in made.modules()) == 4
    assert sum(isinstance(layer, nn.PReLU) for layer in made.modules()) == 6
    assert family.pools() == "last" and family.embedding() == 6
    assert family.start()[0] == He() and TCN(activation=Tanh()).start() == (Xavier(), 5 / 3)
