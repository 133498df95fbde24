"""The loss Parts over their whole catalogue, and the one place that divides."""

from __future__ import annotations

import pytest
import torch
from pydantic import ValidationError

from pellucid.losses import classification
from pellucid.losses.catalogue import KINDS
from pellucid.losses.loss import Loss, LossFunction, reduce
from pellucid.losses.parts import BinaryCrossEntropy, CrossEntropy, Focal, Huber
from pellucid.parts import concrete

torch.set_num_threads(1)
EXAMPLES = {
    "classes": (torch.randn(4, 3), torch.tensor([0, 2, 1, 1])),
    "binary": (torch.randn(4, 1), torch.tensor([0, 1, 1, 0])),
    "labels": (torch.randn(4, 2), torch.tensor([[0.0, 1.0], [1.0, 1.0], [0.0, 0.0], [1.0, 0.0]])),
    "values": (torch.randn(4, 2), torch.randn(4, 2)),
    "mask": (torch.randn(4, 3, 2, 2), torch.tensor([[[0, 2], [1, 255]]] * 3 + [[[255, 255]] * 2], dtype=torch.uint8)),
    "boxes": (
        torch.tensor([[[2.0, 2, 4, 0, 0, 3, 4, 0.1, -2], [6, 2, 4, 5, 0, 8, 4, 0.3, 0]]] * 4),
        torch.tensor([[[1.0, 0, 4, 4, 0]], [[1.0, 0, 7, 3, 1]]] + [[[0.0, 0, 0, 0, -1]]] * 2),
    ),
    "steps": (torch.randn(4, 3, 2), torch.tensor([[0, 1, -1]] * 3 + [[-1, -1, -1]])),
    "next": (torch.randn(4, 3, 2), torch.tensor([[0, 1, -1]] * 3 + [[-1, -1, -1]])),
    "sentence": (torch.randn(4, 3, 2), torch.tensor([[0, 1, -1]] * 3 + [[-1, -1, -1]])),
    "neighbours": (torch.randn(4, 3, 2), torch.tensor([[[0, 1], [1, -1], [-1, -1]]] * 4)),
    "future": (torch.randn(4, 3, 2), torch.randn(4, 3, 2)),
    "pairs": (torch.nn.functional.normalize(torch.randn(4, 3), dim=1), torch.tensor([0, 2, 1, 1])),
}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_takes_the_targets_it_says(kind: str):
    part = concrete(LossFunction, kind)
    assert part.targets and part.targets <= EXAMPLES.keys()
    for name in part.targets:
        output, target = EXAMPLES[name]
        loss = part.per_example(output.unsqueeze(3).expand(4, 3, 2, 5) if kind == "pinball" else output, target)
        assert loss.value_B.shape == (4,) and (loss.weight_B is None or loss.weight_B.shape == (4,))
        assert (loss.value_B >= 0).all()


def test_every_target_has_a_loss():
    parts = [concrete(LossFunction, kind) for kind in KINDS]
    assert set().union(*(part.targets for part in parts)) == EXAMPLES.keys()


def test_fields_reach_the_functions():
    output, target = EXAMPLES["classes"]
    smooth = CrossEntropy(label_smoothing=0.1).per_example(output, target).value_B
    assert torch.equal(smooth, classification.cross_entropy(output, target, 0.1))
    assert torch.equal(Focal(gamma=1).per_example(output, target).value_B, classification.focal(output, target, 1))
    output, target = EXAMPLES["binary"]
    smooth = BinaryCrossEntropy(label_smoothing=0.1).per_example(output, target).value_B
    assert torch.equal(smooth, classification.binary_cross_entropy(output, target, 0.1))
    one = Focal().per_example(output, target).value_B
    assert torch.equal(one, classification.binary_focal(output, target))
    assert Huber(delta=2.0).per_example(torch.tensor([[3.0]]), torch.tensor([[0.0]])).value_B.item() == 4


@pytest.mark.parametrize(
    "wrong", [lambda: CrossEntropy(label_smoothing=1.0), lambda: Focal(gamma=-1), lambda: Huber(delta=0)]
)
def test_impossible_fields_are_refused(wrong):
    with pytest.raises(ValidationError):
        wrong()


def test_reduce_by_hand():
    value, count = torch.tensor([2.0, 6.0]), torch.tensor([1.0, 3.0])
    weight = torch.tensor([1.0, 2.0])
    assert reduce(Loss(value), None).item() == 4
    assert reduce(Loss(value), weight).item() == pytest.approx(14 / 3)
    assert reduce(Loss(value, count), None).item() == 2
    assert reduce(Loss(value, count), weight).item() == 2
