"""Parts of words, as the library trains them."""

from __future__ import annotations

import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pellucid.data import subwords, vocabulary
from pellucid.data.subwords import trained
from pellucid.data.vocabulary import FIRST, SubwordVocabulary
from pellucid.errors import ArtifactError, RecipeError

METHODS = ("bpe", "wordpiece")
TEXTS = ["low lower lowest newer newest wide wider widest\n" * 10]
CUT = {method: SubwordVocabulary(trained(TEXTS, method, 700)) for method in METHODS}


@pytest.mark.parametrize("method", METHODS)
def test_frequent_words_become_one_piece_and_the_size_holds(method) -> None:
    found = SubwordVocabulary(trained(TEXTS, method, 700))
    assert found.size <= 700
    assert [found.pieces[code] for code in found.encode(" lowest")] == [" lowest"]
    assert len(found.encode("zq")) == 2


@given(st.text(st.sampled_from("lowerst  \n\n\t\r\x0b\x1c\x85\xa0\u2028\u3000.,'1é東😀\u0301"), max_size=60))
@example(" a  b\n  c \t d\n\n e " + "x" * 200 + " y")
def test_words_looked_up_one_by_one_are_cut_as_the_library_cuts_the_text(text: str) -> None:
    for method in METHODS:
        found = CUT[method]
        whole = found._library.encode(text, add_special_tokens=False).ids
        assert found.encode(text) == [code + FIRST for code in whole] == found.encode(text)
        assert found.decode(found.encode(text)) == text


def test_words_that_are_remembered_do_not_grow_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vocabulary, "KNOWN", 20)
    found = SubwordVocabulary(trained(TEXTS, "bpe", 700))
    for at in range(50):
        found.encode(f"low {at} lower {at + 1} " + "w" * 100)
        assert len(found._known) <= 26 and max(map(len, found._known)) <= 64


def test_words_are_learnt_from_until_there_are_enough_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subwords, "RUN", 40)
    monkeypatch.setattr(subwords, "HELD", 100)
    taken = iter([*["low low low " * 50, "größer " * 30], *(f"w{at:08} " for at in range(1000)), "never"])
    trained(taken, "bpe", 700)
    assert 980 < len(list(taken)) < 1000
    taken = iter(["".join(map(chr, range(0x4E00, 0x4E00 + 5000)))])
    whole, part = trained(["东京" * 10], "bpe", 700), trained(taken, "bpe", 700)
    assert len(part["model"]["vocab"]) < len(whole["model"]["vocab"]) + 100


def test_no_token_of_the_library_is_looked_for_in_the_text() -> None:
    document = trained(TEXTS, "wordpiece", 700)
    assert document["added_tokens"] == []
    assert all(code >= FIRST for code in SubwordVocabulary(document).encode("\u2581l<unknown>"))


def test_without_the_library_the_command_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    document = trained(TEXTS, "bpe", 700)
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(RecipeError, match="tokenizers") as caught:
        trained(TEXTS, "bpe", 700)
    assert caught.value.hint is not None and "pip install" in caught.value.hint
    with pytest.raises(ArtifactError, match="tokenizers"):
        SubwordVocabulary(document).encode("low")
