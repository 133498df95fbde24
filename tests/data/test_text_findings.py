"""What is said about texts."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pellucid.data import text_findings
from pellucid.data.splitting import choose_split
from pellucid.data.text import Text
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


def test_shares_that_round_to_nothing_are_not_told() -> None:
    codes = [np.full(9999, 7), np.array([UNKNOWN])]
    (found,) = text_findings.unknown(codes, lambda row: ["zebra"], "text", severity="info")
    assert (
        found.message.startswith("1 of 10,000 tokens, in 1 texts, were not learnt") and "data.tokenizer" in found.cure
    )
    (found,) = text_findings.unknown(codes, lambda row: ["zebra"], "text", severity="warning")
    assert found.cure == "They are read as unknown."


def read(**columns: list[str]) -> tuple[TextRaw, list[str]]:
    """A table whose target is y, and the checks that found something."""
    data = Text(target="y")
    raw = data.read_rows(columns)
    return raw, [f"{found.severity} {found.check} {found.place}" for found in data.inspect(raw).findings]


SENTENCES = [f"soup number {place} of the day" for place in range(40)]


def test_the_order_of_rows_is_told_where_somebody_chose_it(tmp_path: Path) -> None:
    labels = ["a"] * 20 + ["b"] * 20
    assert read(text=SENTENCES, y=labels)[1] == ["warning sorted-by-target y"]
    assert read(text=SENTENCES, y=labels, split=["train", "test"] * 20)[1] == []
    for place, text in enumerate(SENTENCES):
        (tmp_path / labels[place]).mkdir(exist_ok=True)
        (tmp_path / labels[place] / f"{place}.txt").write_text(text)
    data = Text(path=str(tmp_path))
    assert data.inspect(data.read()).findings == ()


def test_columns_that_are_left_out_are_told_with_a_cure_that_helps() -> None:
    title = [f"the {text}" for text in SENTENCES]
    found = read(text=SENTENCES, subject=title, price=[str(place % 7) for place in range(40)], y=["a", "b"] * 20)[1]
    assert found == ["warning column-left-out subject", "info column-left-out price"]
    data = Text(text="text", into="y")
    raw = data.read_rows({"text": SENTENCES, "y": title, "note": title[::-1]})
    (finding,) = data.inspect(raw).findings
    assert finding.place == "note" and "data.text: note" in finding.cure


def test_equal_texts_in_train_and_test_are_counted() -> None:
    data = Text(target="y")
    raw = data.read_rows({"text": SENTENCES[:20] * 2, "y": ["a", "b"] * 20, "split": ["train"] * 20 + ["test"] * 20})
    signature = data.inspect(raw)
    loaded = data.load(raw, signature, choose_split(signature)[0], 0)
    (shared,) = [found for found in loaded.signature.findings if found.check == "rows-shared"]
    assert shared.evidence["rows"] == loaded.share["train"] > 10


def test_what_is_told_of_texts() -> None:
    told = text_findings.told(read(text=["The cat", "the old cat sat"], y=["a", "b"])[0])
    assert told["text"]["words"] == {"shortest": 2, "median": 2, "longest": 4}
    assert told["text"]["vocabulary"] == {"words": 4, "twice or more": 2}
    assert told["samples"] == ["The cat", "the old cat sat"]
    running = Text()
    told = text_findings.told(running.read_rows(["one\ntwo", "on"]))
    assert (told["characters"], told["different"], told["lines"]) == (9, 6, 3)
    pairs = Text(text="a", into="b").read_rows({"a": ["one two", "three"], "b": ["x y z", "u v"]})
    assert text_findings.told(pairs)["b"]["words"] == {"shortest": 2, "median": 2, "longest": 3}
