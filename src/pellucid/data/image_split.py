"""What a split may know of images, and what only a split could show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from pellucid.data.image_raw import ImageRaw
from pellucid.data.image_twins import twins
from pellucid.data.signature import PARTS
from pellucid.data.splitting import Facts
from pellucid.errors import DataError, Place, did_you_mean, quote
from pellucid.findings import Finding
from pellucid.forms import UNJUDGED

PART_COLUMN = "split"
"""The name under which ready-made train, valid and test parts are offered to the split `by_column`."""
PICTURE_COLUMN = "picture"
"""The name under which the pictures of tiles are offered to the split `by_group`."""
FEWEST_PICTURES = 3
"""Pictures from which all tiles of one stay in one part: one for each part."""


def facts(raw: ImageRaw) -> Facts:
    """What a split may look at: contents, classes, ready-made parts, class names, and the columns of a CSV file."""
    columns = _columns(raw)

    def text(name: str) -> np.ndarray:
        if name not in columns:
            hint = did_you_mean(name, columns) if columns else "images in folders have no columns"
            raise DataError("DATA-SPLIT", f"there is no column {quote(name)}", place=Place(raw.source), hint=hint)
        return np.array([cell.strip() or None for cell in columns[name]], object)

    def number(name: str) -> np.ndarray:
        try:
            return np.array([float("nan") if cell is None else float(cell) for cell in text(name)])
        except ValueError:
            message = f"column {quote(name)} holds a cell that is no number"
            raise DataError("DATA-SPLIT", message, place=Place(raw.source)) from None

    return Facts(_units(raw), raw.code_N, text, number, source=raw.source)


def ready_made(raw: ImageRaw) -> Sequence[str] | None:
    """train, valid or test of each image, where that is told."""
    return raw.parts if raw.parts is not None else raw.columns.get(PART_COLUMN)


def split_findings(raw: ImageRaw, part_N: np.ndarray) -> tuple[Finding, ...]:
    """Images or near copies of them in two parts, classes missing from one, and tiles of one picture in several."""
    findings: list[Finding] = []
    for code in (1, 2):
        findings += _shared(raw, part_N, code)
    findings += twins(raw, part_N)
    if raw.tiles is not None and _pictures(raw) < FEWEST_PICTURES:
        message = f"tiles of one picture are in several parts, as there are only {_pictures(raw)}: the scores flatter."
        findings.append(Finding("tiles-split", "warning", message, "split", cure="Add pictures: three or more."))
    present = [_classes_in(raw, part_N == code) for code in range(3)]
    if present[0] is None:
        return tuple(findings)
    judged = (present[1] or set()) | (present[2] or set())
    unseen = raw.code_N is not None and judged and not judged & present[0]
    if unseen:  # people, say, of whom none was met before: what verification is judged on
        held = ", ".join(f"{len(found or ())} in {PARTS[code]}" for code, found in enumerate(present))
        message = f"whole classes are held out, so unseen ones are judged: {held}."
        findings.append(Finding("class-missing", "info", message, "split", {"classes": len(raw.classes)}))
        return tuple(findings)
    for code in (1, 2):
        if (part_N == code).any():
            findings += _missing(raw, present[code] or set(), code)
    return (*findings, *_missing(raw, present[0], 0))


def _columns(raw: ImageRaw) -> Mapping[str, Sequence[str]]:
    columns: dict[str, Sequence[str]] = dict(raw.columns)
    parts = ready_made(raw)
    if parts is not None:
        columns[PART_COLUMN] = parts
    if raw.code_N is not None:
        columns.setdefault(raw.target[0], [raw.classes[code] for code in raw.code_N])
    if raw.tiles is not None:
        columns.setdefault(PICTURE_COLUMN, [name for name, _, _ in raw.tiles])
    return columns


def _pictures(raw: ImageRaw) -> int:
    return len({name for name, _, _ in raw.tiles or ()})


def _units(raw: ImageRaw) -> np.ndarray:
    """uint64: the hash of each image, or, where there are pictures enough, that of the picture a tile is from."""
    if raw.tiles is None or _pictures(raw) < FEWEST_PICTURES:
        return raw.row_N
    _, first_P, picture_N = np.unique([name for name, _, _ in raw.tiles], return_index=True, return_inverse=True)
    hash_P = np.zeros(len(first_P), np.uint64)
    with np.errstate(over="ignore"):
        np.add.at(hash_P, picture_N, raw.row_N)  # wraps round: equal pictures have equal sums
    return hash_P[picture_N]


def _classes_in(raw: ImageRaw, chosen_N: np.ndarray) -> set[int] | None:
    """The classes that some images have; None where there are no classes."""
    if raw.code_N is not None:
        return set(raw.code_N[chosen_N].tolist())
    if raw.boxes_NM5 is not None:
        return set(raw.boxes_NM5[chosen_N][:, :, 4].astype(int).reshape(-1).tolist()) - {-1}
    if raw.mask_NHW is not None:
        found = np.zeros(256, bool)
        for row in np.flatnonzero(chosen_N):
            found[raw.mask_NHW[row]] = True
        return set(np.flatnonzero(found).tolist()) - {UNJUDGED}
    return None


def _shared(raw: ImageRaw, part_N: np.ndarray, code: int) -> list[Finding]:
    """Images that an earlier part has too; plain tiles, such as sky, do not count."""
    shared_N = np.isin(raw.row_N, raw.row_N[part_N < code]) & (part_N == code)
    if raw.tiles is not None:
        for row in np.flatnonzero(shared_N):
            shared_N[row] = raw.pixel_NCHW[row].std() > 0
    if not shared_N.any():
        return []
    first = raw.names[int(np.flatnonzero(shared_N)[0])]
    count, earlier = int(shared_N.sum()), " or ".join(PARTS[:code])
    message = f"{count:,} images of {PARTS[code]} are in {earlier} too, so it flatters; first: {quote(first)}."
    severity = "severe" if count > 0.01 * (part_N == code).sum() else "warning"
    cure = "Use another split, or remove the copies."
    return [Finding("split-overlap", severity, message, PARTS[code], {"shared": count}, cure)]


def _missing(raw: ImageRaw, present: set[int], code: int) -> list[Finding]:
    """Classes that a part lacks."""
    missing = [name for place, name in enumerate(raw.classes) if place not in present]
    if not missing:
        return []
    shown = ", ".join(quote(name) for name in missing[:5])
    if code == 0:
        message = f"no image to learn from in {shown}."
        return [Finding("class-missing", "severe", message, "train", {"classes": len(missing)})]
    message = f"{len(missing)} classes have no image here: {shown}."
    cure = "Use a stratified split, or collect more."
    return [Finding("class-missing", "warning", message, PARTS[code], {"classes": len(missing)}, cure)]
