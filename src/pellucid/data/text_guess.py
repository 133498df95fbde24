"""Whether a path holds text to learn from, and in which form a stream has it, judged by names and first lines alone."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
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
PAIRS = (("source", "target"), ("src", "tgt"), ("question", "answer"), ("input", "output"))
"""What the columns of a text and of the text to write from it are often called."""
PAIRED = 0.2
"""Share of different cells that is enough where the name says what a column is: several questions have one answer."""
NAME = re.compile(r"[^\W\d][\w .-]*(?<! )")
"""What a column may be called where nobody says what the columns are."""
UNIVERSAL = 10
"""Columns of a CoNLL-U file."""


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
    named = pair(columns)
    if named is not None and targets in ([], [named[1]]):
        return True
    inputs = {name: cells for name, cells in columns.items() if name not in targets and not _names_rows(name)}
    return bool(inputs) and all(free_text(cells) > 0 for cells in inputs.values())


def pair(columns: Mapping[str, Sequence[str | None]]) -> tuple[str, str] | None:
    """The two columns of free text whose names say that the second is written from the first."""
    named = {name.casefold(): name for name in columns}
    for one, other in PAIRS:
        if one in named and other in named:
            found = named[one], named[other]
            if all(free_text(columns[name], PAIRED) > 0 for name in found):
                return found
    return None


def form(data: bytes, names: Collection[str], *, tagged: bool, running: bool) -> str:
    """The suffix that a file of these bytes would have: .jsonl, .csv, .conll, .conllu, or .txt for plain lines.

    Args:
        names: columns of which a header has one.
        tagged: whether words with labels, a line each, may be meant.
        running: whether running text may be meant, of which a line looks like a header sooner than in a table.
    """
    text = _decoded(data[: max(HEAD, data.find(b"\n"))])
    lines = text.splitlines() if len(data) < HEAD else text.splitlines()[:-1] or [text]
    first = next((line for line in lines if line.strip()), "")
    if _is_object(first):
        return ".jsonl"
    if tagged and (found := _tagged(lines)):
        return found
    return ".csv" if _is_table(lines, first, names, running) else ".txt"


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _tagged(lines: Sequence[str]) -> str:
    """The suffix of tagged words: as many columns in every line, and tabs, or blank lines between sentences."""
    words = [line for line in lines if line.strip() and not line.startswith(("#", "-DOCSTART-"))]
    if words and all(line.count("\t") == UNIVERSAL - 1 for line in words):
        return ".conllu"
    inside = "\n".join(lines).strip().split("\n")
    told = all("\t" in line for line in words) or any(not line.strip() for line in inside)
    widths = {len(line.split("\t") if "\t" in line else line.split()) for line in words}
    return ".conll" if len(widths) == 1 and (told or (widths == {1} and len(words) > 1)) else ""


def _is_table(lines: Sequence[str], first: str, names: Collection[str], running: bool) -> bool:
    """Whether the first line has a name that is looked for, or all lines have as many cells and the first has names."""
    cells, *rows = _records(lines, guess_delimiter(first, "")) or [[]]
    if any(cell.strip() in names for cell in cells):
        return True
    even = len(cells) > 1 and bool(rows) and all(len(row) == len(cells) for row in rows)
    return even and not running and all(NAME.fullmatch(cell) for cell in cells)


def free_text(cells: Sequence[str | None], different: float = 0.5) -> float:
    """The share of the filled cells that have three words or more; 0 where most have not, or many are the same."""
    filled = [cell for cell in cells if cell]
    if not filled or len(set(filled)) <= len(filled) * different:
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
    text = _decoded(data)
    whole = text if len(data) < HEAD else text[: text.rfind("\n") + 1]
    if file.suffix.lower() in (".jsonl", ".ndjson", ".json"):
        return _of_objects(whole)
    rows = _records(whole.splitlines(keepends=True), guess_delimiter(whole, str(file)))[: ROWS + 1]
    even = [row for row in rows[1:] if len(row) == len(rows[0])]
    return {name.strip(): [row[place].strip() for row in even] for place, name in enumerate(rows[0])} if rows else {}


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data[: len(data) // 2 * 2].decode("utf-16", "replace")
    return data.decode("utf-8-sig", "replace")


def _records(lines: Iterable[str], delimiter: str) -> list[list[str]]:
    """The records that are not blank; none where a quote opens and never closes, which the reader tells."""
    try:
        return [row for row in csv.reader(lines, delimiter=delimiter) if row]
    except csv.Error:
        return []


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
