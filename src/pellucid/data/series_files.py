"""Whole series with a class or values each: .ts files of the UCR and UEA archives, and JSON lines of lists.

A .ts file has a head (`@classLabel true a b`, `@data`) and a line for each series: dimensions with `:` between them,
values with `,`, then the class. A line of JSON is `{"values": [...], "label": ...}`: numbers, or a list of the channels
at each step; the label is one for the series, or a list of one for each step.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from pellucid.data import cells as grammar
from pellucid.data.encoding import decode, read_bytes
from pellucid.data.jsonlines import parse_object
from pellucid.data.series_guess import SUFFIX
from pellucid.data.series_whole import Whole
from pellucid.errors import DataError, Place, quote


def find_ts(folder: Path) -> list[Path]:
    """The .ts files of a folder: those that train and judge, or the only one.

    Raises: DataError where there are several problems in it.
    """
    files = sorted(folder.glob(f"*{SUFFIX}"))
    train = [file for file in files if file.stem.upper().endswith("_TRAIN")]
    test = [file for file in files if file.stem.upper().endswith("_TEST")]
    if len(train) == len(test) == 1:
        return [*train, *test]
    if len(files) != 1:
        listed = ", ".join(file.name for file in files[:6]) or "none"
        message = f"one NAME_TRAIN.ts and one NAME_TEST.ts, or a single .ts file, are expected; there is {listed}"
        raise DataError("DATA-SERIES", message, place=Place(str(folder)))
    return files


def read_ts(path: str, target: str) -> Whole:
    """The series of a .ts file.

    Raises: DataError with the line, the dimension and the value that cannot be used.
    """
    data = read_bytes(path)
    head: dict[str, list[str]] = {}
    cells: list[str] = []
    counts: list[int] = []
    labels: list[str | None] = []
    lines: list[int] = []
    width = 0
    for number, line in enumerate(decode(data, path).split("\n"), 1):
        text, place = line.strip(), Place(path, number)
        if not text or text.startswith(("#", "%")):
            continue
        if "data" not in head:
            _note(head, text, place)
            continue
        parts = text.split(":")
        if _labelled(head):
            labels.append(_label(head, parts, place))
        found = [part.split(",") for part in parts]
        width = width or len(found)
        _check_dimensions(found, width, place)
        cells += [cell for dimension in found for cell in dimension]
        counts.append(len(found[0]))
        lines.append(number)
    if not counts:
        raise DataError("DATA-CSV-EMPTY", "the file has no series behind @data", place=Place(path))
    values = _numbers(cells, counts, width, [Place(path, number) for number in lines])
    label = pl.DataFrame({target: labels}, {target: pl.String}) if labels else None
    return Whole(values, label, line_S=tuple(lines), source=path, fingerprint=sha256(data).hexdigest())


def read_lists(path: str, target: str) -> Whole:
    """The series of a file of JSON lines, with a label for each series, or for each of its steps.

    Raises: DataError with the line and the place in it.
    """
    data = read_bytes(path)
    values: list[np.ndarray] = []
    labels: list[Any] = []
    others: list[dict[str, Any]] = []
    lines: list[int] = []
    for number, line in enumerate(decode(data, path).split("\n"), 1):
        if not line.strip():
            continue
        place = Place(path, number)
        try:
            found = parse_object(line)
        except ValueError as fault:
            raise DataError("DATA-JSON", str(fault), place=place) from None
        values.append(_listed(found.pop("values", None), place))
        label = found.pop(target, None)
        if isinstance(label, list) and len(label) != len(values[-1]):
            message = f"{quote(target)} has {len(label)} entries for {len(values[-1])} steps"
            raise DataError("DATA-SERIES", message, place=place)
        if isinstance(label, list) != isinstance(labels[0] if labels else label, list):
            message = f"{quote(target)} is a list here and none in the first line, or the other way round"
            raise DataError("DATA-SERIES", message, place=place)
        labels.append(label)
        others.append({key: cell for key, cell in found.items() if not isinstance(cell, (list, dict))})
        lines.append(number)
        if values[0].shape[1] != values[-1].shape[1]:
            message = f"a step has {values[-1].shape[1]} values here and {values[0].shape[1]} in the first line"
            raise DataError("DATA-SERIES", message, place=place)
    steps = bool(labels) and isinstance(labels[0], list)
    flat = [cell for label in labels for cell in label] if steps else labels
    told = any(cell is not None for cell in flat)
    label = pl.DataFrame({target: [_word(cell) for cell in flat]}, {target: pl.String}) if told else None
    cells = {key: np.array([other.get(key) for other in others], object) for key in others[0]}
    return Whole(values, label, steps, cells, tuple(lines), path, sha256(data).hexdigest())


def _note(head: dict[str, list[str]], text: str, place: Place) -> None:
    """One line of the head of a .ts file."""
    if not text.startswith("@"):
        message = "a line before @data begins with @ or #; is this a .ts file of series?"
        raise DataError("DATA-SERIES", message, place=place)
    name, *words = text[1:].split()
    head[name.lower()] = words
    if name.lower() == "timestamps" and words[:1] != ["false"]:
        message = "series with time stamps of their own (@timeStamps true) are not read from .ts files"
        raise DataError(
            "DATA-SERIES", message, place=place, hint="a long table has a column for time and one for series"
        )


def _labelled(head: dict[str, list[str]]) -> bool:
    return any(head.get(name, ["false"])[0].lower() == "true" for name in ("classlabel", "targetlabel"))


def _label(head: dict[str, list[str]], parts: list[str], place: Place) -> str | None:
    """Takes the label off the end of a line."""
    if len(parts) < 2:
        raise DataError("DATA-SERIES", "the line has values and no class behind the last ':'", place=place)
    label = parts.pop().strip()
    known = head.get("classlabel", [])[1:]
    if known and label not in known:
        message = f"the class {quote(label)} is none of @classLabel ({', '.join(known[:10])})"
        raise DataError("DATA-SERIES", message, place=place)
    return label if label not in grammar.MISSING else None


def _check_dimensions(found: list[list[str]], width: int, place: Place) -> None:
    """Raises: DataError for more or fewer dimensions than the first series has, and for one of another length."""
    if len(found) != width:
        message = f"the series has {len(found)} dimensions, and the first one {width}"
        raise DataError("DATA-SERIES", message, place=place)
    for dimension, cells in enumerate(found, 1):
        if len(cells) != len(found[0]):
            message = f"dimension {dimension} has {len(cells)} values, and the first one {len(found[0])}"
            raise DataError("DATA-SERIES", message, place=place)


def _numbers(cells: list[str], counts: list[int], width: int, places: list[Place]) -> list[np.ndarray]:
    """float64 value_TD of each series, from the cells of all of them, dimension after dimension."""
    tidy = grammar.tidy(pl.Series(cells, dtype=pl.String))
    value_N = grammar.numbers(tidy)
    starts = np.cumsum([0, *counts]) * width
    bad = np.flatnonzero(np.isnan(value_N) & tidy.is_not_null().to_numpy())
    if len(bad):
        series = int(np.searchsorted(starts, bad[0], side="right")) - 1
        dimension, step = divmod(int(bad[0] - starts[series]), counts[series])
        where = f"value {step + 1}" + (f" of dimension {dimension + 1}" if width > 1 else "")
        message = f"{where}: {quote(tidy[int(bad[0])])} is not a number"
        raise DataError("DATA-CSV-TYPE", message, place=places[series])
    pairs = zip(starts, counts, strict=False)
    return [value_N[start : start + count * width].reshape(width, count).T for start, count in pairs]


def _listed(found: Any, place: Place) -> np.ndarray:
    """float64 value_TD of a list of numbers, or of a list of lists of them."""
    if not isinstance(found, list) or not found:
        message = 'there is no list of numbers under "values"' if not isinstance(found, list) else "the series is empty"
        raise DataError("DATA-SERIES", message, place=place)
    rows = [row if isinstance(row, list) else [row] for row in found]
    for at, row in enumerate(rows):
        if len(row) != len(rows[0]):
            message = f"values[{at}] has {len(row)} numbers, and values[0] {len(rows[0])}"
            raise DataError("DATA-SERIES", message, place=place)
    flat = [cell for row in rows for cell in row]
    cells = pl.Series([cell if cell is None or isinstance(cell, str) else "-" for cell in flat], dtype=pl.String)
    value_N = grammar.numbers(cells)
    bad = np.flatnonzero(np.isnan(value_N) & cells.is_not_null().to_numpy())
    if len(bad):
        step, channel = divmod(int(bad[0]), len(rows[0]))
        where = f"values[{step}][{channel}]" if isinstance(found[0], list) else f"values[{step}]"
        raise DataError("DATA-CSV-TYPE", f"{where}: {quote(str(flat[int(bad[0])]))} is not a number", place=place)
    return value_N.reshape(len(rows), -1)


def _word(cell: Any) -> str | None:
    """A label of JSON as a cell."""
    return ("true" if cell else "false") if isinstance(cell, bool) else None if cell is None else str(cell)
