"""Texts as read."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.data.signature import Column, Signature, Target
from pellucid.data.text_conll import of_sentences
from pellucid.data.text_raw import TextRaw, joined, of_columns
from pellucid.errors import DataError

CLASSES = Signature("text", "", 0, "", Target("classes", ("y",)), (Column("id", "text", "id", ""),))


def test_a_table_of_texts_keeps_them_as_they_are() -> None:
    raw = TextRaw("rows", of_columns({"text": ["  two blanks ", "NA", None], "y": ["1", "2", "3"]}))
    assert raw.texts() == ["  two blanks ", "NA", ""] and raw.rows == 3 and str(raw.place(2)) == "row 3"
    for columns, said in [({"text": []}, "there are no texts"), ({"a": ["x"], "b": []}, "different lengths")]:
        with pytest.raises(DataError, match=said):
            of_columns(columns)


def test_rows_are_named_by_ids_and_files() -> None:
    table = of_columns({"text": ["a", "b"], "id": ["7", "8"], "file": ["x.txt", "y.txt"]})
    assert TextRaw("rows", table).names_of_rows(CLASSES) == {"id": ["7", "8"]}
    assert TextRaw("rows", table, filed=True).names_of_rows(CLASSES)["file"] == ["x.txt", "y.txt"]
    running = CLASSES.replace(target=Target("next", ("text",)))
    assert TextRaw("rows", table, filed=True).names_of_rows(running) == {}


def test_words_and_labels_go_with_their_rows() -> None:
    raw = of_sentences([["a"], ["b"], ["c"]], [["X"], ["Y"], ["Z"]], "tag").take(np.array([True, False, True]))
    assert raw.words == [["a"], ["c"]] and raw.labels == [["X"], ["Z"]] and raw.texts() == ["a", "c"]


def test_files_of_a_split_become_one() -> None:
    parts = [of_sentences([["a"]], [["X"]], "tag"), of_sentences([["b"], ["c"]], [["Y"], ["Z"]], "tag")]
    raw = joined(parts)
    assert raw.words == [["a"], ["b"], ["c"]] and raw.table.file_N is not None
    assert raw.table.file_N.tolist() == [0, 1, 1]
    with pytest.raises(DataError, match="hold different things"):
        joined([parts[0], TextRaw("documents", of_columns({"text": ["x"]}))])
