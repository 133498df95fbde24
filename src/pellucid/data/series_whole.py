"""Whole series as arrays, in memory or in an .npz file, brought into the form in which all series are held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

import numpy as np
import polars as pl

from pellucid.data.frames import from_memory
from pellucid.data.series_gather import hashes
from pellucid.data.series_grid import refuse_blanks
from pellucid.data.series_raw import SeriesRaw
from pellucid.data.series_roles import Gaps
from pellucid.data.signature import PARTS
from pellucid.errors import DataError, Place, did_you_mean

ENTRIES = ("values", "lengths", "labels", "codes", "classes", "names", "split")
PART_COLUMN = "split"
"""The name under which ready-made train, valid and test parts are offered to the split `by_column`."""


@dataclass(frozen=True)
class Whole:
    """Series as they were read."""

    values: list[np.ndarray]
    """float64 value_TD of each."""
    label: pl.DataFrame | None = None
    """Target cells of each series, or of each step of all of them."""
    steps: bool = False
    """Whether labels are of steps."""
    cells: Mapping[str, np.ndarray] = field(default_factory=dict)
    """What else is known of each series."""
    line_S: tuple[int, ...] = ()
    source: str = ""
    fingerprint: str = ""
    channels: tuple[str, ...] = ()


def assembled(whole: Whole, gaps: Gaps) -> SeriesRaw:
    """Series one after another. Raises: DataError for a blank value where `gaps` is `error`."""
    count_S = np.array([len(value_TD) for value_TD in whole.values], np.int64)
    width = whole.values[0].shape[1]
    line_S = np.array(whole.line_S or range(1, len(count_S) + 1), np.int64)
    made = SeriesRaw(
        "steps" if whole.steps else "series",
        np.concatenate(whole.values),
        whole.channels or (("value",) if width == 1 else tuple(f"channel {at}" for at in range(1, width + 1))),
        count_S,
        tuple(str(at) for at in range(1, len(count_S) + 1)),
        whole.fingerprint,
        whole.source,
        label=whole.label,
        cells={**whole.cells, **_labels(whole)},
        line_N=np.repeat(line_S, count_S),
        unit="line" if whole.line_S else "row",
    )
    return replace(refuse_blanks(made, gaps), row_S=hashes(made))


def joined(parts: Sequence[SeriesRaw], names: Sequence[str], source: str) -> SeriesRaw:
    """The series of several files as one, each of the part that its file is. Raises: DataError for other channels."""
    first = parts[0]
    for part in parts[1:]:
        if part.channels != first.channels or (part.label is None) != (first.label is None):
            message = f"it has {len(part.channels)} channels, and {first.source} has {len(first.channels)}"
            raise DataError("DATA-SERIES", message, place=part.place())
    counts = [len(part.series) for part in parts]
    hashed = [part.row_S for part in parts if part.row_S is not None]
    lines = [part.line_N for part in parts if part.line_N is not None]
    cells = {name: np.concatenate([part.cells[name] for part in parts]) for name in first.cells}
    return replace(
        first,
        value_NC=np.concatenate([part.value_NC for part in parts]),
        count_S=np.concatenate([part.count_S for part in parts]),
        series=tuple(str(at) for at in range(1, sum(counts) + 1)),
        fingerprint=sha256("".join(part.fingerprint for part in parts).encode()).hexdigest(),
        source=source,
        label=None if first.label is None else pl.concat([part.label for part in parts if part.label is not None]),
        cells={**cells, PART_COLUMN: np.repeat(np.array(names, object), counts)},
        row_S=np.concatenate(hashed),
        line_N=np.concatenate(lines),
        findings=tuple(finding for part in parts for finding in part.findings),
    )


def of_mapping(rows: Mapping[str, Any], target: tuple[str, ...], source: str = "") -> Whole:
    """Series in memory, or the arrays of an .npz file.

    `values` is value_NT, value_NTD or a list of value_T or value_TD of any lengths; `lengths` cuts padding off;
    `labels` are one or several of each series, or a list of one for each step; or `codes` (of series or steps, -1 where
    there is none) with `classes`; `names` are those of several labels, else of the channels; `split` is 0 train, 1
    valid and 2 test.
    Raises: DataError for an unknown entry, or arrays that do not go together.
    """
    strange = next((str(name) for name in rows if name not in ENTRIES), None)
    if strange is not None or "values" not in rows:
        what = f"there is no entry '{strange}'" if strange else "the entry 'values' is needed"
        hint = did_you_mean(strange or "values", ENTRIES)
        raise DataError("DATA-ARRAY", what, place=Place(source or None), hint=hint)
    values = _values(rows["values"], rows.get("lengths"), source)
    count = len(values)
    for name in ("labels", "codes", "split"):
        if name in rows and len(rows[name]) != count:
            message = f"there are {count:,} series and {len(rows[name]):,} {name}"
            raise DataError("DATA-ARRAY", message, place=Place(source or None))
    label, steps = _label(rows, values, target, source)
    cells: dict[str, np.ndarray] = {}
    if "split" in rows:
        codes = np.asarray(rows["split"]).tolist()
        if not set(codes) <= {0, 1, 2}:
            raise DataError("DATA-ARRAY", "'split' holds more than 0, 1 and 2", place=Place(source or None))
        cells[PART_COLUMN] = np.array([PARTS[code] for code in codes], object)
    digest = sha256(str(sorted(rows)).encode())
    for value_TD in values:
        digest.update(np.ascontiguousarray(value_TD).tobytes())
    if label is not None:
        digest.update("\x1f".join(str(row) for row in label.rows()).encode())
    channels = tuple(map(str, rows.get("names", ())))
    if channels and label is not None and label.columns == list(channels):
        channels = ()
    if channels and len(channels) != values[0].shape[1]:
        message = f"{len(channels)} names are given for {values[0].shape[1]} channels"
        raise DataError("DATA-ARRAY", message, place=Place(source or None))
    return Whole(values, label, steps, cells, (), source, digest.hexdigest(), channels)


def _values(given: Any, lengths: Any, source: str) -> list[np.ndarray]:
    """float64 value_TD of each series."""
    cut = None if lengths is None else np.asarray(lengths).tolist()
    if cut is not None and len(cut) != len(given):
        raise DataError(
            "DATA-ARRAY", f"there are {len(given):,} series and {len(cut):,} lengths", place=Place(source or None)
        )
    found: list[np.ndarray] = []
    for at, item in enumerate(given):
        place = Place(source or None, path=f"series {at}")
        try:
            value_TD = np.asarray(item, np.float64)
        except (TypeError, ValueError):
            raise DataError("DATA-ARRAY", "holds something that is no number", place=place) from None
        value_TD = value_TD[:, None] if value_TD.ndim == 1 else value_TD
        value_TD = value_TD if cut is None else value_TD[: int(cut[at])]
        if value_TD.ndim != 2 or not value_TD.size:
            message = f"value_T or value_TD of at least one step is expected, not shape {np.shape(item)}"
            raise DataError("DATA-ARRAY", message, place=place)
        if found and value_TD.shape[1] != found[0].shape[1]:
            message = f"has {value_TD.shape[1]} channels, and the first one {found[0].shape[1]}"
            raise DataError("DATA-ARRAY", message, place=place)
        if np.isinf(value_TD).any():
            raise DataError("DATA-ARRAY", "holds an infinite value", place=place)
        found.append(value_TD)
    if not found:
        raise DataError("DATA-ARRAY", "there are no series", place=Place(source or None))
    return found


def _label(
    rows: Mapping[str, Any], values: list[np.ndarray], target: tuple[str, ...], source: str
) -> tuple[pl.DataFrame | None, bool]:
    """Target cells, and whether they are of steps."""
    name = target[0] if target else "label"
    if "codes" in rows:
        return _coded(rows, values, name, source)
    if "labels" not in rows:
        return None, False
    labels = list(rows["labels"])
    if all(isinstance(label, (list, tuple, np.ndarray)) for label in labels):
        if all(len(label) == len(value_TD) for label, value_TD in zip(labels, values, strict=True)):
            return from_memory({name: [cell for label in labels for cell in label]}).frame, True
        widths = {len(label) for label in labels}
        if len(widths) > 1:
            raise DataError(
                "DATA-ARRAY", "labels have as many entries as their series, or all as many", place=Place(source or None)
            )
        wide = widths.pop()
        told = tuple(map(str, rows.get("names", target)))
        names = told if len(told) == wide else [f"{name} {at}" for at in range(1, wide + 1)]
        columns = zip(names, zip(*labels, strict=True), strict=True)
        return from_memory({column: list(cells) for column, cells in columns}).frame, False
    return from_memory({name: labels}).frame, False


def _coded(rows: Mapping[str, Any], values: list[np.ndarray], name: str, source: str) -> tuple[pl.DataFrame, bool]:
    codes = rows["codes"]
    steps = np.ndim(codes[0]) == 1
    flat = [codes]
    if steps:
        flat = [np.asarray(row)[: len(value_TD)] for row, value_TD in zip(codes, values, strict=True)]
        if any(len(row) != len(value_TD) for row, value_TD in zip(flat, values, strict=True)):
            raise DataError("DATA-ARRAY", "codes are fewer than the steps of a series", place=Place(source or None))
    code_N = np.concatenate([np.asarray(row) for row in flat]).astype(np.int64)
    classes = rows.get("classes")
    told = None if classes is None else [str(word) for word in classes]
    if code_N.min() < -1 or (told is not None and code_N.max() >= len(told)):
        raise DataError("DATA-ARRAY", "has codes without a class", place=Place(source or None))
    words = [None if code < 0 else told[code] if told else str(code) for code in code_N.tolist()]
    return pl.DataFrame({name: words}, {name: pl.String}), steps


def _labels(whole: Whole) -> dict[str, np.ndarray]:
    """Labels of whole series, as columns by which a split may go."""
    if whole.label is None or whole.steps:
        return {}
    return {cells.name: cells.to_numpy() for cells in whole.label.get_columns()}
