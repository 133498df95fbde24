"""Multi-label: one sigmoid unit for each label, each decided by itself."""

from __future__ import annotations

import torch
from torch.nn import functional

from pellucid.data.batch import Batch
from pellucid.data.signature import Signature, Target
from pellucid.forms import vector
from pellucid.losses.parts import BinaryCrossEntropy
from pellucid.tasks.multilabel import Multilabel

SIGNATURE = Signature("table", "memory", 10, "", Target("labels", ("red", "round", "ripe")))


def test_one_unit_for_each_label():
    assert Multilabel().outputs(SIGNATURE) == 3
    assert Multilabel().head(vector(4), SIGNATURE)(torch.zeros(2, 4)).shape == (2, 3)


def test_the_loss_is_the_mean_over_labels_and_mixup_mixes_targets():
    output_BC, target_BC = torch.randn(5, 3), (torch.rand(5, 3) > 0.5).float()
    task = Multilabel(loss=BinaryCrossEntropy())
    found = task.losses(output_BC, Batch(torch.empty(5, 0), target_BC))
    expected = functional.binary_cross_entropy_with_logits(output_BC, target_BC, reduction="none").mean(1)
    count_B = 1.0 if found.weight_B is None else found.weight_B
    torch.testing.assert_close(found.value_B / count_B, expected)
    other_BC, share_B = 1 - target_BC, torch.full((5,), 0.25)
    mixed = task.losses(output_BC, Batch(torch.empty(5, 0), target_BC, mixed=(other_BC, share_B)))
    blend_BC = 0.75 * target_BC + 0.25 * other_BC
    expected = functional.binary_cross_entropy_with_logits(output_BC, blend_BC, reduction="none").mean(1)
    torch.testing.assert_close(mixed.value_B / count_B, expected)


def test_a_label_holds_from_a_half_on():
    read = Multilabel().decode(torch.tensor([[0.0, -1.0, 1.0]]), SIGNATURE, None)
    assert read.label is not None and read.probability is not None
    assert read.label.tolist() == [[1, 0, 1]]
    torch.testing.assert_close(read.probability, torch.tensor([[0.0, -1.0, 1.0]]).double().sigmoid())
