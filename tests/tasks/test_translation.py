"""Translation: taught by the true tokens before, judged in the end by what it writes."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from pellucid.data.batch import Batch
from pellucid.data.signature import Signature, Target
from pellucid.data.vocabulary import BEGIN, END, FIRST, PADDING
from pellucid.errors import RecipeError
from pellucid.families.gru import GRU
from pellucid.families.mlp import MLP
from pellucid.forms import Paired, Tokens, sequence
from pellucid.losses.loss import reduce
from pellucid.losses.parts import CrossEntropy
from pellucid.metrics.catalogue import metric
from pellucid.network.assemble import Network, assemble
from pellucid.tasks.translation import Translation
from pellucid.training.evaluate import judged, written

torch.set_num_threads(1)
TARGET = Target("sentence", ("into",))
KNOWN = {"input": {"kind": "character", "symbols": "abc"}, "target": {"kind": "character", "symbols": "xyz "}}
SIGNATURE = Signature("text", "memory", 6, "", TARGET, vocabulary=KNOWN)
LONGEST = 6


def network(task: Translation) -> Network:
    form, sizes = sequence(1, 5, context=sequence(1, LONGEST, causal=True)), (FIRST + 3, FIRST + 4)
    return assemble(form, sizes, signature=SIGNATURE, family=GRU(width=24), task=task, seed=0)


def batch(rows: int = 6) -> Batch:
    """Letters to be written in the other alphabet, the last one first; of different lengths."""
    source_BT = torch.full((rows, 5), PADDING)
    target_BU, prefix_BU = torch.full((rows, LONGEST), -1), torch.full((rows, LONGEST), PADDING)
    stream = torch.Generator().manual_seed(0)
    for row in range(rows):
        length = 2 + row % 3
        letter_T = torch.randint(FIRST, FIRST + 3, (length,), generator=stream)
        source_BT[row, :length] = letter_T
        target_BU[row, :length], target_BU[row, length] = letter_T.flip(0), END
        prefix_BU[row, 0], prefix_BU[row, 1 : length + 1] = BEGIN, letter_T.flip(0)
    return Batch(Paired(Tokens(source_BT), Tokens(prefix_BU)), target_BU)


def test_losses_are_sums_over_the_tokens_of_a_sentence():
    task, data = Translation(loss=CrossEntropy(label_smoothing=0.1)), batch()
    output_BUC = torch.randn(6, LONGEST, FIRST + 4, generator=torch.Generator().manual_seed(0))
    loss = task.losses(output_BUC, data)
    assert data.target is not None and loss.weight_B is not None and loss.weight_B.tolist() == [3, 4, 5, 3, 4, 5]
    true = data.target >= 0
    expected = F.cross_entropy(output_BUC[true], data.target[true], label_smoothing=0.1)
    torch.testing.assert_close(reduce(loss, None), expected)


def test_codes_are_spelt_to_their_end():
    task = Translation()
    read = task.decode(torch.tensor([[4, 5, END, 6, 6, 0], [6, 0, 0, 0, 0, 0]]), SIGNATURE, None)
    assert read.spell is not None and read.label is not None
    assert read.spell(read.label) == ["xy", "z"]
    assert read.spell(torch.tensor([[4, 7, 5, END, -1, -1]])) == ["x y"]


def test_sentences_are_learnt_and_written():
    task, data = Translation(loss=CrossEntropy()), batch()
    task = task.replace(metrics=task.metrics_for(TARGET).value)
    made = network(task)
    optimizer = torch.optim.Adam(made.parameters(), 0.02)
    for _ in range(80):
        optimizer.zero_grad()
        reduce(task.losses(made(data.input), data), None).backward()
        optimizer.step()
    scores = judged(made, data, task, signature=SIGNATURE, scale=None, precision=None)
    assert scores.metrics == pytest.approx({"token_accuracy": 1, "bleu": 0, "chrf": 100, "exact_match": 1}), (
        "words of one letter have no runs of four"
    )
    rows, kept_BU = written(made, data, task, SIGNATURE)
    assert len(rows) == 6 and kept_BU.shape == (6, LONGEST) and data.target is not None
    assert torch.equal(kept_BU, torch.where(data.target < 0, PADDING, data.target))
    short = Batch(Paired(data.input.source, Tokens(torch.full((6, 1), BEGIN))), None)  # pyright: ignore
    assert torch.equal(task.write(made.eval(), short, SIGNATURE), kept_BU), "the true sentence is not looked at"


def test_during_training_the_true_tokens_before_are_given():
    task, output_BUC = Translation(), torch.randn(6, LONGEST, FIRST + 4)
    assert torch.equal(task.keep(output_BUC, batch()), output_BUC.argmax(2))
    read = task.decode(task.keep(output_BUC, batch()), SIGNATURE, None)
    target = batch().target
    assert target is not None
    right = (read.label == target)[target >= 0].double().mean().item()
    assert metric("token_accuracy").measure(read, target, None) == pytest.approx(right)


def test_a_family_that_writes_nothing_is_refused():
    form = sequence(1, 5, context=sequence(1, LONGEST, causal=True))
    with pytest.raises(RecipeError) as fault:
        assemble(form, (7, 8), signature=SIGNATURE, family=MLP(widths=(4,)), task=Translation(), seed=0)
    assert fault.value.code == "RECIPE-FIT" and "gru" in (fault.value.hint or "")


def test_what_the_plan_fills_in():
    task = Translation()
    assert task.loss_for(TARGET).value == "cross_entropy" and task.asks(TARGET) == "sentence"
    assert task.metrics_for(TARGET).value == ("token_accuracy", "bleu", "chrf", "exact_match")
    assert task.outputs(SIGNATURE) == FIRST + 4 and type(task).writes == 300
