"""Vectors of words: nearest by cosine, analogies by sums, codes of no text never named."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from pellucid.data.signature import Signature
from pellucid.data.vocabulary import FIRST, CharacterVocabulary, WordVocabulary
from pellucid.errors import UsageError
from pellucid.explain.words import analogy, code_of, neighbours, told, vectors
from pellucid.forms import sequence
from pellucid.network.embed import TokenIntake

torch.set_num_threads(1)
WORDS = ["king", "queen", "man", "woman", "apple"]
KNOWN = WordVocabulary(WORDS, lower=True)
KING, QUEEN, MAN, WOMAN, APPLE = range(FIRST, FIRST + 5)
VECTOR_VD = torch.tensor(
    [[1, 1, 0], [1, 1, 0], [1, 1, 0], [1, 1, 0], [3, 3, 0.3], [2, -2, 0.1], [0.3, 3, 0], [0.2, -2, 0], [0, 0.1, 5]],
    dtype=torch.float64,
)
"""Royal or not, male or female, to be eaten; the first four stand for no text."""


def test_neighbours_are_the_largest_cosines_without_the_word_and_codes_of_no_text():
    found = neighbours(VECTOR_VD, KING, 3)
    cosine_V = torch.cosine_similarity(VECTOR_VD[KING][None], VECTOR_VD, dim=1)
    assert [code for code, _ in found] == [MAN, APPLE, QUEEN]
    assert [cosine for _, cosine in found] == pytest.approx(cosine_V[[MAN, APPLE, QUEEN]].tolist())
    assert len(neighbours(VECTOR_VD, KING, 100)) == 4


def test_an_analogy_by_hand():
    assert analogy(VECTOR_VD, (MAN, KING, WOMAN), 1)[0][0] == QUEEN
    found = analogy(VECTOR_VD, (MAN, KING, WOMAN))
    assert {code for code, _ in found} == {QUEEN, APPLE}


def test_a_word_is_one_token_or_refused_with_the_nearest():
    assert code_of(KNOWN, "Queen") == QUEEN
    for wrong in ("quen", "king queen", ""):
        with pytest.raises(UsageError) as fault:
            code_of(KNOWN, wrong)
        assert fault.value.code == "CLI-USAGE"
    with pytest.raises(UsageError) as fault:
        code_of(KNOWN, "quen")
    assert "queen" in (fault.value.hint or "")


def test_the_vectors_are_those_of_the_intake():
    intake = TokenIntake(9, sequence(1, 4), 3)
    assert torch.equal(vectors(nn.Sequential(intake, nn.Linear(3, 3))), intake.embedding.weight.detach().double())
    with pytest.raises(UsageError):
        vectors(nn.Linear(3, 3))


def test_words_are_told_by_name():
    intake = TokenIntake(len(VECTOR_VD), sequence(1, 4), 3)
    intake.embedding.weight.data = VECTOR_VD
    signature = Signature("text", "memory", 1, "", None, vocabulary={"input": KNOWN.as_json()})
    near = told(intake, signature, "king", None, 2)
    assert [one["word"] for one in near] == ["man", "apple"] and near[0]["cosine"] == pytest.approx(
        9.9 / (18.09 * 9.09) ** 0.5, abs=1e-6
    )
    assert told(intake, signature, None, "man king woman", 1)[0]["word"] == "queen"
    with pytest.raises(UsageError, match="three words, and these are 4"):
        told(intake, signature, None, "man king woman queen", 1)


def test_a_character_is_a_token_too():
    known = CharacterVocabulary(" ab")
    assert code_of(known, "a") == known.encode("a")[0]
