"""Names of classes in a file beside the images: `classes.txt`, `classes.csv` or `classes.json`."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pellucid.errors import DataError, Place

MOST_BYTES = 2**20


def class_names(folders: Sequence[Path]) -> tuple[tuple[str, ...] | None, tuple[int, ...]]:
    """The class names in the first folder that has such a file, and what stands for each in a mask, where that is told.

    A text file has one name a line, in the order of the codes; a CSV file a column `name` and perhaps `code`, or the
    columns `r`, `g`, `b`; a JSON file a list of names, or a mapping of names to codes.

    Raises: DataError where the file is something else, or says a name or a code twice.
    """
    for folder in dict.fromkeys(folders):
        for suffix, read in ((".txt", _text), (".csv", _csv), (".json", _json)):
            file = folder / f"classes{suffix}"
            if file.is_file():
                return _checked(file, read)
    return None, ()


def _checked(file: Path, read: Any) -> tuple[tuple[str, ...], tuple[int, ...]]:
    place = Place(str(file))
    try:
        if file.stat().st_size > MOST_BYTES:
            raise DataError("DATA-CLASS", "is larger than 1 MiB", place=place)
        pairs: list[tuple[int, str]] = sorted(read(file.read_text(encoding="utf-8-sig")))
    except OSError as fault:
        raise DataError("DATA-FILE", f"cannot be read: {fault.strerror}", place=place) from None
    except (ValueError, KeyError, TypeError, AttributeError, csv.Error, RecursionError) as fault:
        message = f"does not name classes: {type(fault).__name__} {str(fault).splitlines()[0]}"
        raise DataError("DATA-CLASS", message, place=place) from None
    codes, names = tuple(code for code, _ in pairs), tuple(name for _, name in pairs)
    if not names or not all(names) or len(set(names)) < len(names) or len(set(codes)) < len(codes):
        raise DataError("DATA-CLASS", "names no class, or one of them twice", place=place)
    return names, () if codes == tuple(range(len(codes))) else codes


def _text(text: str) -> list[tuple[int, str]]:
    return list(enumerate(line.strip() for line in text.strip().splitlines()))


def _csv(text: str) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    for place, row in enumerate(csv.DictReader(text.splitlines(), strict=True)):
        cells = {name.strip().casefold(): cell.strip() for name, cell in row.items()}
        if {"r", "g", "b"} <= cells.keys():
            red, green, blue = (int(cells[name]) for name in "rgb")
            code = red << 16 | green << 8 | blue
        else:
            code = int(cells["code"]) if "code" in cells else place
        found.append((code, cells["name"]))
    return found


def _json(text: str) -> list[tuple[int, str]]:
    content = json.loads(text)
    if isinstance(content, list):
        return [(place, str(name)) for place, name in enumerate(content)]
    return [(int(code), str(name)) for name, code in content.items()]
