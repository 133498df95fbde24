"""Which column is the text, and what is asked about it."""

from __future__ import annotations

from typing import Any

import pytest

from pellucid.data import frames
from pellucid.data.text_columns import bad_targets, columns_of, find_text, settled, target_of
from pellucid.data.text_conll import of_sentences
from pellucid.data.text_raw import TextRaw, of_columns
from pellucid.errors import DataError

REVIEWS = [f"this soup was number {place} of {place + 3} I had" for place in range(40)]
LABELS = ["good", "bad"] * 20


def table(**columns: list[Any]) -> TextRaw:
    return TextRaw("rows", frames.from_memory(columns))


def test_the_text_is_found_by_its_name_or_its_length() -> None:
    named = table(title=REVIEWS, text=LABELS, y=LABELS)
    assert find_text(named, ("y",)) == ("text", "of its name", 0.5)
    long = table(what=REVIEWS, code=LABELS, y=LABELS)
    name, why, sure = find_text(long, ("y",))
    assert (name, why) == ("what", "its cells are the longest") and 0.8 < sure < 1
    assert find_text(table(what=LABELS, y=LABELS), ("y",))[0] == "what"
    with pytest.raises(DataError, match="no column of texts"):
        find_text(table(y=LABELS), ("y",))


def test_what_is_asked_follows_from_the_target() -> None:
    english, number = [f"the {text}" for text in REVIEWS], [place / 7 for place in range(40)]
    zeros = [place % 2 for place in range(40)]
    for columns, targets, kind in [
        ({"text": REVIEWS, "y": LABELS}, ("y",), "classes"),
        ({"text": REVIEWS, "y": number}, ("y",), "values"),
        ({"text": REVIEWS, "a": zeros, "b": zeros[::-1]}, ("a", "b"), "labels"),
        ({"text": REVIEWS, "y": english}, ("y",), "sentence"),
        ({"text": REVIEWS}, (), "next"),
        ({"text": REVIEWS, "y": LABELS}, ("text",), "next"),
    ]:
        told = "text" if targets == ("text",) else None
        assert target_of(settled(table(**columns), told, targets, None)).kind == kind
    pairs = settled(table(text=LABELS, y=["x", "y"] * 20), None, (), "y")
    assert target_of(pairs).kind == "sentence" and pairs.into == "y"
    assert settled(table(source=LABELS, target=LABELS), None, ("target",), None).into == "target"


def test_without_a_target_other_columns_are_a_question() -> None:
    with pytest.raises(DataError, match=r"data\.target does not say") as caught:
        settled(table(text=REVIEWS, y=LABELS), None, (), None)
    assert caught.value.code == "DATA-TARGET" and caught.value.hint is not None and "y" in caught.value.hint


def test_an_unknown_column_is_refused_with_the_nearest() -> None:
    for arguments in [("txt", ("y",), None), (None, ("z",), None), (None, (), "yy")]:
        with pytest.raises(DataError, match="there is no column"):
            settled(table(text=REVIEWS, y=LABELS), *arguments)
    plain = TextRaw("documents", of_columns({"text": REVIEWS}))
    with pytest.raises(DataError, match="nothing beside the text"):
        settled(plain, None, ("y",), None)


def test_labels_of_words_are_counted_over_all_of_them() -> None:
    target = target_of(of_sentences([["a", "b"], ["c"]], [["X", "Y"], ["X"]], "tag"))
    assert (target.kind, target.classes, target.counts) == ("steps", ("X", "Y"), (2, 1))
    with pytest.raises(DataError, match='every word has the label "X"') as caught:
        target_of(of_sentences([["a", "b"]], [["X", "X"]], "tag"))
    assert caught.value.code == "DATA-TARGET-CONSTANT"
    with pytest.raises(DataError, match="no word has a label"):
        target_of(of_sentences([["a"]], None, "tag"))


def test_one_class_and_blank_targets_are_refused() -> None:
    with pytest.raises(DataError, match="every row") as caught:
        target_of(settled(table(text=REVIEWS, y=["same"] * 40), None, ("y",), None))
    assert caught.value.code == "DATA-TARGET-CONSTANT"
    raw = settled(table(text=REVIEWS, y=[*LABELS[:-1], None]), None, ("y",), None)
    assert [(bad.code, bad.rows) for bad in bad_targets(raw)] == [("DATA-TARGET-BLANK", (39,))]
    number = [str(place) for place in range(39)]
    raw = settled(table(text=REVIEWS, y=[*number, "many"]), None, ("y",), None)
    assert [(bad.code, bad.rows) for bad in bad_targets(raw)] == [("DATA-CSV-TYPE", (39,))]


def test_every_column_says_why_it_is_what_it_is() -> None:
    raw = settled(table(text=REVIEWS, more=[f"w{place % 3}" for place in range(40)], y=LABELS), None, ("y",), None)
    text, more, target = columns_of(raw, "classes", {})
    assert (text.role, text.type, text.why, text.confidence) == ("input", "text", "of its name", 1.0)
    assert (more.role, target.role) == ("dropped", "target") and "kind: table" in more.why
    assert columns_of(raw, "classes", {"more": "group"})[1].role == "group"


def test_running_text_is_split_by_document_where_there_are_enough() -> None:
    few = TextRaw("documents", of_columns({"text": REVIEWS[:3]}))
    many = TextRaw("documents", of_columns({"text": REVIEWS}))
    assert columns_of(few, "next", {})[-1].role == "time" and columns_of(many, "next", {})[-1].role == "group"


def test_columns_that_are_called_a_pair_need_no_target() -> None:
    replies = [f"no, the {text}" for text in REVIEWS]
    raw = settled(table(topic=LABELS, answer=replies, question=REVIEWS), None, (), None)
    assert (raw.text, raw.into, raw.target, target_of(raw).kind) == ("question", "answer", ("answer",), "sentence")
    assert 'the names "question" and "answer" make a pair' in columns_of(raw, "sentence", {})[2].why
    assert settled(table(answer=replies, question=REVIEWS), "question", (), None).shape == "documents"
    assert settled(table(answer=replies, question=REVIEWS), None, ("question",), None).into == "question"
    few = table(question=REVIEWS, answer=[replies[place % 13] for place in range(40)])
    assert settled(few, None, (), None).into == settled(few, None, ("answer",), None).into == "answer"


def test_another_column_of_sentences_says_how_it_would_be_learnt_from() -> None:
    raw = settled(table(text=REVIEWS, more=[f"the {text}" for text in REVIEWS], y=LABELS), None, ("y",), None)
    more = columns_of(raw, "classes", {})[1]
    assert (more.role, more.why) == ("dropped", "the text is learnt from alone")
