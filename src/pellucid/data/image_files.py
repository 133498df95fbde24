"""Which image files a path names, with their labels: folders, ready-made parts, or a CSV file of paths.

Everything is listed in natural order (`2.png` before `10.png`), never in the order of the file system.
"""

from __future__ import annotations

import csv
import os
import re
import stat
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pellucid.data.source import IMAGE_SUFFIXES, PATH_COLUMNS
from pellucid.data.splitting import PART_NAMES
from pellucid.errors import DataError, Place, did_you_mean, quote

LABEL_COLUMNS = ("label", "class", "target")
MASK_COLUMNS = ("mask", "masks")
LONGEST_FIELD = 2**20


@dataclass(frozen=True)
class Listed:
    """One image to read."""

    path: Path
    name: str
    """Path relative to what the recipe names, with `/`."""
    place: Place
    labels: tuple[str, ...] = ()
    """The class, or the cells of several target columns; empty where there is none."""
    part: str | None = None
    """train, valid or test where that is ready-made."""
    frames: tuple[Path, ...] = ()
    """The pictures of a clip, of which `path` is the first; empty: it is one image."""
    mask: Path | None = None
    """The file of its mask."""


@dataclass(frozen=True)
class Listing:
    """The images to read, in order."""

    items: tuple[Listed, ...]
    target: tuple[str, ...]
    """Names of the target columns, or `folder`, or `mask`; empty where there are no labels."""
    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The other columns of a CSV file, for splits by group or time."""
    notes: dict[str, str] = field(default_factory=dict)


def natural(text: str) -> tuple[object, ...]:
    """A key that sorts numbers inside names as numbers; ties by the text itself."""
    pieces = re.split(r"([0-9]+)", text.casefold())
    return (*(int(piece) if place % 2 else piece for place, piece in enumerate(pieces)), text)


def from_folder(root: Path, labelled: bool = True) -> Listing:
    """A folder with one folder for each class, or train, valid and test folders of such; or images without labels.

    With `labelled` false (prediction) any layout will do and one class is enough.
    Raises: DataError for loops of links, empty classes, a single class, twins, and names that are not UTF-8.
    """
    skipped: list[str] = []
    here, folders = entries(root, skipped)
    parts = {folder.name: PART_NAMES.get(folder.name.casefold()) for folder in folders}
    if 0 in parts.values() and not here:
        items = _from_parts(root, folders, skipped, labelled)
    else:
        items = _from_classes(root, None, root, skipped, labelled)
    if not items:
        raise DataError("DATA-FOLDER", "holds no images", place=place_of(root), hint=f"one of: {_suffixes()}")
    classes = {item.labels for item in items}
    if labelled and len(classes) == 1 and items[0].labels:
        message = f"holds one class only: {quote(items[0].labels[0])}"
        raise DataError("DATA-CLASS", message, place=place_of(root), hint="one folder for each of at least two classes")
    notes: dict[str, str] = {}
    if skipped:
        shown = ", ".join(quote(name) for name in skipped[:3])
        notes["files left out"] = f"{len(skipped):,} files without an image suffix were left out: {shown}"
    return Listing(tuple(items), ("folder",) if items[0].labels else (), {}, notes)


def from_csv(file: Path, target: Sequence[str], labelled: bool = True, masks: bool = True) -> Listing:
    """A CSV file with a column of paths (relative to the file) and one or more target columns, or one of mask files.

    Raises: DataError with the line of the first row that cannot be used.
    """
    rows = list(_records(file))
    if not rows:
        raise DataError("DATA-CSV", "is empty", place=place_of(file))
    header = rows[0][1]
    if len(set(header)) < len(header):
        twin = next(name for name in header if header.count(name) > 1)
        raise DataError("DATA-CSV", f"two columns are called {quote(twin)}", place=Place(str(file), 1))
    if len(rows) == 1:
        raise DataError("DATA-CSV", "has a header and no rows", place=place_of(file))
    path_name = next((name for name in PATH_COLUMNS if name in header), None)
    if path_name is None:
        message = "has no column of paths"
        raise DataError(
            "DATA-CSV", message, place=Place(str(file), 1), hint=f"call it one of: {', '.join(PATH_COLUMNS)}"
        )
    mask_name = _mask_column(dict(zip(header, rows[1][1], strict=False)), target) if masks else None
    unread = not masks and tuple(target) in {(name,) for name in MASK_COLUMNS}
    targets = () if mask_name or unread else _targets(header, target, path_name, file, labelled)
    items: list[Listed] = []
    for line, row in rows[1:]:
        if len(row) != len(header):
            message = f"has {len(row)} cells; the header has {len(header)}"
            raise DataError("DATA-CSV", message, place=Place(str(file), line))
        cells, place = dict(zip(header, row, strict=True)), Place(str(file), line)
        listed = _listed(cells, path_name, targets, place, file.parent)
        items.append(replace(listed, mask=_file(cells, mask_name, place, file.parent)) if mask_name else listed)
    others = [name for name in header if name not in (path_name, mask_name, *targets)]
    columns = {name: tuple(row[header.index(name)] for _, row in rows[1:]) for name in others}
    return Listing(tuple(items), ("mask",) if mask_name else targets, columns)


def _mask_column(first: dict[str, str], target: Sequence[str]) -> str | None:
    """The column of mask files, where masks are asked for or nothing else can be."""
    name = next((name for name in MASK_COLUMNS if name in first), None)
    asked = len(target) == 1 and target[0] in MASK_COLUMNS
    guessed = not target and not any(name in first for name in LABEL_COLUMNS)
    is_file = name is not None and Path(first[name].strip()).suffix.lower() in IMAGE_SUFFIXES
    return name if asked or (guessed and is_file) else None


def _targets(header: list[str], target: Sequence[str], path_name: str, file: Path, labelled: bool) -> tuple[str, ...]:
    """The target columns: as given, else by their usual names, else the only other column."""
    missing = [name for name in target if name not in header]
    if missing and labelled:
        message, hint = f"has no column {quote(missing[0])}", did_you_mean(missing[0], header)
        raise DataError("DATA-TARGET", message, place=Place(str(file), 1), hint=hint)
    if target:
        return () if missing else tuple(target)
    usual = [name for name in LABEL_COLUMNS if name in header]
    others = [name for name in header if name != path_name]
    found = usual[:1] or (others if len(others) == 1 else [])
    if not found and others and labelled:
        message = "which column is to be predicted?"
        hint = f"set data.target to one of: {', '.join(others)}"
        raise DataError("DATA-TARGET", message, place=Place(str(file), 1), hint=hint)
    return tuple(found)


def _listed(cells: dict[str, str], path_name: str, targets: tuple[str, ...], place: Place, base: Path) -> Listed:
    path = _file(cells, path_name, place, base)
    for target in targets:
        if not cells[target].strip():
            raise DataError("DATA-TARGET", "the target is blank", place=Place(place.file, place.line, None, target))
    labels = tuple(cells[target].strip() for target in targets)
    return Listed(path, cells[path_name].strip(), Place(str(path)), labels)


def _file(cells: dict[str, str], column: str, place: Place, base: Path) -> Path:
    """The file that a cell names. Raises: DataError at the cell where there is none."""
    at, name = Place(place.file, place.line, None, column), cells[column].strip()
    if not name or "\0" in name:
        raise DataError("DATA-CSV", "the path is blank" if not name else "the path holds a zero byte", place=at)
    try:
        (base / name).stat()
    except OSError as fault:
        gone = isinstance(fault, FileNotFoundError)
        what = f"there is no file {quote(name)}" if gone else f"{quote(name)} cannot be read: {fault.strerror}"
        raise DataError("DATA-FILE", what, place=at) from None
    return base / name


def _records(file: Path) -> Iterator[tuple[int, list[str]]]:
    """(line where it starts, cells) of every record that is not blank."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            csv.field_size_limit(LONGEST_FIELD)
            reader = csv.reader(stream, strict=True)
            start = 1
            for row in reader:
                if row:
                    yield start, row
                start = reader.line_num + 1
    except UnicodeDecodeError as fault:
        raise DataError("DATA-CSV", f"is not UTF-8 at byte {fault.start:,}", place=place_of(file)) from None
    except csv.Error as fault:
        raise DataError("DATA-CSV", f"is no valid CSV: {fault}", place=place_of(file)) from None
    except OSError as fault:
        raise DataError("DATA-FILE", f"cannot be read: {fault.strerror}", place=place_of(file)) from None


