"""Strict JSON lines: one flat object a line; a key that a line lacks is a missing cell."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from pellucid.data.cells import tidy
from pellucid.data.delimited import LONGEST_CELL, LONGEST_RECORD, BadRecord
from pellucid.data.encoding import decode
from pellucid.data.table_raw import CHUNK, MOST_COLUMNS, TableRaw, check_names
from pellucid.errors import DataError, Place, quote

if TYPE_CHECKING:
    import polars as pl

DEEPEST = 50
"""Brackets open at once; a row needs one."""


class _Refused(ValueError):
    """What a line says that JSON lines may not say."""


def read_jsonlines(
    data: bytes,
    path: str,
    *,
    missing: tuple[str, ...] = (),
    refuse: Callable[[BadRecord], None] | None = None,
) -> TableRaw:
    """The rows of a JSON lines file. `refuse` is told of each bad line; without it the first one raises.

    Raises: DataError with the line.
    """
    import numpy as np
    import polars as pl

    chunks: list[pl.DataFrame] = []
    rows: list[dict[str, str | None]] = []
    lines: list[int] = []
    names: dict[str, None] = {}
    for number, line in enumerate(decode(data, path).split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = parse_row(line)
        except _Refused as fault:
            bad = BadRecord(number, "DATA-JSON", str(fault))
            if refuse is None:
                raise DataError(bad.code, bad.message, place=Place(path, number), hint=_hint(line)) from None
            refuse(bad)
            continue
        names |= dict.fromkeys(row)
        rows.append(row)
        lines.append(number)
        if len(names) > MOST_COLUMNS:
            raise DataError("DATA-CSV-COLUMNS", f"more than {MOST_COLUMNS} keys", place=Place(path, number))
        if len(rows) == CHUNK:
            chunks.append(_columns(rows))
            rows = []
    chunks.append(_columns(rows))
    if not lines or not names:
        raise DataError("DATA-CSV-EMPTY", "the file has no rows", place=Place(path, 1))
    check_names(list(names), Place(path, lines[0]))
    frame = pl.concat([chunk for chunk in chunks if chunk.height], how="diagonal").select(list(names))
    frame = frame.select([tidy(cells, missing) for cells in frame.get_columns()])
    return TableRaw(frame, np.array(lines, np.int64), sha256(data).hexdigest(), (path,))


def parse_row(line: str) -> dict[str, str | None]:
    """One line as text cells.

    Raises: ValueError saying what is wrong with it.
    """
    return {key: _cell(key, cell) for key, cell in parse_object(line).items()}


def parse_object(line: str) -> dict[str, Any]:
    """One line as an object of text, lists and objects; numbers stay the text they are.

    Raises: ValueError saying what is wrong with it.
    """
    if len(line) > LONGEST_RECORD:
        raise _Refused("the line is longer than 16 MiB")
    # The depth is looked at before parsing: Python's parser recurses, and a bomb would end the process.
    if max(line.count("["), line.count("{")) > DEEPEST and _depth(line) > DEEPEST:
        raise _Refused(f"the line nests deeper than {DEEPEST}")
    try:
        value: Any = json.loads(
            line, object_pairs_hook=_pairs, parse_constant=_constant, parse_int=str, parse_float=str
        )
    except json.JSONDecodeError as fault:
        raise _Refused(f"is not JSON: {fault.msg.lower()} at character {fault.colno}") from None
    if not isinstance(value, _Row):
        raise _Refused("a row is one object {...} of column: value")
    return value


class _Row(dict[str, Any]):
    """An object of the file, told apart from what a cell may be."""


def _pairs(pairs: list[tuple[str, Any]]) -> _Row:
    row = _Row()
    for key, value in pairs:
        if key in row:
            raise _Refused(f"the key {quote(key)} is there twice")
        row[_text(key)] = value
    return row


def _constant(word: str) -> None:
    raise _Refused(f"{word} is not JSON; write null for a missing cell")


def _cell(key: str, cell: Any) -> str | None:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, (dict, list)):
        raise _Refused(f"column {quote(key)}: a cell is a number, a text, true, false or null, not a list or object")
    if cell is not None and len(cell) > LONGEST_CELL:
        raise _Refused(f"column {quote(key)}: the cell is longer than 1 MiB")
    return None if cell is None else _text(cell)


def _text(text: str) -> str:
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise _Refused("half of a surrogate pair, which is no character")
    if "\0" in text:
        raise _Refused("a NUL character")
    return text


def _depth(line: str) -> int:
    depth = deepest = 0
    quoted = escaped = False
    for char in line:
        if quoted:
            quoted = escaped or char != '"'
            escaped = char == "\\" and not escaped
        elif char == '"':
            quoted = True
        elif char in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif char in "]}":
            depth -= 1
    return deepest


def _hint(line: str) -> str | None:
    return "write one object a line, without the list around them" if line.lstrip().startswith("[") else None


def _columns(rows: list[dict[str, str | None]]) -> pl.DataFrame:
    import polars as pl

    names = dict.fromkeys(name for row in rows for name in row)
    return pl.DataFrame([pl.Series(name, [row.get(name) for row in rows], pl.String) for name in names])
