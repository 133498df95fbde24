"""Language models: what is kept of their outputs says how well they know a text, in bits of a character."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional as F

from pellucid.data.batch import Batch
from pellucid.data.signature import Signature, Target
from pellucid.data.vocabulary import BEGIN, END, FIRST, vocabulary
from pellucid.families.gru import GRU
from pellucid.forms import Tokens, sequence
from pellucid.losses.loss import reduce
from pellucid.losses.parts import CrossEntropy
from pellucid.metrics.catalogue import metric
from pellucid.network.assemble import assemble
from pellucid.tasks.language import Language
from pellucid.tasks.writing import Sampling, sample

torch.set_num_threads(1)
TARGET = Target("next", ("text",))
LETTERS = {"input": {"kind": "character", "symbols": "abcd "}}
SIGNATURE = Signature("text", "memory", 2, "", TARGET, vocabulary=LETTERS)
SIZE = FIRST + 5
CODE_BT = torch.tensor([[BEGIN, 4, 5, 6], [7, 8, 4, 0]])
TARGET_BT = torch.tensor([[4, 5, 6, END], [8, 4, -1, -1]])
BATCH = Batch(Tokens(CODE_BT), TARGET_BT)


def outputs() -> torch.Tensor:
    return torch.randn(2, 4, SIZE, generator=torch.Generator().manual_seed(0))


def test_one_unit_for_each_token():
    task = Language()
    assert task.outputs(SIGNATURE) == SIZE == vocabulary(SIGNATURE, "input").size
    assert task.head(sequence(5, 4, causal=True), SIGNATURE)(torch.zeros(2, 4, 5)).shape == (2, 4, SIZE)


def test_losses_are_sums_over_judged_tokens():
    loss = Language(loss=CrossEntropy()).losses(outputs(), BATCH)
    judged = TARGET_BT >= 0
    assert loss.weight_B is not None and loss.weight_B.tolist() == [4, 2]
    torch.testing.assert_close(reduce(loss, None), F.cross_entropy(outputs()[judged], TARGET_BT[judged]))


def test_what_is_kept_are_likelihoods_and_scores_are_those_of_the_loss():
    task = Language(loss=CrossEntropy())
    kept_BT2 = task.keep(outputs(), BATCH)
    log_BTC, judged = outputs().log_softmax(2), TARGET_BT >= 0
    expected_P = log_BTC[judged].gather(1, TARGET_BT[judged][:, None])[:, 0]
    torch.testing.assert_close(kept_BT2[..., 0][judged], expected_P)
    assert kept_BT2.dtype == torch.float32 and not kept_BT2[~judged].any()
    read = task.decode(kept_BT2, SIGNATURE, None)
    scores = [metric(name).measure(read, TARGET_BT, None) for name in ("perplexity", "bits_per_character")]
    mean = reduce(task.losses(outputs(), BATCH), None).item()
    characters = 5 + read.characters[END]
    assert scores == pytest.approx([math.exp(mean), mean * 6 / math.log(2) / characters], rel=1e-5)
    right = (log_BTC.argmax(2) == TARGET_BT)[judged].double().mean().item()
    assert metric("token_accuracy").measure(read, TARGET_BT, None) == pytest.approx(right)


def test_text_without_an_answer_has_nothing_to_judge():
    assert not Language().keep(outputs(), Batch(Tokens(CODE_BT), None)).any()


def test_a_sentence_is_learnt_by_heart_and_written_again():
    codes = [BEGIN, *vocabulary(SIGNATURE, "input").encode("abcd dcba aabb"), END]
    batch = Batch(Tokens(torch.tensor([codes[:-1]])), torch.tensor([codes[1:]]))
    task = Language(loss=CrossEntropy())
    form = sequence(1, len(codes) - 1, causal=True)
    made = assemble(form, (SIZE,), signature=SIGNATURE, family=GRU(width=24), task=task, seed=0)
    optimizer = torch.optim.Adam(made.parameters(), 0.02)
    for _ in range(120):
        optimizer.zero_grad()
        reduce(task.losses(made(batch.input), batch), None).backward()
        optimizer.step()
    written = list(sample(made.eval(), codes[:3], Sampling(temperature=0), count=99, seed=0))
    assert written == codes[3:-1]


def test_what_the_plan_fills_in():
    assert Language().loss_for(TARGET).value == "cross_entropy" and Language().asks(TARGET) == "next"
    assert Language().metrics_for(TARGET).value == ("bits_per_character", "perplexity", "token_accuracy")