def _from_parts(root: Path, folders: list[Path], skipped: list[str], labelled: bool) -> list[Listed]:
    """Folders called train, valid (or val, validation, dev) and test."""
    items: list[Listed] = []
    taken: dict[int, str] = {}
    for folder in folders:
        part = PART_NAMES.get(folder.name.casefold())
        if part is None or part in taken:
            twin = "is neither train, valid nor test" if part is None else f"is the same part as {quote(taken[part])}"
            raise DataError("DATA-FOLDER", f"{twin}; the folders beside it are parts", place=place_of(folder))
        taken[part] = folder.name
        found = _from_classes(folder, ("train", "valid", "test")[part], root, skipped, labelled)
        if not found:
            raise DataError("DATA-FOLDER", "holds no images", place=place_of(folder))
        items += found
    known = {item.labels for item in items if item.part == "train"}
    strange = next((item for item in items if item.labels not in known), None)
    if strange is not None and labelled:
        what = f"class {quote(strange.labels[0])}" if strange.labels else "an image without a class folder"
        raise DataError("DATA-CLASS", f"{what} is not in the train folder", place=strange.place)
    return sorted(items, key=lambda item: ("train", "valid", "test").index(item.part or "train"))


def _from_classes(folder: Path, part: str | None, root: Path, skipped: list[str], labelled: bool) -> list[Listed]:
    """One folder for each class; without any folder, images without labels."""
    here, folders = entries(folder, skipped)
    if here and folders and labelled:
        message = "lies beside the class folders, so it has no class"
        raise DataError("DATA-FOLDER", message, place=place_of(here[0]))
    items = [Listed(path, path.relative_to(root).as_posix(), place_of(path), (), part) for path in here]
    twins: dict[str, str] = {}
    for name in [item.name for item in folders]:
        twin = twins.setdefault(unicodedata.normalize("NFC", name).casefold(), name)
        if twin != name:
            message = f"differs from {quote(twin)} by upper and lower case only; two classes, or one?"
            raise DataError("DATA-CLASS", message, place=place_of(folder / name))
    for child in folders:
        files = sorted(walk(child, skipped, ()), key=lambda path: natural(path.relative_to(root).as_posix()))
        if not files and labelled:
            raise DataError("DATA-CLASS", f"class {quote(child.name)} holds no images", place=place_of(child))
        labels = (child.name,)
        items += [Listed(path, path.relative_to(root).as_posix(), place_of(path), labels, part) for path in files]
    return items


