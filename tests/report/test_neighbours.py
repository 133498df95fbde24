"""Vectors of words: the unigram's likelihood of neighbours, and words that are alike."""

from __future__ import annotations

import pytest
import torch

from pellucid.data.vocabulary import FIRST
from pellucid.metrics.catalogue import metric
from pellucid.report.neighbours import around, baselines, neighbours_section
from pellucid.report.outcome import outcome
from pellucid.report.spelling import codes


def test_every_token_alike_has_the_perplexity_of_the_vocabulary(sequence) -> None:
    evidence = sequence("vectors")
    test = outcome(evidence, "test")
    uniform, unigram = baselines(evidence, test, test, test)
    score = metric("neighbour_perplexity")
    size = evidence.network.head.out_features - FIRST
    assert score.measure(uniform.prediction, test.truth, None) == pytest.approx(size, rel=1e-6)
    assert score.measure(unigram.prediction, test.truth, None) < 0.8 * size
    # the tokens around are those that the task itself judges
    assert torch.equal(
        uniform.prediction.likelihood_NT2[..., 1].round(), test.prediction.likelihood_NT2[..., 1].double()
    )


def test_sums_over_neighbours_by_hand(sequence) -> None:
    evidence = sequence("vectors")
    test = outcome(evidence, "test")
    code_T = codes(test.batch)[0].tolist()
    chance = torch.rand(evidence.network.head.out_features, generator=torch.Generator().manual_seed(0)).double()
    found, reach = around(evidence, test, chance)[0], evidence.task.context
    for at in (1, 10, len(code_T) - 2):
        near = [code for place in range(at - reach, at + reach + 1) if place != at and 0 <= place < len(code_T)
                for code in [code_T[place]] if code >= FIRST]  # fmt: skip
        if test.truth[0, at] >= 0 and code_T[at] >= FIRST:
            assert float(found[at, 0]) == pytest.approx(sum(float(chance[code].log()) for code in near))
            assert float(found[at, 1]) == pytest.approx(len(near))


def test_words_are_listed_with_those_most_like_them(sequence) -> None:
    evidence = sequence("vectors")
    test = outcome(evidence, "test")
    for one in neighbours_section(evidence, test, test)["words"]:
        cosines = [near["cosine"] for near in one["near"]]
        assert cosines == sorted(cosines, reverse=True) and one["word"] not in [near["word"] for near in one["near"]]
