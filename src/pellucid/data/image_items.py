"""Files and arrays as `Item`s: what each is, and how it is decoded when its turn comes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pellucid.data import decode, image_masks
from pellucid.data.decode import Decoded, Header
from pellucid.data.image_boxes import Annotated, coded
from pellucid.data.image_files import Listed
from pellucid.data.image_raw import NOWHERE, Item, MaskMeaning
from pellucid.errors import DataError, Place, quote


def of_file(listed: Listed, meaning: MaskMeaning = "classes") -> Item:
    """An image file, or the files of a clip, with its mask where it has one."""
    paths = listed.frames or (listed.path,)
    places = [Place(str(path)) for path in listed.frames] or [listed.place]
    mask, told = listed.mask, Place(str(listed.mask)) if listed.mask else NOWHERE
    return Item(
        listed.name,
        lambda: decode.header(listed.path, listed.place),
        lambda at: decode.decode(paths[at], places[at]),
        listed.labels,
        listed.part,
        length=len(paths),
        mask=None if mask is None else lambda: image_masks.from_file(mask, told, meaning),
        told=told,
    )


def of_annotated(path: Path, name: str, part: str | None, image: Annotated, classes: tuple[str, ...] | None) -> Item:
    """An image file with its boxes; without `classes` they are not looked at."""
    place = Place(str(path))

    def header() -> Header:
        found = decode.header(path, place)
        if classes is not None and image.size not in (None, (found.height, found.width)):
            height, width = image.size or (0, 0)
            message = f"{quote(name)} is {found.height}x{found.width}, not {height}x{width} (height x width)"
            raise DataError("DATA-TARGET", message, place=image.told)
        return found

    boxes_M5 = None if classes is None else coded(image, classes)
    return Item(name, header, lambda _: decode.decode(path, place), (), part, boxes_M5=boxes_M5, told=image.told)


def of_pixels(name: str, frames: list[np.ndarray], labels: tuple[str, ...] = (), part: str | None = None) -> Item:
    """Pixels in memory: one image, or the frames of a clip."""
    first = frames[0]
    head = Header(first.shape[0], first.shape[1], first.ndim == 2)
    return Item(name, lambda: head, lambda at: Decoded(frames[at]), labels, part, in_memory=True, length=len(frames))
