"""A large CSV file in pieces: the same strict rules as for a small one, in memory that does not grow with the file."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import polars as pl

from pellucid.data.cells import tidy
from pellucid.data.delimited import BadRecord, guess_delimiter, read_delimited
from pellucid.data.encoding import decode
from pellucid.data.table_raw import TableRaw, tidy_name
from pellucid.errors import DataError, Place

PIECE = 8 * 2**20
"""Bytes of one piece, and what is left of its last record."""


def pieces(path: str) -> Iterator[tuple[bytes, int]]:
    """(bytes, line where they start) of whole records: a piece ends at a line end outside quotes."""
    line, rest = 1, b""
    with Path(path).open("rb") as file:
        while block := file.read(PIECE):
            block = rest + block
            cut = _record_end(block)
            if cut:
                yield block[:cut], line
                line += block.count(b"\n", 0, cut)
            rest = block[cut:]
    if rest:
        yield rest, line


def digest(path: str) -> str:
    """SHA-256 over the bytes of a file."""
    found = sha256()
    with Path(path).open("rb") as file:
        while block := file.read(PIECE):
            found.update(block)
    return found.hexdigest()


def chunks(
    path: str, delimiter: str | None, missing: tuple[str, ...], refuse: Callable[[BadRecord], None] | None = None
) -> Iterator[TableRaw]:
    """The rows of a CSV file, some tens of thousands at a time, each with its line.

    Raises: DataError with the line where a record starts that cannot be a row.
    """
    header = b""
    for data, line in pieces(path):
        if not header:
            header, data = _header(data)
            line = 1 + header.count(b"\n")
            delimiter = delimiter or guess_delimiter(decode(header, path), path)
            if not data.strip():
                continue
        assert delimiter is not None
        found = _plain(header, data, path, delimiter, missing)
        if found is None:
            found = _strict(header, data, path, delimiter=delimiter, missing=missing, line=line, refuse=refuse)
        else:
            found = replace(found, line_N=found.line_N + line)
        if found is not None and found.rows:
            yield found


def _record_end(block: bytes) -> int:
    """Where the last whole record ends; 0 where none does."""
    end = block.rfind(b"\n") + 1
    while end and block.count(b'"', 0, end) % 2:
        end = block.rfind(b"\n", 0, end - 1) + 1
    return end


def _header(data: bytes) -> tuple[bytes, bytes]:
    """The first record that is not blank, with its line end and the blank lines before it, and the rest."""
    start = len(data) - len(data.lstrip(b"\r\n"))
    end = data.find(b"\n", start) + 1 or len(data)
    while data.count(b'"', start, end) % 2 and end < len(data):
        end = data.find(b"\n", end) + 1 or len(data)
    return data[:end], data[end:]


def _plain(header: bytes, data: bytes, path: str, delimiter: str, missing: tuple[str, ...]) -> TableRaw | None:
    """Rows without quotes, by the fast reader; None where only the strict one can judge."""
    if b'"' in data or b'"' in header or b"\n\n" in data or b"\r" in data or data.startswith(b"\n") or b"\0" in data:
        return None
    names = [tidy_name(name) for name in decode(header, path).strip("\r\n").split(delimiter)]
    rows = data.count(b"\n") + (not data.endswith(b"\n"))
    if data.count(delimiter.encode()) != rows * (len(names) - 1) or len(names) == 1:
        return None
    try:
        data.decode()
        frame = pl.read_csv(
            io.BytesIO(data), has_header=False, new_columns=names, separator=delimiter, quote_char=None,
            infer_schema=False,
        )  # fmt: skip
    except (UnicodeDecodeError, pl.exceptions.PolarsError):
        return None
    if frame.shape != (rows, len(names)):
        return None
    frame = pl.DataFrame([tidy(column, missing) for column in frame.get_columns()])
    return TableRaw(frame, np.arange(rows, dtype=np.int64), "", (path,))


def _strict(
    header: bytes,
    data: bytes,
    path: str,
    *,
    delimiter: str,
    missing: tuple[str, ...],
    line: int,
    refuse: Callable[[BadRecord], None] | None,
) -> TableRaw | None:
    """Rows by the reader of small files, with their lines counted from the start of the file."""
    before = line - 1 - header.count(b"\n")

    def shifted(record: BadRecord) -> None:
        assert refuse is not None
        refuse(replace(record, line=record.line + before))

    told = None if refuse is None else shifted
    try:
        found = read_delimited(header + data, path, delimiter=delimiter, missing=missing, refuse=told)
    except DataError as fault:
        if fault.code == "DATA-CSV-EMPTY":
            return None
        at = fault.place.line
        place = Place(path, at + before if at else None)
        raise DataError(fault.code, fault.message, place=place, hint=fault.hint) from None
    return replace(found, line_N=found.line_N + before)
