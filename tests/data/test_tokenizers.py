"""What tokenizers find in texts."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from pellucid.data.tokenizers import Bytes, Characters, Tokenizer, Words
from pellucid.data.vocabulary import FIRST, from_json
from pellucid.parts import concrete

TEXTS = ["The cat saw the dog", "the DOG saw nothing"]


def test_bytes_are_what_they_are() -> None:
    assert Bytes().fit(TEXTS).size == 256 + FIRST


def test_characters_stand_in_the_order_of_their_numbers() -> None:
    assert Characters().fit(["cab", "ac"]).pieces[FIRST:] == ["a", "b", "c"]
    assert Characters(least=2).fit(["cab", "ac"]).pieces[FIRST:] == ["a", "c"]


def test_words_stand_in_the_order_of_their_counts() -> None:
    assert Words().fit(TEXTS).pieces[FIRST:] == ["the", "dog", "saw"]
    assert Words(least=1, lower=False).fit(TEXTS).pieces[FIRST:] == [
        "saw",
        "the",
        "DOG",
        "The",
        "cat",
        "dog",
        "nothing",
    ]
    assert len(Words(least=1, size=16).fit([" ".join(map(chr, range(97, 123)))]).pieces) == 16 + FIRST


def test_words_that_somebody_told_apart_stay_whole() -> None:
    assert Words(least=1).fit_words([["New York", ","]]).pieces[FIRST:] == [",", "new york"]


@pytest.mark.parametrize("kind", ["byte", "character", "word", "subword"])
def test_a_tokenizer_is_named_by_its_kind(kind: str) -> None:
    assert concrete(Tokenizer, kind).dump()["kind"] == kind


CODE = """
import json, sys
from pellucid.data.tokenizers import *
texts = json.load(sys.stdin)
for tokenizer in (Characters(), Words(), Subwords(size=700), Subwords(size=900, method="wordpiece")):
    print(json.dumps(tokenizer.fit(texts).as_json()))
"""


def test_every_process_finds_the_same_vocabulary() -> None:
    texts = [f"word{i % 17} other{i % 23}s thing{i % 5}ing {'ab' * (i % 7)} ünï{i % 3}" for i in range(300)]
    found = set()
    for salt in ("0", "1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": salt}
        done = subprocess.run(
            [sys.executable, "-c", CODE], input=json.dumps(texts), env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        found.add(done.stdout)
    assert len(found) == 1


def test_blanks_alone_may_split() -> None:
    whole = Words(signs=False, least=1, lower=False).fit(["C4:1 D4:2 C4:1 , E4:1"])
    assert whole.pieces[FIRST:] == ["C4:1", ",", "D4:2", "E4:1"]
    assert whole.decode(whole.encode("D4:2 ,\tC4:1")) == "D4:2 , C4:1" and whole.unknown("C4 D4:2") == ["C4"]
    again = from_json(json.loads(json.dumps(whole.as_json())))
    assert again.encode("C4:1 E4:1") == whole.encode("C4:1 E4:1")
    assert Words(least=1).fit(["C4:1"]).pieces[FIRST:] == ["1", ":", "c4"]