def walk(folder: Path, skipped: list[str], above: tuple[Path, ...]) -> Iterator[Path]:
    """Every image below `folder`. Raises: DataError where a link leads back to a folder above."""
    real = folder.resolve()
    if real in above or any(real == Path(parent).resolve() for parent in folder.parents):
        raise DataError("DATA-FILE", "is a link that leads back to a folder above it", place=place_of(folder))
    files, folders = entries(folder, skipped)
    yield from files
    for child in folders:
        yield from walk(child, skipped, (*above, real))


def entries(folder: Path, skipped: list[str]) -> tuple[list[Path], list[Path]]:
    """The images and the folders in `folder`, in natural order; hidden entries are not looked at."""
    files: list[Path] = []
    folders: list[Path] = []
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: natural(entry.name))
        for entry in entries:
            path = folder / entry.name
            try:
                entry.name.encode()
            except UnicodeEncodeError:
                raise DataError("DATA-FILE", "its name is not UTF-8", place=place_of(path), hint="rename it") from None
            if entry.name.startswith("."):
                continue
            if _is_folder(path):
                folders.append(path)
            elif path.suffix.lower() in IMAGE_SUFFIXES:
                files.append(path)
            else:
                skipped.append(path.name)
    except OSError as fault:
        raise DataError("DATA-FILE", f"cannot be read: {fault.strerror}", place=place_of(folder)) from None
    return files, folders


def _is_folder(path: Path) -> bool:
    """Raises: DataError for a link that ends nowhere."""
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except OSError as fault:
        what = (
            "is a link that points to nothing"
            if isinstance(fault, FileNotFoundError)
            else f"cannot be read: {fault.strerror}"
        )
        raise DataError("DATA-FILE", what, place=place_of(path)) from None


def place_of(path: Path) -> Place:
    return Place(str(path))


def _suffixes() -> str:
    return ", ".join(sorted(IMAGE_SUFFIXES))
