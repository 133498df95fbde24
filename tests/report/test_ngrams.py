"""Counting models of language: worked out by hand, and sums to one."""

from __future__ import annotations

import pytest
import torch

from pellucid.report.ngrams import NGrams, discounts

A, B, C = 0, 1, 2
STREAM = torch.tensor([A, B, A, B, A, C, -1, A, B])


def test_a_unigram_is_the_discounted_share_and_an_even_rest():
    # a 4, b 3, c 1 of 8; nothing was seen twice, so the discounts are those for want of anything better
    probability, said = NGrams(STREAM, 3, 1).follow(torch.tensor([A, B, C]))[0]
    rest = (0.9 + 0.9 + 0.5) / 3
    expected = torch.tensor([4 - 0.9 + rest, 3 - 0.9 + rest, 1 - 0.5 + rest], dtype=torch.float64) / 8
    torch.testing.assert_close(probability, expected)
    assert said.tolist() == [A, A, A]


def test_a_bigram_by_hand():
    # ab 3, ba 2, ac 1; the unigram below counts what stands before: a 1 (b), b 1 (a), c 1 (a), which is even
    probability, said = NGrams(STREAM, 3, 2).follow(torch.tensor([A, B, A, C]))[1]
    below = 1 / 3
    after_a = [3 - 0.9 + (0.9 + 0.5) * below, 1 - 0.5 + (0.9 + 0.5) * below]
    after_b = 2 - 0.75 + 0.75 * below
    expected = torch.tensor([after_a[0] / 4, after_b / 2, after_a[1] / 4], dtype=torch.float64)
    torch.testing.assert_close(probability[1:], expected)
    assert said[1:].tolist() == [B, A, B]


def test_discounts_by_the_formula():
    share = 40 / (40 + 2 * 20)
    expected = (1 - 2 * share * 20 / 40, 2 - 3 * share * 10 / 20, 3 - 4 * share * 4 / 10)
    assert discounts([40, 20, 10, 4]) == pytest.approx(expected)
    assert discounts([1, 900, 1, 1])[0] == 0.1 and discounts([5, 0, 1, 1]) == (0.5, 0.75, 0.9)


def test_no_gram_crosses_a_gap_and_short_contexts_fall_back():
    model = NGrams(STREAM, 3, 3)
    one, two, three = (found[0] for found in model.follow(torch.tensor([A, B, -1, B, A])))
    assert two[0] == one[0] and two[3] == one[3]
    assert three[1] == two[1] and three[4] == two[4]


def test_every_model_sums_to_one_after_every_context():
    stream = torch.randint(0, 7, (400,), generator=torch.Generator().manual_seed(0)) % 5
    stream[::60] = -1
    model = NGrams(stream, 7, 4)
    for context in ([0, 1, 2], [4, 4, 4], [6, 6, 1], [3, 6, 5]):
        asked = torch.tensor([code for token in range(7) for code in [-1, *context, token]])
        for probability, _ in model.follow(asked):
            torch.testing.assert_close(probability[4::5].sum(), torch.tensor(1.0, dtype=torch.float64))


def test_a_longer_context_helps_where_the_language_has_one():
    # a period of three with a branch that two tokens before decide
    stream = torch.tensor([0, 1, 2, 1, 3, 1] * 200)
    bits = [-probability[10:].log2().mean() for probability, _ in NGrams(stream, 4, 3).follow(stream)]
    assert bits[0] > 1.2 and 0.75 < bits[1] < 0.85 and bits[2] < 0.05


def test_an_empty_stream_leaves_the_even_guess():
    probability, _ = NGrams(torch.zeros(0, dtype=torch.int64), 4, 3).follow(torch.tensor([1, 2, 3]))[2]
    torch.testing.assert_close(probability, torch.full((3,), 0.25, dtype=torch.float64))
