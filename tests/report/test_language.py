"""Language models: bits by position, passages, and models that count."""

from __future__ import annotations

import copy
import math
from dataclasses import replace

import pytest
import torch

from pellucid.data.vocabulary import END, vocabulary
from pellucid.forms import Tokens
from pellucid.metrics.catalogue import metric
from pellucid.metrics.metric import Prediction
from pellucid.report.language import baselines, language_section
from pellucid.report.ngrams import NGrams
from pellucid.report.outcome import Outcome, outcome


@pytest.fixture(scope="module")
def test(sequence) -> Outcome:
    return outcome(sequence("melodies"), "test")


def test_bits_by_position_and_passages_by_hand(sequence, test) -> None:
    evidence = sequence("melodies")
    batch, characters = test.batch.part(0, 2), test.prediction.characters
    width = test.truth.shape[1]
    truth = torch.full((2, width), 4)
    truth[1, 2:] = -1
    likelihood = torch.zeros(2, width, 2)
    likelihood[0, :, 0], likelihood[1, :, 0] = -2 * math.log(2), -math.log(2)
    said = Prediction(likelihood_NT2=likelihood, characters=characters)
    found = language_section(evidence, test, Outcome("test", batch, likelihood, said, truth))
    assert (found["tokens"], found["characters"]) == (width + 2, width + 2)
    ranges = [(one["low"], one["high"], one["token"]) for one in found["by_position"]]
    assert ranges[:3] == [(1, 1, 1.5), (2, 2, 1.5), (3, 4, 2.0)] and ranges[-1][1] == width
    assert found["passages"]["most"][0]["mean"] == 2.0
    assert found["passages"]["most"][0]["bits"][0] == 2.0


def test_models_that_count_are_judged_on_the_same_tokens(sequence, test) -> None:
    evidence = sequence("melodies")
    rungs = {rung.name: rung for rung in baselines(evidence, test, test, test)}
    size = vocabulary(evidence.signature, "input").size
    perplexity, bits = metric("perplexity"), metric("bits_per_character")
    assert perplexity.measure(rungs["uniform"].prediction, test.truth, None) == pytest.approx(size)
    one, two, three = (
        bits.measure(rungs[name].prediction, test.truth, None) for name in ("unigram", "bigram", "3-gram")
    )
    assert max(two, three) < 0.6 * one
    # one row by itself, token after token
    train = evidence.dataset.train.part(0, len(evidence.dataset.train))
    assert isinstance(train.input, Tokens) and isinstance(test.batch.input, Tokens)
    stream = [code for row in range(len(train)) for code in (-1, *row_of(train, row))]
    row = row_of(test.batch, 0)
    probability, _ = NGrams(torch.tensor(stream), size, 5).follow(torch.tensor(row))[2]
    judged = test.truth[0] != -1
    given = rungs["3-gram"].prediction.likelihood_NT2[0, judged, 0]
    torch.testing.assert_close(given, probability[1:].log()[judged[: len(row) - 1]])


def row_of(batch, row: int) -> list[int]:
    """The first token of a row and all that follow."""
    codes, target = batch.input.code_BT[row].tolist(), batch.target[row].tolist()
    after = [
        t if t >= 0 else (codes[at + 1] if at + 1 < len(codes) and codes[at + 1] else -1) for at, t in enumerate(target)
    ]
    return [codes[0], *after]


def test_it_goes_on_with_a_beginning_the_same_way_every_time(sequence, test) -> None:
    evidence = sequence("melodies")
    network = copy.deepcopy(evidence.network)
    with torch.no_grad():
        network.head.bias[END] = -50  # a network that learnt nothing ends where it likes
    evidence = replace(evidence, network=network)
    one, two = (language_section(evidence, test, test)["samples"] for _ in range(2))
    assert one == two and [sample["temperature"] for sample in one] == [0.5, 0.8, 1.0]
    assert all(sample["prompt"] for sample in one) and len({sample["text"] for sample in one}) == 3
