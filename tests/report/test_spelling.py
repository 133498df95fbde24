"""Tokens as text."""

from __future__ import annotations

import torch

from pellucid.data.batch import Batch
from pellucid.data.vocabulary import CharacterVocabulary, WordVocabulary
from pellucid.forms import Paired, Steps, Tokens
from pellucid.report.spelling import codes, lengths, read, shown


def test_words_have_a_blank_behind_them_and_characters_have_none() -> None:
    assert shown(WordVocabulary(["tea", "cup"], lower=True), [4, 5]) == ["tea ", "cup "]
    assert shown(CharacterVocabulary("ab"), [5, 4, 3]) == ["b", "a", "<end>"]


def test_lengths_are_those_of_what_is_read_first() -> None:
    tokens = Tokens(torch.tensor([[4, 5, 0], [4, 0, 0]]))
    other = Tokens(torch.tensor([[2, 4], [2, 0]]))
    mask = torch.tensor([[True, False]])
    assert lengths(Batch(Paired(tokens, other), None)).tolist() == [2, 1]
    assert lengths(Batch(Steps(torch.zeros(1, 2, 3), mask), None)).tolist() == [1]
    assert lengths(Batch(torch.zeros(2, 3), None)) is None and codes(Batch(torch.zeros(2, 3), None)) is None


def test_rows_are_read_back(sequence) -> None:
    evidence = sequence("opinions")
    batch = evidence.dataset.test.part(0, 3)
    for row, text in zip(batch.row_B.tolist(), read(evidence.signature, batch), strict=True):
        assert evidence.text(row).startswith(text.split()[0]) and text.split()[:3] == evidence.text(row).split()[:3]
