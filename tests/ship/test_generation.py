from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

import pellucid
from pellucid.data.vocabulary import BEGIN, ByteVocabulary, CharacterVocabulary, Vocabulary, WordVocabulary, vocabulary
from pellucid.errors import UsageError
from pellucid.forms import Tokens
from pellucid.jobs import Run, generate, load
from pellucid.ship.generation import flowing

BYTES, WORDS = ByteVocabulary(), WordVocabulary(["the", "cat", ",", "sat", "(", ")"], lower=True)


@pytest.mark.parametrize(
    ("known", "before", "text", "pieces"),
    [
        (BYTES, "été ", "naïve 日😀", ["n", "a", "ï", "v", "e", " ", "日", "😀"]),
        (BYTES, "", "", []),
        (CharacterVocabulary("ab "), "a", "b a", ["b", " ", "a"]),
        (WORDS, "the", "cat, sat (the cat)", [" cat", ",", " sat", " (", " the", " cat", ")"]),
        (WORDS, "", "the cat", ["the", " cat"]),
    ],
)
def test_pieces_are_whole_characters(known: Vocabulary, before: str, text: str, pieces: list[str]):
    assert list(flowing(known.encode(text), known, known.encode(before))) == pieces


def test_bytes_that_never_become_a_character_are_shown_as_such():
    whole, half = BYTES.encode("日"), BYTES.encode("日")[:2]
    assert "".join(flowing([*half, *BYTES.encode("ab")], BYTES)) == "\ufffdab"
    assert list(flowing(half, BYTES)) == ["\ufffd"]
    assert list(flowing([*whole, *half], BYTES)) == ["日", "\ufffd"]


def test_a_piece_is_told_before_the_next_is_written():
    told: list[str] = []

    def codes() -> Iterator[int]:
        for code in BYTES.encode("aé"):
            told.append("code")
            yield code

    for piece in flowing(codes(), BYTES):
        told.append(piece)
    assert told == ["code", "a", "code", "code", "é"]


def test_the_most_probable_text_is_that_of_the_network(language: Run):
    known = vocabulary(language.model.signature, "input")
    codes = known.encode("the ")
    with torch.no_grad():
        for _ in range(12):
            logit_C = language.model.network.eval()(Tokens(torch.tensor([codes])))[0, -1]
            logit_C[: BEGIN + 1] = -torch.inf
            codes.append(int(logit_C.argmax()))
    text = generate(language, "the ", length=12, temperature=0)
    assert "".join(text) == known.decode(codes)[4:] == text.text
    assert text.tokens == 12 and text.seconds > 0 and text.continues and not text.findings
    assert text.as_json()["text"] == text.text and list(text) == []


def test_the_same_seed_writes_the_same_text_from_disk_too(language: Run):
    assert language.folder is not None
    one, again, other = ("".join(generate(language, "a ", length=40, seed=seed)) for seed in (1, 1, 2))
    assert one == again != other and len(one) == 40
    assert "".join(pellucid.generate(language.folder, "a ", length=40, seed=1)) == one
    assert "".join(generate(load(language.folder / "model"), "a ", length=40, seed=1)) == one


def test_from_the_beginning_and_behind_more_than_was_read_at_once(language: Run):
    assert len("".join(generate(language, length=30))) == 30
    assert len("".join(generate(language, "the red cat " * 50, length=200))) == 200


def test_what_the_prompt_has_of_unknown_tokens_is_counted(language: Run):
    text = generate(language, "cät #", length=3)
    assert [finding.check for finding in text.findings] == ["unknown-token"]
    assert text.findings[0].place == "prompt" and text.findings[0].evidence["tokens"] == 2
    assert len("".join(text)) == 3


def test_a_sentence_is_translated(translation: Run):
    text = generate(translation, "the cat sees a dog")
    assert list(text) == translation.predict({"source": ["the cat sees a dog"]})["prediction"] == [text.text]
    assert not text.continues
    assert generate(translation, "the zebra").findings


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"length": 0}, "length is at least 1, and 0 was given"),
        ({"temperature": -0.5}, "temperature is at least 0, and -0.5"),
        ({"temperature": float("nan")}, "temperature is at least 0, and nan"),
        ({"top_p": 0.0}, "top_p is above 0 and at most 1"),
        ({"top_p": 1.5}, "top_p is above 0 and at most 1"),
        ({"top_k": -1}, "top_k is 0"),
        ({"repetition": 0.0}, "repetition is above 0"),
    ],
)
def test_values_out_of_range(values: dict[str, float], says: str, language: Run):
    with pytest.raises(UsageError, match=says):
        generate(language, "a", **values)  # pyright: ignore[reportArgumentType]


def test_runs_that_write_nothing_say_what_they_do(labelling: Run, forecasting: Run, tmp_path: Path):
    with pytest.raises(UsageError, match="this run writes no text: it predicts a label for each position"):
        generate(labelling, "a")
    with pytest.raises(UsageError, match="it predicts forecasts") as caught:
        generate(forecasting)
    assert "language" in (caught.value.hint or "")
    with pytest.raises(UsageError, match="no run and no model here"):
        generate(tmp_path)
