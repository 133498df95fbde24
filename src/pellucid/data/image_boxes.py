"""Boxes around objects: read from COCO JSON, Pascal VOC XML or arrays, checked against their images, and scaled.

A box is left, top, right, bottom in pixels counted from the outer edge of the first pixel, and the code of its class.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np

from pellucid.data.image_files import natural
from pellucid.errors import DataError, Place, quote

SLACK = 1.0
"""Pixels by which a box may reach over the edge of its image: tools round differently. What does is cut."""
MOST_JSON_BYTES = 2**30
MOST_XML_BYTES = 16 * 2**20

Box = tuple[float, float, float, float, str]
"""Left, top, right, bottom, and the name of the class."""


@dataclass(frozen=True)
class Annotated:
    """One image as an annotation file names it."""

    name: str
    size: tuple[int, int] | None
    """Height and width that the file tells."""
    boxes: tuple[Box, ...]
    told: Place


@dataclass(frozen=True)
class Annotations:
    """What an annotation file, or a folder of them, says."""

    images: list[Annotated]
    classes: tuple[str, ...]
    notes: dict[str, str] = field(default_factory=dict)


def coco(file: Path) -> Annotations:
    """The images and boxes of a COCO file (Lin et al. 2014, arXiv:1405.0312); boxes of crowds are left out.

    Raises: DataError naming what is missing or unknown.
    """
    place = Place(str(file))
    content = _json(file)
    images, categories = _entries(content, "images", place), _entries(content, "categories", place)
    names = {_key(item, "id", place): str(item.get("name", item["id"])) for item in categories}
    classes = tuple(names[key] for key in sorted(names, key=lambda key: natural(str(key))))
    if len(set(classes)) < len(categories):
        raise DataError("DATA-TARGET", "two categories have one id or one name", place=place)
    boxes: dict[int | str, list[Box]] = {_key(item, "id", place): [] for item in images}
    if len(boxes) < len(images):
        raise DataError("DATA-TARGET", "two images have one id", place=place)
    crowds = 0
    for item in _entries(content, "annotations", place):
        image, category = _key(item, "image_id", place), _key(item, "category_id", place)
        if image not in boxes:
            raise DataError("DATA-TARGET", f"a box is on image {image!r}, which is not listed", place=place)
        if category not in names:
            raise DataError("DATA-TARGET", f"a box is of category {category!r}, which is not listed", place=place)
        if item.get("iscrowd"):
            crowds += 1
            continue
        left, top, width, height = _numbers(item.get("bbox"), place)
        boxes[image].append((left, top, left + width, top + height, names[category]))
    found = [_annotated(item, boxes[item["id"]], place) for item in images]
    notes = {"crowds": f"{crowds:,} boxes around crowds were left out"} if crowds else {}
    return Annotations(found, classes, notes)


def voc(file: Path) -> Annotated:
    """The boxes of one image in a Pascal VOC file; its pixels are counted from 1.

    Raises: DataError where the file is no such XML, or holds a document type, which could make it grow without bounds.
    """
    place = Place(str(file))
    try:
        if file.stat().st_size > MOST_XML_BYTES:
            raise DataError("DATA-TARGET", f"is larger than {MOST_XML_BYTES // 2**20} MiB", place=place)
        text = file.read_bytes().decode("utf-8-sig")
        if "<!DOCTYPE" in text or "<!ENTITY" in text:
            raise DataError("DATA-TARGET", "holds a document type, which is not read", place=place)
        root = ElementTree.fromstring(text)
    except OSError as fault:
        raise DataError("DATA-FILE", f"cannot be read: {fault.strerror}", place=place) from None
    except UnicodeDecodeError as fault:
        raise DataError("DATA-TARGET", f"is not UTF-8 at byte {fault.start:,}", place=place) from None
    except ElementTree.ParseError as fault:
        raise DataError("DATA-TARGET", f"is no valid XML: {fault}", place=place) from None
    size = [root.findtext(f"size/{side}") for side in ("height", "width")]
    boxes: list[Box] = []
    for item in root.iter("object"):
        name = (item.findtext("name") or "").strip()
        cells = [item.findtext(f"bndbox/{side}") for side in ("xmin", "ymin", "xmax", "ymax")]
        left, top, right, bottom = _numbers(cells, place)
        if not name:
            raise DataError("DATA-TARGET", "an object has no name", place=place)
        boxes.append((left - 1, top - 1, right, bottom, name))
    height, width = (int(side) if side and side.strip().isdecimal() else 0 for side in size)
    name = root.findtext("filename") or file.stem
    return Annotated(name, (height, width) if height and width else None, tuple(boxes), place)


def classes_of(images: Sequence[Annotated]) -> tuple[str, ...]:
    """Every class that has a box, in natural order."""
    return tuple(sorted({box[4] for image in images for box in image.boxes}, key=natural))


def coded(image: Annotated, classes: tuple[str, ...]) -> np.ndarray:
    """float64 boxes_M5. Raises: DataError for a class that is none of `classes`."""
    strange = next((box[4] for box in image.boxes if box[4] not in classes), None)
    if strange is not None:
        message = f"{quote(image.name)} has a box of class {quote(strange)}, which is not known"
        raise DataError("DATA-TARGET", message, place=image.told)
    rows = [(*box[:4], classes.index(box[4])) for box in image.boxes]
    return np.array(rows, np.float64).reshape(-1, 5)


def from_memory(boxes: Any, count: int, classes: tuple[str, ...]) -> list[np.ndarray]:
    """float64 boxes_M5 of each of `count` images, from boxes_NM5 or a list of boxes_M5; rows of code -1 are left out.

    Raises: DataError for another shape or number, or for a code without a class.
    """
    if len(boxes) != count:
        raise DataError("DATA-TARGET", f"{count:,} images and boxes for {len(boxes):,}")
    found: list[np.ndarray] = []
    for place, rows in enumerate(boxes):
        try:
            boxes_M5 = np.asarray(rows, np.float64)
            boxes_M5 = boxes_M5.reshape(len(boxes_M5), 5)
        except (TypeError, ValueError):
            message = f"the boxes of image {place} are not rows of left, top, right, bottom and class code"
            raise DataError("DATA-TARGET", message) from None
        boxes_M5 = boxes_M5[boxes_M5[:, 4] != -1]
        code_M = boxes_M5[:, 4]
        wrong = code_M[~((code_M % 1 == 0) & (code_M >= 0) & (code_M < len(classes)))]
        if len(wrong):
            message = f"image {place} has a box of class {wrong[0]:g}; there are {len(classes)} classes"
            raise DataError("DATA-TARGET", message)
        found.append(boxes_M5)
    return found


def recoded(boxes_M5: np.ndarray, before: tuple[str, ...], after: tuple[str, ...]) -> np.ndarray:
    """The boxes with the codes of the same classes in another order. Raises: DataError for a class that is new."""
    used = np.unique(boxes_M5[:, 4]).astype(int).tolist()
    strange = next((before[code] for code in used if before[code] not in after), None)
    if strange is not None:
        raise DataError("DATA-TARGET", f"a box is of class {quote(strange)}, which is not known")
    table = np.array([after.index(name) if name in after else -1 for name in before], np.float64)
    return np.concatenate([boxes_M5[:, :4], table[boxes_M5[:, 4].astype(int)][:, None]], 1)


def fitted(boxes_M5: np.ndarray, height: int, width: int, name: str, told: Place) -> np.ndarray:
    """The boxes, cut to their image where they reach over its edge by a rounding.

    Raises: DataError for a box that is outside, has no area, or has a side that is no number.
    """
    edge_4 = np.array([width, height, width, height], np.float64)
    cut_M4 = np.clip(boxes_M5[:, :4], 0, edge_4)
    for box_4, cut_4 in zip(boxes_M5[:, :4], cut_M4, strict=True):
        far = not np.isfinite(box_4).all() or np.abs(box_4 - cut_4).max() > SLACK
        if far or (box_4[2:] <= box_4[:2]).any() or (cut_4[2:] <= cut_4[:2]).any():
            left, top, right, bottom = box_4
            what = f"from {left:g}, {top:g} to {right:g}, {bottom:g} (left, top to right, bottom)"
            empty = (box_4[2:] <= box_4[:2]).any()
            why = "has no area" if empty else f"is outside the image of {height}x{width} (height x width)"
            raise DataError("DATA-TARGET", f"{quote(name)}: a box {what} {why}", place=told)
    return np.concatenate([cut_M4, boxes_M5[:, 4:]], 1)


def scaled(boxes_M5: np.ndarray, before: tuple[int, int], after: tuple[int, int]) -> np.ndarray:
    """Boxes of an image of (height, width) `before` in the pixels of the same image brought to `after`."""
    down, across = after[0] / before[0], after[1] / before[1]
    return boxes_M5 * np.array([across, down, across, down, 1.0])


def padded(boxes: Sequence[np.ndarray]) -> np.ndarray:
    """float32 boxes_NM5: every image filled up with rows of code -1 to the one that has most (at least 1)."""
    most = max([1, *map(len, boxes)])
    padded_NM5 = np.zeros((len(boxes), most, 5), np.float32)
    padded_NM5[:, :, 4] = -1
    for place, boxes_M5 in enumerate(boxes):
        padded_NM5[place, : len(boxes_M5)] = boxes_M5
    return padded_NM5


def _json(file: Path) -> dict[str, Any]:
    place = Place(str(file))
    try:
        if file.stat().st_size > MOST_JSON_BYTES:
            raise DataError("DATA-JSON", f"is larger than {MOST_JSON_BYTES // 2**30} GiB", place=place)
        content = json.loads(file.read_bytes())
    except OSError as fault:
        raise DataError("DATA-FILE", f"cannot be read: {fault.strerror}", place=place) from None
    except (ValueError, RecursionError) as fault:
        raise DataError("DATA-JSON", f"is no valid JSON: {fault}", place=place) from None
    if not isinstance(content, dict):
        raise DataError("DATA-JSON", "is no COCO file: a mapping is expected", place=place)
    return content


def _entries(content: dict[str, Any], name: str, place: Place) -> list[dict[str, Any]]:
    entries = content.get(name)
    if not isinstance(entries, list) or not all(isinstance(item, dict) for item in entries):
        raise DataError("DATA-TARGET", f"is no COCO file: it has no list {quote(name)}", place=place)
    return entries


def _key(item: dict[str, Any], name: str, place: Place) -> int | str:
    value = item.get(name)
    if not isinstance(value, (int, str)):
        raise DataError("DATA-TARGET", f"an entry has no {quote(name)}", place=place)
    return value


def _numbers(cells: Any, place: Place) -> tuple[float, float, float, float]:
    try:
        first, second, third, fourth = (float(cell) for cell in cells)
    except (TypeError, ValueError):
        raise DataError("DATA-TARGET", f"a box has no four numbers: {quote(str(cells))}", place=place) from None
    return first, second, third, fourth


def _annotated(item: dict[str, Any], boxes: list[Box], place: Place) -> Annotated:
    name, height, width = item.get("file_name"), item.get("height"), item.get("width")
    if not isinstance(name, str) or not name or "\0" in name:
        raise DataError("DATA-TARGET", f"image {item['id']!r} has no file_name", place=place)
    size = (height, width) if isinstance(height, int) and isinstance(width, int) else None
    return Annotated(name, size, tuple(boxes), place)
