"""Embedding: the words around each word, told from it alone, bring words of the same company together."""

from __future__ import annotations

import math

import pytest
import torch

from pellucid.data.batch import Batch
from pellucid.data.signature import Signature, Target
from pellucid.data.vocabulary import BEGIN, END, FIRST, UNKNOWN, vocabulary
from pellucid.errors import RecipeError
from pellucid.explain.words import code_of, neighbours, vectors
from pellucid.families.family import Family
from pellucid.families.gru import GRU
from pellucid.families.mlp import MLP
from pellucid.forms import Tokens, sequence
from pellucid.losses.loss import reduce
from pellucid.losses.parts import SkipGram
from pellucid.metrics.catalogue import metric
from pellucid.network.assemble import Network, assemble
from pellucid.tasks.embedding import Embedding

torch.set_num_threads(1)
TARGET = Target("next", ("text",))
ANIMALS, TOOLS = ["cat", "dog", "cow"], ["saw", "axe", "drill"]
WORDS = [*ANIMALS, *TOOLS, "eats", "sleeps", "cuts", "breaks"]
SIGNATURE = Signature(
    "text", "memory", 8, "", TARGET, vocabulary={"input": {"kind": "word", "lower": True, "words": WORDS}}
)
SIZE = FIRST + len(WORDS)


def network(task: Embedding, family: Family) -> Network:
    return assemble(sequence(1, 3, causal=True), (SIZE,), signature=SIGNATURE, family=family, task=task, seed=0)


def test_neighbours_are_the_tokens_on_both_sides_that_stand_for_text():
    task = Embedding(loss=SkipGram(), context=2)
    code_BT = torch.tensor([[BEGIN, 4, 5, UNKNOWN, 6, END], [7, 8, 0, 0, 0, 0]])
    output_BTC = torch.randn(2, 6, SIZE, generator=torch.Generator().manual_seed(0))
    log_BTC = output_BTC.log_softmax(2)
    pairs = [[(1, 5), (2, 4), (2, 6), (4, 5)], [(0, 8), (1, 7)]]
    expected = [sum(float(log_BTC[row, at, code]) for at, code in pairs[row]) for row in range(2)]
    for target_BT in (None, code_BT):
        loss = task.losses(output_BTC, Batch(Tokens(code_BT), target_BT))
        assert loss.weight_B is not None and loss.weight_B.tolist() == [4, 2]
        assert loss.value_B.tolist() == pytest.approx([-total for total in expected], rel=1e-5)
    judged_BT = torch.tensor([[9, 9, -1, 9, -1, 9], [-1, 9, 9, 9, 9, 9]])
    loss = task.losses(output_BTC, Batch(Tokens(code_BT), judged_BT))
    assert loss.weight_B is not None and loss.weight_B.tolist() == [1, 1]


def test_what_is_kept_says_the_perplexity_of_neighbours():
    task = Embedding(loss=SkipGram(), context=1)
    batch = Batch(Tokens(torch.tensor([[4, 5, 6], [7, 0, 0]])), torch.tensor([[5, 6, 7], [-1, -1, -1]]))
    output_BTC = torch.randn(2, 3, SIZE, generator=torch.Generator().manual_seed(0))
    read = task.decode(task.keep(output_BTC, batch), SIGNATURE, None)
    assert batch.target is not None
    found = metric("neighbour_perplexity").measure(read, batch.target, None)
    assert found == pytest.approx(math.exp(reduce(task.losses(output_BTC, batch), None)), rel=1e-5)
    uniform = task.decode(task.keep(output_BTC * 0, batch), SIGNATURE, None)
    assert metric("neighbour_perplexity").measure(uniform, batch.target, None) == pytest.approx(SIZE, rel=1e-5)


def test_a_text_without_pairs_is_no_nan():
    task = Embedding(loss=SkipGram())
    output_BTC = torch.randn(1, 3, SIZE).requires_grad_()
    loss = task.losses(output_BTC, Batch(Tokens(torch.tensor([[BEGIN, 4, END]])), torch.tensor([[4, END, -1]])))
    assert loss.weight_B is not None and loss.value_B.tolist() == [0] == loss.weight_B.tolist()
    (gradient,) = torch.autograd.grad(loss.value_B.sum(), output_BTC)
    assert not gradient.any()


def test_words_of_the_same_company_come_together():
    known, stream = vocabulary(SIGNATURE, "input"), torch.Generator().manual_seed(0)
    sentences = []
    for _ in range(64):
        kind = int(torch.randint(2, (1,), generator=stream))
        first, verb, second = torch.randint(3, (3,), generator=stream).tolist()
        nouns, verbs = (ANIMALS, TOOLS)[kind], (WORDS[6:8], WORDS[8:])[kind]
        sentences.append(known.encode(f"{nouns[first]} {verbs[verb % 2]} {nouns[second]}"))
    batch = Batch(Tokens(torch.tensor(sentences)), torch.tensor(sentences))
    task = Embedding(loss=SkipGram(), context=2)
    made = network(task, MLP(widths=()))
    optimizer = torch.optim.Adam(made.parameters(), 0.05)
    for _ in range(80):
        optimizer.zero_grad()
        reduce(task.losses(made(Tokens(torch.tensor(sentences))), batch), None).backward()
        optimizer.step()
    for names in (ANIMALS, TOOLS):
        near = [known.pieces[code] for code, _ in neighbours(vectors(made), code_of(known, names[0]))]
        nouns = [word for word in near if word in (*ANIMALS, *TOOLS)]
        assert set(nouns[:2]) == set(names[1:])


def test_a_family_that_reads_the_words_before_is_refused():
    with pytest.raises(RecipeError) as fault:
        network(Embedding(), GRU(width=4))
    assert fault.value.code == "RECIPE-FIT" and fault.value.place.path == "model.kind"
    assert "mlp" in (fault.value.hint or "")


def test_what_the_plan_fills_in():
    task = Embedding()
    assert task.loss_for(TARGET).value == "skip_gram" and task.asks(TARGET) == "neighbours"
    assert task.metrics_for(TARGET).value == ("neighbour_perplexity",) and task.outputs(SIGNATURE) == SIZE
