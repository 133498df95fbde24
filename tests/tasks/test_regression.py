"""Regression: linear outputs on standardised targets, read in the units of the data."""

from __future__ import annotations

import torch

from pellucid.data.batch import Batch, Scale
from pellucid.data.signature import Signature, Target
from pellucid.forms import vector
from pellucid.losses.parts import MSE
from pellucid.tasks.regression import Regression

SIGNATURE = Signature("table", "memory", 10, "", Target("values", ("height", "weight")))


def test_one_linear_unit_for_each_target():
    head = Regression().head(vector(4), SIGNATURE)
    x_BD = torch.randn(3, 4)
    assert head(x_BD).shape == (3, 2)
    torch.testing.assert_close(head(2 * x_BD) - head(x_BD), head(x_BD) - head(0 * x_BD))


def test_losses_and_mixup():
    output_BD, target_BD = torch.randn(4, 2), torch.randn(4, 2)
    task = Regression(loss=MSE())
    found = task.losses(output_BD, Batch(torch.empty(4, 0), target_BD))
    count_B = 1.0 if found.weight_B is None else found.weight_B
    torch.testing.assert_close(found.value_B / count_B, (output_BD - target_BD).square().mean(1))
    other_BD, share_B = torch.randn(4, 2), torch.tensor([0.0, 0.5, 0.9, 1.0])
    mixed = task.losses(output_BD, Batch(torch.empty(4, 0), target_BD, mixed=(other_BD, share_B)))
    blend_BD = target_BD + share_B[:, None] * (other_BD - target_BD)
    torch.testing.assert_close(mixed.value_B / count_B, (output_BD - blend_BD).square().mean(1))


def test_values_come_back_in_the_units_of_the_data():
    scale = Scale(torch.tensor([170.0, 70.0]), torch.tensor([10.0, 5.0]))
    read = Regression().decode(torch.tensor([[0.0, 0.0], [1.0, -2.0]]), SIGNATURE, scale)
    assert read.value is not None and read.value.dtype == torch.float64
    assert read.value.tolist() == [[170.0, 70.0], [180.0, 60.0]]
    plain = Regression().decode(torch.tensor([[1.5, 2.5]]), SIGNATURE, None)
    assert plain.value is not None and plain.value.tolist() == [[1.5, 2.5]]
