"""Parts of words, as the library trains them."""

from __future__ import annotations

import sys

import pytest

from pellucid.data.subwords import trained
from pellucid.data.vocabulary import FIRST, SubwordVocabulary
from pellucid.errors import ArtifactError, RecipeError

TEXTS = ["low lower lowest newer newest wide wider widest\n" * 10]


@pytest.mark.parametrize("method", ["bpe", "wordpiece"])
def test_frequent_words_become_one_piece_and_the_size_holds(method) -> None:
    found = SubwordVocabulary(trained(TEXTS, method, 700))
    assert found.size <= 700
    assert [found.pieces[code] for code in found.encode(" lowest")] == [" lowest"]
    assert len(found.encode("zq")) == 2


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
