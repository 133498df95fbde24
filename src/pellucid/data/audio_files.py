"""Which sounds a path or a value names, with their labels: folders, tables of paths, arrays, embedded sets."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from pellucid.data import audio_decode, packaged
from pellucid.data.audio_decode import Head
from pellucid.data.audio_guess import PATH_COLUMNS, SUFFIXES, WAVES
from pellucid.data.embedded import EMBEDDED
from pellucid.data.frames import from_memory
from pellucid.data.image_arrays import unpacked
from pellucid.data.image_files import LABEL_COLUMNS, natural
from pellucid.data.reading import read_table
from pellucid.data.signature import PARTS
from pellucid.data.splitting import PART_NAMES
from pellucid.data.table_raw import TableRaw
from pellucid.errors import DataError, Place, did_you_mean, quote

FOLDER, PART = "folder", "split"
ENTRIES = (WAVES, "rate", "lengths", "labels", "codes", "classes", "split")


@dataclass(frozen=True)
class Sound:
    """One sound to read, wherever it is."""

    name: str
    place: Place
    head: Callable[[], Head]
    wave: Callable[[Head], np.ndarray]
    """wave_TC float32, of a sound with that head."""


@dataclass(frozen=True)
class Found:
    """The sounds, and what is known of them."""

    sounds: list[Sound]
    label: pl.DataFrame | None = None
    """Target cells, a row for each sound."""
    cells: Mapping[str, np.ndarray] = field(default_factory=dict)
    """Other columns by which a split may go."""
    source: str = ""
    lines: Sequence[int] = ()
    """Of the table that lists the sounds."""
    files: bool = True
    notes: Mapping[str, str] = field(default_factory=dict)


def from_path(path: str, target: tuple[str, ...], labelled: bool) -> Found:
    """What a path names: a folder, a table of paths, an .npz file of waves, one sound file, or an embedded set.

    Without `labelled` labels are not looked for. Raises: DataError where it names nothing of the kind.
    """
    file = Path(path)
    if not file.exists() and path in EMBEDDED:
        return _embedded(path, target, labelled)
    if file.is_dir():
        return from_folder(file, labelled)
    suffix = file.suffix.lower()
    if suffix == ".npz" and file.exists():
        return from_mapping(unpacked(file, Place(path)), target, labelled, path)
    if suffix in SUFFIXES:
        return Found([of_file(file, path)], source=path)
    names = [name for name, known in EMBEDDED.items() if known.kind == "audio"]
    if not file.exists():
        hint = f"embedded sets of sounds: {did_you_mean(path, names)}"
        raise DataError("DATA-PATH", "does not exist", place=Place(path), hint=hint)
    return from_table(read_table(path, None, ()), target, labelled, path, file.parent)


def from_anything(source: Any, target: tuple[str, ...], labelled: bool) -> Found:
    """A path; a list of paths; or a mapping of waves, their rate, and perhaps labels. Raises: DataError."""
    if isinstance(source, (str, Path)):
        return from_path(str(source), target, labelled)
    if isinstance(source, (list, tuple)) and source and all(isinstance(item, (str, Path)) for item in source):
        return Found([of_file(Path(item), str(item)) for item in source])
    if not isinstance(source, Mapping):
        message = f"sounds in memory are a mapping with {WAVES} and rate, not {type(source).__name__}"
        raise DataError("DATA-MEMORY", message, hint=f"{{'{WAVES}': [...], 'rate': 16000, 'labels': [...]}}")
    return from_mapping(source, target, labelled, "")


def from_folder(root: Path, labelled: bool) -> Found:
    """A folder with one folder for each class, or train, valid and test folders of such.

    Without `labelled` any layout will do. Raises: DataError for sounds without a class, and classes without sounds.
    """
    names = _walk(root)
    if not names:
        hint = f"one of: {', '.join(sorted(SUFFIXES))}"
        raise DataError("DATA-FOLDER", "holds no sounds", place=Place(str(root)), hint=hint)
    sounds = [of_file(root / name, name) for name in names]
    if not labelled:
        return Found(sounds, source=str(root))
    parts = [PART_NAMES.get(Path(name).parts[0].casefold()) if "/" in name else None for name in names]
    inside = [Path(name).parts for name in names]
    cells: dict[str, np.ndarray] = {}
    if 0 in parts:
        for name, part in zip(names, parts, strict=True):
            if part is None:
                raise DataError("DATA-FOLDER", "lies beside the folders of the parts", place=Place(str(root / name)))
        cells[PART] = np.array([PARTS[part or 0] for part in parts], object)
        inside = [pieces[1:] for pieces in inside]
    for name, pieces in zip(names, inside, strict=True):
        if len(pieces) < 2:
            message = "lies in no folder of a class, so it has no class"
            raise DataError("DATA-FOLDER", message, place=Place(str(root / name)))
    classes = [pieces[0] for pieces in inside]
    _require_classes(root, set(classes), 0 in parts)
    return Found(sounds, pl.DataFrame({FOLDER: classes}, {FOLDER: pl.String}), cells, str(root))


def from_table(raw: TableRaw, target: tuple[str, ...], labelled: bool, source: str, base: Path) -> Found:
    """A table with a column of paths, relative to `base`, and one of labels.

    Raises: DataError with the line of a path that is blank or leads nowhere.
    """
    paths = next((name for name in raw.names if name.strip().lower() in PATH_COLUMNS), None)
    if paths is None:
        hint = f"call the column one of: {', '.join(PATH_COLUMNS)}"
        raise DataError("DATA-CSV", "has no column of paths", place=raw.place(), hint=hint)
    sounds: list[Sound] = []
    for row, cell in enumerate(raw.frame[paths].to_list()):
        if not cell or not (base / cell).is_file():
            what = f"there is no file {quote(cell)}" if cell else "the path is blank"
            place = raw.place(row)
            raise DataError("DATA-FILE", what, place=Place(place.file, place.line, None, place.path or paths))
        sounds.append(of_file(base / cell, cell))
    names = _targets(raw, target, paths) if labelled else ()
    cells = {name: raw.frame[name].to_numpy() for name in raw.names if name not in (paths, *names)}
    label = raw.frame.select(names) if names else None
    return Found(sounds, label, cells, source, raw.line_N.tolist() if raw.unit == "line" else ())


def from_mapping(rows: Mapping[str, Any], target: tuple[str, ...], labelled: bool, source: str) -> Found:
    """Waves in memory, or the arrays of an .npz file.

    `waves` is wave_NT or a list of wave_T or wave_TC, floats in [-1, 1] or whole numbers; `rate` their samples a
    second; `lengths` cuts padding off; `labels`, or `codes` with `classes`; `split` is 0 train, 1 valid, 2 test.
    Raises: DataError for an unknown entry, or arrays that do not go together.
    """
    place = Place(source or None)
    strange = next((str(name) for name in rows if name not in ENTRIES), None)
    lacking = next((name for name in ENTRIES[:2] if name not in rows), None)
    if strange is not None or lacking is not None:
        what = f"there is no entry '{strange}'" if strange else f"the entry '{lacking}' is needed"
        raise DataError("DATA-ARRAY", what, place=place, hint=did_you_mean(strange or str(lacking), ENTRIES))
    waves, rate = rows[WAVES], int(rows["rate"])
    count = len(waves)
    if rate < 1:
        raise DataError("DATA-ARRAY", f"the rate {rate} is not above 0", place=place)
    for name in ("lengths", "labels", "codes", "split"):
        if name in rows and len(rows[name]) != count:
            message = f"there are {count:,} sounds and {len(rows[name]):,} {name}"
            raise DataError("DATA-ARRAY", message, place=place)
    lengths = rows.get("lengths", [None] * count)
    waves = [
        np.asarray(wave_T)[: None if end is None else int(end)] for wave_T, end in zip(waves, lengths, strict=True)
    ]
    sounds = [_of_array(wave_T, rate, number, source) for number, wave_T in enumerate(waves)]
    cells: dict[str, np.ndarray] = {}
    if "split" in rows:
        if not np.isin(rows["split"], (0, 1, 2)).all():
            raise DataError("DATA-ARRAY", "split has parts other than 0, 1, 2", place=place)
        cells[PART] = np.array([PARTS[code] for code in np.asarray(rows["split"]).tolist()], object)
    label = _labels(rows, target, place) if labelled else None
    return Found(sounds, label, cells, source, files=False)


def of_file(file: Path, name: str) -> Sound:
    """A sound in a file."""
    return Sound(
        name, Place(str(file)), lambda: audio_decode.read_head(file), lambda head: audio_decode.decode(file, head)
    )


def _embedded(path: str, target: tuple[str, ...], labelled: bool) -> Found:
    known = EMBEDDED[path]
    if known.kind != "audio":
        raise DataError("DATA-PATH", f"{quote(path)} is no set of sounds", hint=f"data: {{kind: {known.kind}, ...}}")
    target = target or (known.target,)
    needed = packaged.LOADERS[path][1]
    if needed:
        found = from_table(from_memory(packaged.table(path)), target, labelled, path, Path())
    else:
        found = from_mapping(packaged.arrays(path), target, labelled, path)
    notes = {"title": known.title, "licence": known.licence, "origin": known.origin}
    return Found(found.sounds, found.label, found.cells, path, files=found.files, notes=notes)


def _of_array(wave_T: np.ndarray, rate: int, number: int, source: str) -> Sound:
    place = Place(source or None, path=f"sound {number}")
    if wave_T.ndim not in (1, 2) or not (np.issubdtype(wave_T.dtype, np.number)):
        message = f"wave_T or wave_TC of numbers is expected, not {wave_T.dtype} of shape {wave_T.shape}"
        raise DataError("DATA-ARRAY", message, place=place)
    wave_TC = wave_T[:, None] if wave_T.ndim == 1 else wave_T
    head = Head(rate, wave_TC.shape[1], len(wave_TC))
    return Sound(str(number), place, lambda: head, lambda _: audio_decode.floats(wave_TC))


def _labels(rows: Mapping[str, Any], target: tuple[str, ...], place: Place) -> pl.DataFrame | None:
    name = target[0] if target else "label"
    if "labels" in rows:
        return from_memory({name: list(rows["labels"])}).frame
    if "codes" not in rows:
        return None
    codes = np.asarray(rows["codes"]).tolist()
    classes = [str(word) for word in rows.get("classes", range(max(codes) + 1))]
    if min(codes) < 0 or max(codes) >= len(classes):
        raise DataError("DATA-ARRAY", "has codes without a class", place=place)
    return pl.DataFrame({name: [classes[code] for code in codes]}, {name: pl.String})


def _targets(raw: TableRaw, target: tuple[str, ...], paths: str) -> tuple[str, ...]:
    """The target columns: as given, else by their usual names, else the only other column."""
    for name in target:
        raw.column(name)
    if target:
        return target
    others = [name for name in raw.names if name != paths]
    found = [name for name in others if name.casefold() in LABEL_COLUMNS][:1] or (others if len(others) == 1 else [])
    if not found and others:
        hint = f"set data.target to one of: {', '.join(others)}"
        raise DataError("DATA-TARGET", "which column is to be predicted?", place=raw.place(), hint=hint)
    return tuple(found)


def _walk(root: Path) -> list[str]:
    """The sounds below a folder, by their paths inside it, in natural order; hidden ones are passed by."""
    found: list[str] = []
    for place, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".")]
        files = [Path(place) / name for name in names if not name.startswith(".")]
        found += [file.relative_to(root).as_posix() for file in files if file.suffix.lower() in SUFFIXES]
    return sorted(found, key=natural)


def _require_classes(root: Path, classes: set[str], parts: bool) -> None:
    """Raises: DataError for one class only, for an empty one, and for two that differ by case alone."""
    if not parts:
        folders = [item.name for item in root.iterdir() if item.is_dir() and not item.name.startswith(".")]
        empty = next((name for name in sorted(folders) if name not in classes), None)
        if empty is not None:
            raise DataError("DATA-CLASS", f"class {quote(empty)} holds no sounds", place=Place(str(root / empty)))
    if len(classes) == 1:
        message, hint = f"holds one class only: {quote(*classes)}", "one folder for each of at least two classes"
        raise DataError("DATA-CLASS", message, place=Place(str(root)), hint=hint)
    twins: dict[str, str] = {}
    for name in sorted(classes):
        twin = twins.setdefault(unicodedata.normalize("NFC", name).casefold(), name)
        if twin != name:
            message = f"class {quote(name)} differs from {quote(twin)} by upper and lower case only"
            raise DataError("DATA-CLASS", message, place=Place(str(root)))
