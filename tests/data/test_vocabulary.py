"""Text as codes and back: exact where it is promised, and never by a vocabulary other than the stored one."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid import forms
from pellucid.data.signature import Signature
from pellucid.data.tokenizers import Bytes, Characters, Subwords, Tokenizer, Words
from pellucid.data.vocabulary import (
    BEGIN,
    END,
    FIRST,
    PADDING,
    UNKNOWN,
    ByteVocabulary,
    CharacterVocabulary,
    Vocabulary,
    WordVocabulary,
    from_json,
    split,
    vocabulary,
)
from pellucid.errors import ArtifactError

TEXT = "The cat sat.\nThe dog ran, the cat's dog!\n" * 20
NASTY = "Ünï  <unknown>\r\n\n▁a##b\x0b\u2028\u3042\U0001f600 " + "x" * 200 + "<end>"
EVERY: list[Tokenizer] = [
    Bytes(),
    Characters(),
    Words(),
    Subwords(size=600),
    Subwords(size=600, method="wordpiece"),
]
FITTED = [tokenizer.fit([TEXT]) for tokenizer in EVERY]
EXACT = [found for found in FITTED if not isinstance(found, (CharacterVocabulary, WordVocabulary))]
texts = st.text(st.characters(exclude_categories=["Cs"]))


def names(found: Vocabulary) -> str:
    return type(found).__name__


def test_padding_is_the_padding_of_the_forms() -> None:
    assert (PADDING, UNKNOWN, BEGIN, END) == (forms.PADDING, 1, 2, 3)


@pytest.mark.parametrize("found", FITTED, ids=names)
def test_plain_values_are_the_whole_vocabulary(found: Vocabulary) -> None:
    again = from_json(json.loads(json.dumps(found.as_json())))
    assert again.pieces == found.pieces and again.characters == found.characters
    assert again.encode(NASTY) == found.encode(NASTY)
    assert len(found.pieces) == len(found.characters) == found.size
    assert found.pieces[:FIRST] == ["<padding>", "<unknown>", "<begin>", "<end>"]


@pytest.mark.parametrize("found", FITTED, ids=names)
@given(text=texts)
def test_any_text_has_codes_of_the_vocabulary_and_none_of_padding(found: Vocabulary, text: str) -> None:
    codes = found.encode(text)
    assert all(code == UNKNOWN or FIRST <= code < found.size for code in codes)
    assert codes.count(UNKNOWN) == len(found.unknown(text))


@pytest.mark.parametrize("found", EXACT, ids=names)
@given(text=texts)
def test_bytes_and_parts_of_words_give_any_text_back(found: Vocabulary, text: str) -> None:
    codes = found.encode(text)
    assert found.decode(codes) == text
    assert sum(found.characters[code] for code in codes) == len(text)


@given(text=st.text(st.sampled_from(sorted(set(TEXT)))))
def test_characters_give_known_text_back(text: str) -> None:
    found = FITTED[1]
    assert found.decode(found.encode(text)) == text
    assert sum(found.characters[code] for code in found.encode(text)) == len(text)


@pytest.mark.parametrize("found", EXACT, ids=names)
def test_a_text_that_looks_like_special_tokens_is_text(found: Vocabulary) -> None:
    assert found.decode(found.encode(NASTY)) == NASTY
    assert min(found.encode(NASTY)) >= FIRST


@pytest.mark.parametrize("found", EXACT, ids=names)
def test_long_texts_are_cut_at_lines_without_a_trace(found: Vocabulary) -> None:
    text = TEXT * 170
    assert len(text) > 2**17
    line = found.encode("The cat sat.\n")
    assert found.encode(text)[: len(line)] == line and found.decode(found.encode(text)) == text
    whole = found.encode("The cat sat.\nThe dog ran, the cat's dog!\n")
    assert found.encode(text) == whole * 3400


@pytest.mark.parametrize("found", FITTED, ids=names)
def test_codes_of_no_text_are_not_written(found: Vocabulary) -> None:
    codes = found.encode("The cat")
    assert found.decode([BEGIN, *codes, END, PADDING]) == found.decode(codes)


def test_a_byte_that_is_no_text_is_shown() -> None:
    assert ByteVocabulary().decode([FIRST + 0xFF, FIRST + 65]) == "\ufffdA"


def test_what_is_not_known_is_told() -> None:
    characters, words = FITTED[1], FITTED[2]
    assert characters.unknown("cäta") == ["ä"] and characters.decode(characters.encode("cät")) == "c\ufffdt"
    assert words.unknown("The bird sat") == ["bird"] and words.decode(words.encode("A dog!")) == "<unknown> dog!"


def test_words_are_told_apart_from_signs_and_capitals_may_count() -> None:
    words = Words(least=1, lower=False).fit(["It's the dog, it's THE dog."])
    assert set(words.pieces[FIRST:]) == {"It's", "it's", "the", "THE", "dog", ",", "."}
    assert words.decode(words.encode("the dog, it's THE dog.")) == "the dog, it's THE dog."
    assert isinstance(words, WordVocabulary) and words.codes_of(["the dog"]).tolist() == [UNKNOWN]


def test_a_likelihood_per_character_counts_blanks_of_words() -> None:
    words = Words(least=1).fit(["one two"])
    assert sum(words.characters[code] for code in words.encode("one two")) == len("one two ")


def test_the_vocabulary_of_a_signature_is_made_once() -> None:
    signature = Signature("text", "x", 1, "", None, vocabulary={"input": FITTED[2].as_json()})
    first = vocabulary(signature, "input")
    assert vocabulary(signature.replace(length=7), "input") is first
    assert np.array_equal(first.codes(TEXT), FITTED[2].codes(TEXT))


@pytest.mark.parametrize("value", [{}, {"kind": "morse"}, {"kind": "word"}, {"kind": "subword", "document": {}}])
def test_damaged_values_are_refused(value: dict[str, object]) -> None:
    with pytest.raises(ArtifactError) as caught:
        from_json(value)
    assert caught.value.code == "FILE-PREPARE"


def test_words_that_only_blanks_split_say_so_in_their_values() -> None:
    assert split("C4:1, it's", signs=True) == ["C4", ":", "1", ",", "it's"]
    assert split("C4:1, it's", signs=False) == ["C4:1,", "it's"]
    assert "signs" not in WordVocabulary(["a"], lower=True).as_json()
    assert WordVocabulary(["a"], lower=True, signs=False).as_json()["signs"] is False
