"""A dictionary from pairs of sentences."""

from __future__ import annotations

from collections import defaultdict
from itertools import product

import pytest

from pellucid.report.lexicon import NOTHING, TURNS, Lexicon

PAIRS = [
    (["the", "house"], ["la", "casa"]),
    (["the", "book"], ["el", "libro"]),
    (["a", "book"], ["un", "libro"]),
    (["a", "green", "house"], ["una", "casa", "verde"]),
    (["the", "green", "book"], ["el", "libro", "verde"]),
]


def test_words_find_their_translations():
    lexicon = Lexicon(PAIRS)
    assert lexicon.translate(["the", "green", "house", "book", "Moses"]) == ["el", "verde", "casa", "libro", "Moses"]


def test_it_equals_the_formula_written_out():
    share: dict[tuple[str, str], float] = defaultdict(lambda: 1.0)
    for _ in range(TURNS):
        count: dict[tuple[str, str], float] = defaultdict(float)
        for source, target in PAIRS:
            for word in target:
                total = sum(share[own, word] for own in [NOTHING, *source])
                for own in [NOTHING, *source]:
                    count[own, word] += share[own, word] / total
        for own, word in product([NOTHING, "the", "a", "green", "house", "book"], ["la", "casa", "el", "libro", "un"]):
            count[own, word] += 0.0
        totals: dict[str, float] = defaultdict(float)
        for (own, _), value in count.items():
            totals[own] += value
        share = defaultdict(float, {pair: value / totals[pair[0]] for pair, value in count.items()})
    lexicon = Lexicon(PAIRS)
    for word in ("the", "green", "house", "book"):
        assert lexicon.share[word] == pytest.approx(share[word, lexicon.best[word]])


def test_nothing_to_learn_from_leaves_words_as_they_are():
    assert Lexicon([]).translate(["a"]) == ["a"] and Lexicon([(["a"], [])]).translate(["a"]) == ["a"]
