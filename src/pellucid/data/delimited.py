"""Strict reading of CSV and TSV: every record is checked before any value is looked at."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from pellucid.data.cells import tidy
from pellucid.data.encoding import decode
from pellucid.data.table_raw import CHUNK, TableRaw, check_names, tidy_name
from pellucid.errors import DataError, Place, quote

if TYPE_CHECKING:
    import polars as pl

DELIMITERS = (",", ";", "\t", "|")
LONGEST_CELL = 2**20
"""Characters of one cell."""
LONGEST_RECORD = 2**24
"""Characters of one record."""


@dataclass(frozen=True)
class BadRecord:
    """A record that cannot be a row, and why."""

    line: int
    code: str
    message: str


def read_delimited(
    data: bytes,
    path: str,
    *,
    delimiter: str | None = None,
    missing: tuple[str, ...] = (),
    refuse: Callable[[BadRecord], None] | None = None,
) -> TableRaw:
    """The rows of a CSV or TSV file. `refuse` is told of each record of wrong length; without it the first one raises.

    Raises: DataError with the line where the record starts.
    """
    import numpy as np
    import polars as pl

    text = decode(data, path)
    records = _records(text, path, delimiter or guess_delimiter(text, path))
    line, header = next(records, (1, []))
    names = [tidy_name(name) for name in header]
    if not any(names):
        raise DataError("DATA-CSV-EMPTY", "the file has no header and no rows", place=Place(path, 1))
    check_names(names, Place(path, line))
    chunks: list[pl.DataFrame] = []
    rows: list[list[str]] = []
    lines: list[int] = []
    for line, record in records:
        if len(record) != len(names):
            _ragged(line, record, names, path, refuse)
            continue
        rows.append(record)
        lines.append(line)
        if len(rows) == CHUNK:
            chunks.append(_columns(names, rows, missing))
            rows = []
    if rows:
        chunks.append(_columns(names, rows, missing))
    if not chunks:
        message = f"the file has a header ({len(names)} columns) and no rows"
        raise DataError("DATA-CSV-EMPTY", message, place=Place(path, 1))
    return TableRaw(pl.concat(chunks), np.array(lines, np.int64), sha256(data).hexdigest(), (path,))


def guess_delimiter(text: str, path: str) -> str:
    """The delimiter that the first line has most of; tab for `.tsv`, comma where there is none."""
    if path.lower().endswith((".tsv", ".tab")):
        return "\t"
    header = text.lstrip("\r\n").split("\n", 1)[0]
    outside = "".join(header.split('"')[::2])
    counts = [outside.count(delimiter) for delimiter in DELIMITERS]
    return DELIMITERS[counts.index(max(counts))]


def _records(text: str, path: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Each record that is not blank, with the line where it starts."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    # The limit is one number for the whole process: it is put back as soon as the file is read.
    before = csv.field_size_limit(LONGEST_CELL)
    start = 1
    try:
        for record in reader:
            if record:
                if reader.line_num - start > 1 and sum(map(len, record)) > LONGEST_RECORD:
                    raise DataError("DATA-CSV-LONG", "the row is longer than 16 MiB", place=Place(path, start))
                yield start, record
            start = reader.line_num + 1
    except csv.Error as fault:
        raise _structure(str(fault), path, start) from None
    finally:
        csv.field_size_limit(before)


def _structure(fault: str, path: str, line: int) -> DataError:
    place = Place(path, line)
    if "unexpected end" in fault:
        return DataError("DATA-CSV-QUOTE", "a quote that is opened in this row is never closed", place=place)
    if "expected after" in fault:
        message = "a quoted cell goes on after its closing quote; or its quote was closed by that of a later row"
        return DataError("DATA-CSV-QUOTE", message, place=place, hint='a quote inside a cell is written twice: ""')
    if "field limit" in fault:
        message = "a cell in this row is longer than 1 MiB; or its quote is never closed"
        return DataError("DATA-CSV-LONG", message, place=place)
    return DataError("DATA-CSV-STRUCTURE", f"the row cannot be read: {fault}", place=place)


def _ragged(
    line: int, record: list[str], names: list[str], path: str, refuse: Callable[[BadRecord], None] | None
) -> None:
    found, expected = len(record), len(names)
    what = f'the last of them, "{names[-1]}", and others may be missing' if found < expected else "a cell too many"
    if found == expected - 1:
        what = "one cell is missing"
    message = f"the row has {found} cells where the header has {expected} columns: {what}"
    if refuse is not None:
        refuse(BadRecord(line, "DATA-CSV-RAGGED", message))
        return
    extra = f"; the first cell too many is {quote(record[expected])}" if found > expected else ""
    hint = "put quotes around a cell that holds the delimiter; or see data.on_bad_row"
    raise DataError("DATA-CSV-RAGGED", message + extra, place=Place(path, line), hint=hint)


def _columns(names: list[str], rows: list[list[str]], missing: tuple[str, ...]) -> pl.DataFrame:
    import polars as pl

    columns = zip(names, zip(*rows, strict=True), strict=True)
    return pl.DataFrame([tidy(pl.Series(name, cells, pl.String), missing) for name, cells in columns])
