"""Classification: one sigmoid unit for two classes, a softmax for more; its losses and how outputs are read."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional

from pellucid.data.batch import Batch
from pellucid.data.signature import Signature, Target
from pellucid.forms import vector
from pellucid.losses.parts import BinaryCrossEntropy, CrossEntropy
from pellucid.tasks.classification import Classification


def signature(classes: int) -> Signature:
    names = tuple("abcdefgh"[:classes])
    return Signature("table", "memory", 10, "", Target("classes", ("y",), names))


@pytest.mark.parametrize(("classes", "units"), [(2, 1), (3, 3), (8, 8)])
def test_two_classes_take_one_unit_and_more_take_one_each(classes: int, units: int):
    task = Classification()
    assert task.outputs(signature(classes)) == units
    assert task.head(vector(5), signature(classes))(torch.zeros(2, 5)).shape == (2, units)


def test_losses_are_torchs_for_each_example():
    output_BC, target_B = torch.randn(6, 3, generator=torch.Generator().manual_seed(0)), torch.arange(6) % 3
    many = Classification(loss=CrossEntropy()).losses(output_BC, Batch(torch.empty(6, 0), target_B))
    torch.testing.assert_close(many.value_B, functional.cross_entropy(output_BC, target_B, reduction="none"))
    logit_B1, target_B = output_BC[:, :1], target_B % 2
    two = Classification(loss=BinaryCrossEntropy()).losses(logit_B1, Batch(torch.empty(6, 0), target_B))
    expected = functional.binary_cross_entropy_with_logits(logit_B1[:, 0], target_B.float(), reduction="none")
    torch.testing.assert_close(two.value_B, expected)


def test_under_mixup_two_targets_share_the_loss():
    output_BC, here_B, there_B = torch.randn(4, 3), torch.tensor([0, 1, 2, 0]), torch.tensor([1, 1, 0, 2])
    share_B = torch.tensor([0.0, 0.3, 0.5, 1.0])
    task = Classification(loss=CrossEntropy())
    mixed = task.losses(output_BC, Batch(torch.empty(4, 0), here_B, mixed=(there_B, share_B))).value_B
    own = functional.cross_entropy(output_BC, here_B, reduction="none")
    other = functional.cross_entropy(output_BC, there_B, reduction="none")
    torch.testing.assert_close(mixed, own * (1 - share_B) + other * share_B)


def test_decoding_gives_probabilities_that_sum_to_one_and_the_most_probable_class():
    read = Classification().decode(torch.tensor([[0.0, math.log(3.0)], [1e4, -1e4]]), signature(3), None)
    assert read.label is not None and read.probability is not None
    assert read.label.tolist() == [1, 0]
    torch.testing.assert_close(read.probability[0], torch.tensor([0.25, 0.75], dtype=torch.float64))
    two = Classification().decode(torch.tensor([[-1e3], [0.0], [math.log(4.0)]]), signature(2), None)
    assert two.label is not None and two.probability is not None
    assert two.label.tolist() == [0, 0, 1]
    torch.testing.assert_close(two.probability.sum(1), torch.ones(3, dtype=torch.float64))
    assert two.probability[2, 1].item() == pytest.approx(0.8, abs=1e-6)
