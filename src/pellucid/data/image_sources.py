"""From a path, an array or a list to the images that `image_gather.gather` reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pellucid.data import image_arrays, image_clips, image_files, image_items, image_layouts, packaged
from pellucid.data.embedded import EMBEDDED
from pellucid.data.image_files import Listed, Listing
from pellucid.data.image_names import class_names
from pellucid.data.image_raw import Asked, Found
from pellucid.data.source import IMAGE_SUFFIXES
from pellucid.errors import DataError, Place, did_you_mean, quote


def from_path(path: str, asked: Asked) -> Found:
    """What a path names: a folder, a CSV file of paths, a COCO file, an .npz file, one image, or an embedded set.

    Raises: DataError where it names nothing, or not what is asked for.
    """
    file = Path(path)
    if not file.exists():
        return _embedded(path, asked)
    if file.is_dir():
        return _folder(file, asked)
    suffix = file.suffix.lower()
    if suffix == ".csv":
        listing = image_files.from_csv(file, asked.target, not asked.new, asked.judged)
        names, marks = class_names([file.parent]) if listing.target == ("mask",) else (None, ())
        found = _from_listing(listing, replace(asked, frames=asked.frames or 1))
        return replace(found, classes=asked.classes or names, marks=() if asked.classes else marks)
    if suffix == ".json":
        return image_layouts.from_coco(file, asked)
    if suffix == ".npz":
        return image_arrays.from_archive(file, asked)
    if suffix in IMAGE_SUFFIXES and asked.new:
        return Found([image_items.of_file(Listed(file, file.name, Place(path)))])
    hint = "a folder with a folder for each class, a CSV file of paths, a COCO file, or an .npz file"
    raise DataError("DATA-PATH", "is no set of images", place=Place(path), hint=hint)


def from_anything(source: Any, asked: Asked) -> Found:
    """What a person hands over: a path, a mapping, an array, or a list of paths, arrays or Pillow images."""
    if isinstance(source, (str, Path)):
        return from_path(str(source), asked)
    if isinstance(source, Mapping):
        return image_arrays.from_mapping(source, asked)
    name = "clips" if asked.new and asked.frames not in (None, 1) else "images"
    if image_arrays.is_picture(source) or (name == "clips" and getattr(source, "ndim", 0) == 3):
        source = [source]
    return image_arrays.from_mapping({name: source}, asked)


def _embedded(path: str, asked: Asked) -> Found:
    if path not in EMBEDDED:
        names = [name for name, known in EMBEDDED.items() if known.kind == "images"]
        hint = f"embedded image sets: {did_you_mean(path, names)}"
        raise DataError("DATA-PATH", "does not exist", place=Place(path), hint=hint)
    known = EMBEDDED[path]
    if known.kind != "images":
        raise DataError("DATA-PATH", f"{quote(path)} is a table", hint="data: {kind: table, ...}")
    asked = asked if asked.target else replace(asked, target=(known.target,))
    if known.file:
        found = image_arrays.from_archive(known.path, asked)
    else:
        found = image_arrays.from_set(packaged.arrays(path), path, asked)
    return replace(found, notes={"title": known.title, "licence": known.licence, "origin": known.origin, **found.notes})


def _folder(root: Path, asked: Asked) -> Found:
    found = image_layouts.from_root(root, asked)
    if found is not None:
        return found
    if not asked.new and asked.target and asked.target != ("folder",):
        message = f"an image folder has no column {quote(asked.target[0])}: its target is the name of the folder"
        raise DataError("DATA-TARGET", message, place=Place(str(root)), hint="leave data.target out")
    return _from_listing(image_files.from_folder(root, not asked.new), asked)


def _from_listing(listing: Listing, asked: Asked) -> Found:
    clips = image_clips.as_clips(listing.items, asked.frames)
    items = [image_items.of_file(item, asked.mask) for item in clips]
    why = {"folder": "one folder for each class", "mask": "a column names a mask for each image"}
    if listing.columns and len(clips) < len(listing.items):
        raise DataError("DATA-CSV", "a CSV file of paths lists images, not clips", hint="data: {frames: 1}")
    return Found(items, listing.target, listing.columns, listing.notes, why=why.get("".join(listing.target), ""))
