"""What is said about texts."""

from __future__ import annotations

import numpy as np

from pellucid.data import text_findings
from pellucid.data.text_load import row_hashes
from pellucid.data.text_raw import TextRaw, of_columns
from pellucid.data.vocabulary import UNKNOWN
from pellucid.errors import Place


def raw(*texts: str | None, **fields: object) -> TextRaw:
    return TextRaw("rows", of_columns({"text": texts}), **fields)  # type: ignore[arg-type]


def test_empty_texts_are_counted_and_the_first_is_named() -> None:
    (found,) = text_findings.empty(raw("a", " \n", None))
    assert found.check == "empty-text" and found.evidence == {"texts": 2, "first place": "row 2"}
    assert text_findings.empty(raw("a")) == []


def test_copies_are_counted() -> None:
    some = raw(*"aab", "a", "c")
    (found,) = text_findings.copies(some, row_hashes(some))
    assert found.evidence["texts"] == 2 and found.evidence["largest group"] == 3 and found.severity == "warning"
    assert text_findings.copies(raw("a", "b"), row_hashes(raw("a", "b"))) == []


def test_what_was_left_out_is_told_with_the_first_reason() -> None:
    (found,) = text_findings.left_out(raw("a", skipped={"a.csv:3": "the target is blank"}))
    assert "a.csv:3: the target is blank" in found.message and found.evidence["rows"] == 1
    assert text_findings.left_out(raw("a")) == []


def test_cut_texts_are_counted() -> None:
    codes = [np.arange(3), np.arange(9), np.arange(12)]
    (found,) = text_findings.cut(codes, 8, lambda row: Place(path=f"row {row + 1}"), "text")
    assert "2 of 3 texts (66.7%) are longer than 8 tokens" in found.message and found.severity == "warning"
    assert found.evidence == {"texts": 2, "longest": 12, "tokens lost": 5 / 24, "first": "row 2"}
    assert text_findings.cut(codes, 12, lambda row: Place(), "text") == []


def test_unknown_tokens_are_counted_with_examples() -> None:
    codes = [np.array([7, UNKNOWN, 8]), np.array([9]), np.array([UNKNOWN])]
    words = [["zebra"], [], ["zebra"]]
    (found,) = text_findings.unknown(codes, lambda row: words[row], "text", severity="warning")
    assert found.message.startswith('2 of 5 tokens (40.0%), in 2 texts, were not learnt, or too rare, such as "zebra"')
    assert found.evidence == {"tokens": 2, "share": 0.4, "texts": 2}
    assert text_findings.unknown(codes[1:2], lambda row: [], "text", severity="info") == []
    assert text_findings.unknown(codes[2:], lambda row: [], "text", severity="info") == []
