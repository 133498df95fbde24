"""Verification: embeddings of length 1, a loss that new classes have too, and a threshold fixed on validation."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from pellucid.data.batch import Batch
from pellucid.data.signature import Signature, Target
from pellucid.forms import vector
from pellucid.losses.parts import CosineMargin, LossFunction, Triplet
from pellucid.metrics.verification import midway, pairs
from pellucid.nn.cosine_head import CosineHead
from pellucid.tasks.task import Task
from pellucid.tasks.verification import Verification

torch.set_num_threads(1)
SIGNATURE = Signature("table", "memory", 10, "", Target("classes", ("person",), ("a", "b", "c")))
CODES = torch.tensor([0, 1, 0, 2, 1, 2])


def task(loss: LossFunction) -> Verification:
    return Verification(loss=loss, width=4)


def made(loss: LossFunction) -> tuple[Task, CosineHead, torch.Tensor, Batch]:
    torch.manual_seed(0)
    asked = task(loss)
    head = asked.head(vector(5), SIGNATURE)
    assert isinstance(head, CosineHead)
    return asked, head, torch.randn(6, 5), Batch(torch.empty(6, 0), CODES)


def test_the_plan_gets_a_loss_and_scores_of_pairs():
    assert SIGNATURE.target is not None
    assert Verification().loss_for(SIGNATURE.target).value == "cosine_margin"
    scores = Verification().metrics_for(SIGNATURE.target).value
    assert isinstance(scores, tuple) and scores[0] == "pair_auc"


def test_training_learns_from_prototypes():
    asked, head, x_BF, batch = made(CosineMargin(scale=8, margin=0.2))
    output = head.train()(x_BF)
    assert output.shape == (6, 4 + 3)
    loss = asked.losses(output, batch)
    expected = CosineMargin(scale=8, margin=0.2).per_example(output[:, 4:], CODES)
    assert torch.equal(loss.value_B, expected.value_B) and loss.weight_B is None
    loss.value_B.sum().backward()
    assert all(parameter.grad is not None and parameter.grad.any() for parameter in head.parameters())


def test_evaluation_compares_examples_so_new_classes_have_a_loss():
    asked, head, x_BF, batch = made(CosineMargin(scale=8, margin=0.2))
    output = head.eval()(x_BF)
    known = asked.losses(output, batch)
    strangers = asked.losses(output, Batch(batch.input, CODES + 70))
    assert torch.equal(known.value_B, strangers.value_B) and known.value_B.isfinite().all()
    alone = asked.losses(output, Batch(batch.input, torch.tensor([0, 0, 0, 1, 1, 9])))
    assert alone.weight_B is not None and alone.weight_B.tolist() == [1, 1, 1, 1, 1, 0] and alone.value_B[5] == 0
    apart = torch.cat([F.normalize(torch.eye(4)[CODES] + 0.01 * torch.rand(6, 4), dim=1), torch.zeros(6, 1)], 1)
    assert asked.losses(apart, batch).value_B.max() < known.value_B.min()


def test_triplets_have_no_prototypes_and_one_loss_everywhere():
    asked, head, x_BF, batch = made(Triplet())
    training = asked.losses(head.train()(x_BF), batch)
    later = asked.losses(head.eval()(x_BF), batch)
    torch.testing.assert_close(training.value_B, later.value_B)
    assert training.weight_B is not None and training.weight_B.tolist() == [1.0] * 6


def test_the_threshold_is_fixed_on_validation_and_read_from_the_output():
    asked, head, x_BF, batch = made(CosineMargin())
    output = head.eval()(x_BF)
    before = asked.decode(output, SIGNATURE, None)
    assert before.embedding_ND is not None and before.threshold is None
    assert before.embedding_ND.shape == (6, 4) and before.embedding_ND.dtype == torch.float64
    asked.settle(nn.Sequential(head), output, batch)  # the head may lie inside another module
    after = asked.decode(head(x_BF), SIGNATURE, None)
    assert after.threshold is not None
    expected = midway(pairs(before.embedding_ND, CODES))
    assert expected is not None and abs(after.threshold - expected) < 1e-6
    assert asked.decode(head(x_BF)[:0], SIGNATURE, None).threshold is None


def test_one_class_alone_fixes_no_threshold():
    asked, head, x_BF, batch = made(CosineMargin())
    output = head.eval()(x_BF)
    asked.settle(head, output, Batch(batch.input, torch.zeros(6, dtype=torch.int64)))
    assert asked.decode(head(x_BF), SIGNATURE, None).threshold is None
