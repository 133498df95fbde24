"""What every task has: targets under mixup, and what it leaves as it is where it says nothing."""

from __future__ import annotations

import torch
from torch import nn

from pellucid.data.batch import Batch
from pellucid.data.signature import Signature, Target
from pellucid.forms import grid, pyramid
from pellucid.tasks.regression import Regression
from pellucid.tasks.task import blended

TARGET = Target("values", ("y",))


def test_mixup_blends_the_targets_of_each_example_by_its_share():
    first_BD, other_BD = torch.tensor([[0.0], [10.0]]), torch.tensor([[1.0], [20.0]])
    assert torch.equal(blended(Batch(torch.zeros(2, 1), first_BD)), first_BD)
    mixed = Batch(torch.zeros(2, 1), first_BD, mixed=(other_BD, torch.tensor([0.25, 0.5])))
    torch.testing.assert_close(blended(mixed), torch.tensor([[0.25], [15.0]]))


def test_a_task_that_says_nothing_changes_nothing():
    task, head = Regression(), nn.Linear(2, 1)
    before = head.weight.detach().clone()
    task.begin(head)
    levels = pyramid((grid(2, 4, 4), grid(4, 2, 2)))
    assert torch.equal(head.weight, before) and not task.settles
    assert task.sees(levels, Signature("table", "memory", 2, "", TARGET)) is levels
    assert task.class_weights(Batch(torch.zeros(2, 1), torch.zeros(2, 1)), TARGET) is None
    assert task.asks(TARGET) == task.answers == "values"
