"""Texts that stand in memory already."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pellucid.data.text_memory import from_memory
from pellucid.errors import DataError


def test_lists_frames_and_mappings() -> None:
    import pandas
    import polars

    columns = {"text": ["a", "b"], "y": [1, 2]}
    for rows in (columns, polars.DataFrame(columns), pandas.DataFrame(columns), ({"text": ["a", "b"]}, [1, 2])):
        raw = from_memory(rows, "y")
        assert raw.shape == "rows" and raw.table.frame.to_dict(as_series=False) == {"text": ["a", "b"], "y": ["1", "2"]}
    for texts in (["a", " b "], ("a", " b ", "c"), np.array(["a", " b "])):
        assert from_memory(texts, None).shape == "documents" and from_memory(texts, None).texts()[:2] == ["a", " b "]
    for labels in (["x", "y"], np.array(["x", "y"])):
        assert from_memory((["a", " b "], labels), None).table.frame["label"].to_list() == ["x", "y"]


def test_lists_of_words_are_tagged_sentences() -> None:
    words, tags = [["a", "b"], ["c"]], [["X", "Y"], ["X"]]
    for rows in ((words, tags), {"tokens": words, "labels": tags}, {"words": words, "ner_tags": tags}):
        raw = from_memory(rows, None)
        assert raw.words == words and raw.labels == tags
    assert from_memory({"tokens": words}, "tag").target == ("tag",) and not from_memory(words, None).labels


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ("one text", "DATA-MEMORY"),
        (7, "DATA-MEMORY"),
        (["a", 7], "DATA-CELL"),
        (["a", None], "DATA-CELL"),
        (["a", "\ud800"], "DATA-CELL"),
        ([], "DATA-CSV-EMPTY"),
        ((["a"], ["x", "y"]), "DATA-TARGET"),
        ({"text": ["a"], "y": []}, "DATA-CELL"),
    ],
)
def test_what_is_no_text_is_refused(rows: Any, code: str) -> None:
    with pytest.raises(DataError) as caught:
        from_memory(rows, None)
    assert caught.value.code == code
