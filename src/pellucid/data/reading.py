"""Which reader a file needs: by its suffix, else by its first bytes, as standard input is told."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from pellucid.data.delimited import BadRecord, read_delimited
from pellucid.data.embedded import EMBEDDED
from pellucid.data.encoding import read_bytes
from pellucid.data.frames import read_parquet
from pellucid.data.jsonlines import read_jsonlines
from pellucid.data.table_raw import TableRaw
from pellucid.errors import DataError, Place

JSON_SUFFIXES = frozenset({".jsonl", ".ndjson", ".json"})
PARQUET_SUFFIXES = frozenset({".parquet", ".pq"})
FOREIGN = {
    b"PK\x03\x04": "a zip archive or a spreadsheet",
    b"\x1f\x8b": "compressed with gzip",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet",
    b"%PDF": "a PDF document",
    b"SQLite format 3": "an SQLite database",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
    b"ARROW1": "an Arrow file",
}
"""First bytes of files that are mistaken for tables."""


def read_table(
    path: str, delimiter: str | None, missing: tuple[str, ...], refused: dict[str, str] | None = None
) -> TableRaw:
    """The rows of a file or of an embedded set. Records of wrong length are put into `refused` where that is given.

    Raises: DataError with the line of the first thing that cannot be read.
    """
    known = EMBEDDED.get(path)
    if known is not None and known.kind == "table" and not Path(path).exists():
        raw = read_delimited(known.path.read_bytes(), path)
        return replace(raw, files=(path,))
    if path == "-":
        path, data = "standard input", sys.stdin.buffer.read()
        suffix = ".jsonl" if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") else ""
    else:
        data = read_bytes(path, [name for name, item in EMBEDDED.items() if item.kind == "table"])
        suffix = Path(path).suffix.lower()
    for magic, what in FOREIGN.items():
        if data.startswith(magic):
            message = f"is {what}, not a table of text"
            raise DataError("DATA-FILE", message, place=Place(path), hint="save it as CSV, JSON lines or Parquet")

    def refuse(record: BadRecord) -> None:
        assert refused is not None
        refused[str(Place(path, record.line))] = record.message

    told = None if refused is None else refuse
    if suffix in PARQUET_SUFFIXES or data.startswith(b"PAR1"):
        return read_parquet(data, path, missing=missing)
    if suffix in JSON_SUFFIXES:
        raw = read_jsonlines(data, path, missing=missing, refuse=told)
    else:
        raw = read_delimited(data, path, delimiter=delimiter, missing=missing, refuse=told)
    return replace(raw, skipped=refused or {})
