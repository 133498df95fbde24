"""Whether a path holds text to learn from, judged by its name and its first lines alone."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pellucid.data.columns import ID_NAME, SPLIT_NAMES
from pellucid.data.delimited import guess_delimiter

TAGGED = frozenset({".conll", ".conllu", ".iob", ".bio"})
PLAIN = frozenset({".txt", ".text"})
TABLES = frozenset({".csv", ".tsv", ".tab", ".jsonl", ".ndjson", ".json", ".parquet", ".pq"})
HEAD = 2**16
"""Bytes of a file that are looked at."""
ROWS = 200
SEVERAL = re.compile(r"\S\s+\S+\s+\S")
"""Three words."""
LOOKED_AT = 200
"""Names of a folder that are looked at."""


def is_text(path: Path, target: object) -> bool:
    """Whether a file or folder holds texts, tagged sentences, or a table whose inputs are texts alone."""
    suffix = path.suffix.lower()
    if suffix in TAGGED:
        return True
    if path.is_dir():
        return _holds_texts(path)
    if suffix not in PLAIN | TABLES or not path.is_file():
        return suffix in PLAIN
    targets = [target] if isinstance(target, str) else target if isinstance(target, (list, tuple)) else []
    columns = _columns(path)
    if suffix in PLAIN and not (targets and set(targets) <= columns.keys()):
        return True
    if any(isinstance(cell, list) for cells in columns.values() for cell in cells):
        return True
    inputs = {name: cells for name, cells in columns.items() if name not in targets and not _names_rows(name)}
    return bool(inputs) and all(free_text(cells) > 0 for cells in inputs.values())


def free_text(cells: Sequence[str | None]) -> float:
    """The share of the filled cells that have three words or more; 0 where most have not, or many are the same."""
    filled = [cell for cell in cells if cell]
    if not filled or len(set(filled)) <= len(filled) / 2:
        return 0.0
    several = sum(SEVERAL.search(cell) is not None for cell in filled) / len(filled)
    return several if several > 0.5 else 0.0


def _names_rows(name: str) -> bool:
    return name.casefold() in SPLIT_NAMES or ID_NAME.search(name) is not None


def _holds_texts(folder: Path) -> bool:
    """Whether nearly all files in a folder and in the folders of it are texts: labels may lie beside images as well."""
    names = [name for place in (folder, *_folders(folder)) for name in _some(place) if name.is_file()]
    texts = sum(name.suffix.lower() in PLAIN | TAGGED for name in names)
    return texts > 0 and texts >= 0.8 * len(names)


def _folders(folder: Path) -> Iterator[Path]:
    """Two floors of folders, some of each."""
    for inner in _some(folder):
        if inner.is_dir():
            yield inner
            yield from (deeper for deeper in _some(inner)[:10] if deeper.is_dir())


def _some(folder: Path) -> list[Path]:
    return [item for item in sorted(folder.iterdir())[:LOOKED_AT] if not item.name.startswith(".")]


def _columns(file: Path) -> dict[str, list[Any]]:
    """The first rows of a table, by column; empty where there are none."""
    if file.suffix.lower() in (".parquet", ".pq"):
        return _of_parquet(file)
    with file.open("rb") as stream:
        data = stream.read(HEAD)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = data[: len(data) // 2 * 2].decode("utf-16", "replace")
    else:
        text = data.decode("utf-8-sig", "replace")
    whole = text if len(data) < HEAD else text[: text.rfind("\n") + 1]
    if file.suffix.lower() in (".jsonl", ".ndjson", ".json"):
        return _of_objects(whole)
    # a quote that opens and never closes is told by the reader
    try:
        rows = list(csv.reader(whole.splitlines(keepends=True), delimiter=guess_delimiter(whole, str(file))))
    except csv.Error:
        return {}
    rows = [row for row in rows if row][: ROWS + 1]
    even = [row for row in rows[1:] if len(row) == len(rows[0])]
    return {name.strip(): [row[place].strip() for row in even] for place, name in enumerate(rows[0])} if rows else {}


def _of_objects(text: str) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {}
    for line in text.splitlines()[:ROWS]:
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            return {}
        if not isinstance(row, dict):
            return {}
        for name, cell in row.items():
            columns.setdefault(name, []).append(cell if isinstance(cell, (str, list)) else json.dumps(cell))
    return columns


def _of_parquet(file: Path) -> dict[str, list[Any]]:
    import polars as pl
    from polars.exceptions import PolarsError

    try:
        frame = pl.read_parquet(file, n_rows=ROWS)
    except (PolarsError, OSError):
        return {}
    return {name: [str(cell) for cell in frame[name].to_list()] for name in frame.columns}
