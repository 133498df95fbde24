"""Predicted masks as files: a PNG of class codes for each picture, its tiles put together again.

N  images or tiles    H, W  height and width    a picture is what one file shows
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

import numpy as np
from PIL import Image

from pellucid.data import decode
from pellucid.data.image_raw import Extent, ImageRaw
from pellucid.data.signature import Target

FOLDER = "masks"


def written(
    target: Target, raw: ImageRaw, label_NHW: np.ndarray, size: Extent | None
) -> tuple[dict[str, list[Any]], dict[str, bytes]]:
    """(`file`, `mask` and `share_<class>` of each picture; the PNG files by the path in `mask`).

    A mask has the size that its picture had when it was read, each pixel taken from the nearest one. `size` is that of
    the recipe, to which pictures are brought before they are cut into tiles.
    """
    columns: dict[str, list[Any]] = {"file": [], "mask": []} | {f"share_{name}": [] for name in target.classes}
    files: dict[str, bytes] = {}
    for name, (height, width), label_HW in _pictures(raw, label_NHW, size):
        mask_HW = decode.resized_codes(label_HW, height, width)
        path = _path(name, files)
        files[path] = png(mask_HW, target)
        columns["file"].append(name)
        columns["mask"].append(path)
        shares = np.bincount(mask_HW.reshape(-1), minlength=len(target.classes)) / mask_HW.size
        for place, one in enumerate(target.classes):
            columns[f"share_{one}"].append(float(shares[place]))
    return columns, files


def png(mask_HW: np.ndarray, target: Target) -> bytes:
    """A palette PNG whose values are class codes, in the colours of the masks it was learnt from or in PASCAL VOC's."""
    image, buffer = Image.fromarray(mask_HW, "P"), io.BytesIO()
    coloured = max(target.marks, default=0) > 255
    image.putpalette([part for code in range(256) for part in _colour(code, target.marks if coloured else ())])
    image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _colour(code: int, marks: tuple[int, ...]) -> tuple[int, int, int]:
    """Red, green, blue of a code: its mark, else three bits of the code at a time, as the colour map of PASCAL VOC."""
    if code < len(marks):
        return marks[code] >> 16, marks[code] >> 8 & 255, marks[code] & 255
    red, green, blue = (sum((code >> (3 * bit + channel) & 1) << (7 - bit) for bit in range(3)) for channel in range(3))
    return red, green, blue


def _pictures(raw: ImageRaw, label_NHW: np.ndarray, size: Extent | None) -> Iterator[tuple[str, Extent, np.ndarray]]:
    """Every picture, its extent and its mask; tiles follow one another, and the first of a picture is at its corner."""
    if raw.tiles is None:
        yield from zip(raw.names, raw.extents, label_NHW, strict=True)
        return
    starts = [place for place, (_, top, left) in enumerate(raw.tiles) if not top and not left]
    high, wide = label_NHW.shape[1:]
    for start, stop in zip(starts, [*starts[1:], len(raw.tiles)], strict=True):
        whole_HW = np.empty(size or raw.extents[start], np.uint8)
        for label_HW, (_, top, left) in zip(label_NHW[start:stop], raw.tiles[start:stop], strict=True):
            room_HW = whole_HW[top : top + high, left : left + wide]
            room_HW[:] = label_HW[: room_HW.shape[0], : room_HW.shape[1]]
        yield raw.tiles[start][0], raw.extents[start], whole_HW


def _path(name: str, taken: dict[str, bytes]) -> str:
    """A path inside `FOLDER` that no other picture has."""
    parts = [part for part in re.split(r"[\\/]", name) if part not in ("", ".", "..")] or ["picture"]
    plain = PurePosixPath(FOLDER, *parts).with_suffix("")
    path, number = f"{plain}.png", 1
    while path in taken:
        number += 1
        path = f"{plain}-{number}.png"
    return path
