"""Which reader a file gets."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import polars as pl
import pytest

from pellucid.data.reading import read_table
from pellucid.errors import DataError

ROWS = {"a": ["1", "2"], "b": ["x", None]}


@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.txt", "t", "t.jsonl", "t.parquet", "parquet without a suffix"])
def test_every_format_gives_the_same_cells(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    frame = pl.DataFrame({"a": [1, 2], "b": ["x", None]})
    if name.endswith("jsonl"):
        frame.write_ndjson(path)
    elif "parquet" in name:
        frame.write_parquet(path)
    else:
        frame.write_csv(path, separator="\t" if name.endswith("tsv") else ",")
    raw = read_table(str(path), None, ())
    assert raw.frame.to_dict(as_series=False) == ROWS
    assert raw.files == (str(path),) and len(raw.fingerprint) == 64


def test_an_embedded_set_is_named_as_it_was_asked_for() -> None:
    raw = read_table("iris", None, ())
    assert raw.rows == 150 and str(raw.place(0)) == "iris:2"


def test_a_json_document_of_rows_gets_a_hint(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text('[{"a": 1}]')
    with pytest.raises(DataError) as caught:
        read_table(str(tmp_path / "t.json"), None, ())
    assert caught.value.hint == "write one object a line, without the list around them"


@pytest.mark.parametrize("form", ["csv", "tsv", "jsonl", "parquet"])
def test_standard_input_is_told_by_its_beginning(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = pl.DataFrame({"a": [1, 2], "b": ["x", None]})
    stream = io.BytesIO()
    if form == "jsonl":
        frame.write_ndjson(stream)
    elif form == "parquet":
        frame.write_parquet(stream)
    else:
        frame.write_csv(stream, separator="\t" if form == "tsv" else ",")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stream.getvalue())))
    raw = read_table("-", None, ())
    assert raw.frame.to_dict(as_series=False) == ROWS and str(raw.place()) == "standard input"


def test_standard_input_that_is_no_table_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\x1f\x8b\x08")))
    with pytest.raises(DataError, match="standard input: is compressed"):
        read_table("-", None, ())
