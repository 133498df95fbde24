"""The bound on the rows of weights."""

from __future__ import annotations

import torch

from pellucid.optim.constraints import MaxNorm
from pellucid.optim.regularize import Constraint
from pellucid.parts import concrete


def test_long_rows_are_shortened_and_short_ones_keep_their_bits() -> None:
    weight = torch.tensor([[3.0, 4.0], [0.3, 0.4], [0.0, 0.0]])
    MaxNorm(limit=2.5).apply([weight])
    torch.testing.assert_close(weight, torch.tensor([[1.5, 2.0], [0.3, 0.4], [0.0, 0.0]]))
    assert weight[1].tolist() == torch.tensor([0.3, 0.4]).tolist()


def test_filters_are_rows_in_every_layout_and_biases_are_left_alone() -> None:
    filters = torch.randn(6, 4, 3, 3, generator=torch.Generator().manual_seed(1))
    bias = torch.full((4,), 9.0)
    expected = filters * (1.5 / filters.flatten(1).norm(dim=1)).clamp(max=1).reshape(-1, 1, 1, 1)
    turned = filters.to(memory_format=torch.channels_last)
    MaxNorm(limit=1.5).apply([filters, turned, bias])
    torch.testing.assert_close(filters, expected)
    torch.testing.assert_close(turned.contiguous(), expected)
    assert bias.tolist() == [9.0] * 4


def test_parameters_of_a_module_and_the_default() -> None:
    layer = torch.nn.Linear(3, 2)
    with torch.no_grad():
        layer.weight.fill_(10.0)
        concrete(Constraint, "max_norm").apply(list(layer.parameters()))
    torch.testing.assert_close(layer.weight.norm(dim=1), torch.tensor([3.0, 3.0]))
