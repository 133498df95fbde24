"""Labelling: a logit for each class at each position, class weights over judged positions, spans where there are."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from pellucid.data.batch import Batch
from pellucid.data.signature import Signature, Target
from pellucid.errors import RecipeError
from pellucid.families.gru import GRU
from pellucid.forms import Tokens, sequence
from pellucid.losses.loss import reduce
from pellucid.losses.parts import CrossEntropy
from pellucid.metrics.catalogue import metric
from pellucid.network.assemble import assemble
from pellucid.tasks.labelling import Labelling

torch.set_num_threads(1)
TARGET = Target("steps", ("tag",), ("B-PER", "I-PER", "O"))
SIGNATURE = Signature("text", "memory", 3, "", TARGET)
CODE_BT = torch.tensor([[4, 5, 6, 7], [5, 4, 0, 0], [7, 0, 0, 0]])
TARGET_BT = torch.tensor([[0, 1, 2, 2], [2, 0, -1, -1], [-1, -1, -1, -1]])


def test_a_head_for_each_position():
    head = Labelling().head(sequence(5, 4), SIGNATURE)
    assert isinstance(head, nn.Linear) and head(torch.zeros(2, 4, 5)).shape == (2, 4, 3)


def test_losses_are_sums_over_judged_positions():
    output_BTC = torch.randn(3, 4, 3, generator=torch.Generator().manual_seed(0))
    loss = Labelling(loss=CrossEntropy()).losses(output_BTC, Batch(Tokens(CODE_BT), TARGET_BT))
    assert loss.weight_B is not None and loss.weight_B.tolist() == [4, 2, 0] and loss.value_B[2] == 0
    judged = TARGET_BT >= 0
    torch.testing.assert_close(reduce(loss, None), F.cross_entropy(output_BTC[judged], TARGET_BT[judged]))


def test_class_weights_count_judged_positions_and_weigh_each():
    task, batch = Labelling(loss=CrossEntropy(), class_weight="balanced"), Batch(Tokens(CODE_BT), TARGET_BT)
    weight_C = task.class_weights(batch, TARGET)
    assert weight_C is not None
    assert weight_C.tolist() == pytest.approx([6 / (3 * 2), 6 / (3 * 1), 6 / (3 * 3)])
    output_BTC = torch.randn(3, 4, 3, generator=torch.Generator().manual_seed(0))
    batch.weight_B = weight_C[TARGET_BT.clamp_min(0)].float()
    judged = TARGET_BT >= 0
    expected = F.cross_entropy(output_BTC[judged], TARGET_BT[judged], weight_C.float())
    torch.testing.assert_close(reduce(task.losses(output_BTC, batch), batch.weight_B), expected)
    named = Labelling(class_weight={"O": 0.1}).class_weights(batch, TARGET)
    assert named is not None and named.tolist() == [1, 1, 0.1]
    assert Labelling().class_weights(batch, TARGET) is None
    with pytest.raises(RecipeError) as fault:
        Labelling(class_weight={"o": 0.1}).class_weights(batch, TARGET)
    assert fault.value.place.path == "task.class_weight" and "O" in (fault.value.hint or "")


def test_the_most_probable_class_of_each_position():
    task, output_BTC = Labelling(), torch.randn(3, 4, 3)
    read = task.decode(task.keep(output_BTC, Batch(Tokens(CODE_BT), TARGET_BT)), SIGNATURE, None)
    assert read.label is not None and torch.equal(read.label, output_BTC.argmax(2))
    assert read.classes == 3 and read.names == TARGET.classes


def test_scores_of_spans_come_first_where_classes_make_some():
    assert Labelling().metrics_for(TARGET).value == ("span_f1", "step_f1", "step_accuracy")
    plain = Target("steps", ("tag",), ("noun", "verb"))
    assert Labelling().metrics_for(plain).value == ("step_accuracy", "step_f1")
    assert Labelling().loss_for(TARGET).value == "cross_entropy" and Labelling().asks(TARGET) == "steps"


def test_three_sentences_are_learnt_by_heart():
    task = Labelling(loss=CrossEntropy())
    made = assemble(
        sequence(1, 4), (8,), signature=SIGNATURE, family=GRU(width=8, bidirectional=True), task=task, seed=0
    )
    batch = Batch(Tokens(CODE_BT), TARGET_BT)
    optimizer = torch.optim.Adam(made.parameters(), 0.03)
    for _ in range(80):
        optimizer.zero_grad()
        reduce(task.losses(made(batch.input), batch), None).backward()
        optimizer.step()
    read = task.decode(task.keep(made(batch.input), batch), SIGNATURE, None)
    assert [metric(name).measure(read, TARGET_BT, None) for name in ("span_f1", "step_f1", "step_accuracy")] == [1] * 3
