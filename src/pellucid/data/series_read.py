"""Series from a path, an embedded set or memory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.data import series_files, series_whole
from pellucid.data.embedded import EMBEDDED
from pellucid.data.frames import from_memory
from pellucid.data.image_arrays import unpacked
from pellucid.data.reading import read_table
from pellucid.data.series_gather import gather
from pellucid.data.series_guess import SUFFIX, holds_lists
from pellucid.data.series_raw import SeriesRaw
from pellucid.data.series_roles import Asked
from pellucid.errors import DataError, Place

LABEL = "label"
"""What is learnt of whole series where no target is named."""


def from_path(path: str, asked: Asked, missing: tuple[str, ...]) -> SeriesRaw:
    """The series of a .ts file or a folder of them, JSON lines, an .npz file, any file of a table, or an embedded set.

    Raises: DataError with file, line and place in it.
    """
    known = EMBEDDED.get(path)
    if known is not None and known.kind == "series" and not Path(path).exists():
        if not known.file:
            from pellucid.data.packaged import arrays

            return _of_anything(arrays(path), asked, missing, path)
        file = str(known.path)
        return _of_npz(file, asked, path) if file.endswith(".npz") else gather(read_table(file, ",", missing), asked)
    place = Path(path)
    if place.is_dir():
        files = series_files.find_ts(place)
        parts = [_whole(series_files.read_ts(str(file), _label(asked)), asked) for file in files]
        return parts[0] if len(parts) == 1 else series_whole.joined(parts, ("train", "test"), path)
    if place.suffix.lower() == SUFFIX:
        return _whole(series_files.read_ts(path, _label(asked)), asked)
    if place.suffix.lower() == ".npz":
        return _of_npz(path, asked, path)
    if holds_lists(place):
        return _whole(series_files.read_lists(path, _label(asked)), asked)
    return gather(read_table(path, None, missing), asked)


def from_anything(source: Any, asked: Asked, missing: tuple[str, ...]) -> SeriesRaw:
    """A path, or rows in memory: a frame or mapping of columns, an array or list of series, or (series, labels).

    Raises: DataError naming what cannot be used.
    """
    if isinstance(source, (str, Path)):
        return from_path(str(source), asked, missing)
    return _of_anything(source, asked, missing, "")


def _of_anything(source: Any, asked: Asked, missing: tuple[str, ...], name: str) -> SeriesRaw:
    if isinstance(source, tuple) and len(source) == 2:
        source = {"values": source[0]} if source[1] is None else {"values": source[0], "labels": source[1]}
    if isinstance(source, Mapping):
        values = source.get("values")
        first = values[0] if values is not None and len(values) else None
        if first is not None and np.ndim(first) > 0:
            return _whole(series_whole.of_mapping(source, asked.targets, name), asked)
    elif isinstance(source, (list, np.ndarray)) and len(source):
        if np.ndim(source[0]) == 0:
            source = {asked.targets[0] if asked.targets else "value": list(source)}
        elif asked.asks != "future" and asked.horizon is None:
            return _whole(series_whole.of_mapping({"values": source}, asked.targets, name), asked)
    return gather(from_memory(source, missing), asked)


def _of_npz(file: str, asked: Asked, name: str) -> SeriesRaw:
    arrays = unpacked(Path(file), Place(name))
    return _whole(series_whole.of_mapping(arrays, asked.targets, name), asked)


def _whole(whole: series_whole.Whole, asked: Asked) -> SeriesRaw:
    """Raises: DataError where a forecast is asked for, which whole series with classes are not for."""
    if asked.horizon is not None or asked.asks == "future":
        message = "these are whole series, and a forecast reads a table with one row for each moment"
        raise DataError("DATA-SERIES", message, place=Place(whole.source or None), hint="leave data.horizon out")
    return series_whole.assembled(whole, asked.gaps)


def _label(asked: Asked) -> str:
    return asked.targets[0] if asked.targets else LABEL
