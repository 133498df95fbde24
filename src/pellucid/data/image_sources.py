"""From a path, an array or a list to the `Item`s that `image_raw.gather` reads."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.data import decode, image_files
from pellucid.data.decode import Decoded, Header
from pellucid.data.embedded import EMBEDDED
from pellucid.data.image_files import Listed, Listing
from pellucid.data.image_raw import Item
from pellucid.data.source import IMAGE_SUFFIXES
from pellucid.errors import DataError, Place, did_you_mean, quote

PARTS = ("train", "valid", "test")
MOST_ARCHIVE_BYTES = 4 * 2**30
Found = tuple[list[Item], tuple[str, ...], dict[str, tuple[str, ...]], dict[str, str]]
"""Items, names of the target, other columns, notes."""


def from_path(path: str, target: Sequence[str], labelled: bool = True) -> Found:
    """What a path names: a folder, a CSV file of paths, an .npz file, one image, or an embedded set.

    Raises: DataError where it names nothing.
    """
    file = Path(path)
    if not file.exists() and path in EMBEDDED:
        known = EMBEDDED[path]
        if known.kind != "images":
            raise DataError("DATA-PATH", f"{quote(path)} is a table", hint="data: {kind: table, ...}")
        notes = {"title": known.title, "licence": known.licence, "origin": known.origin}
        return (*_from_archive(known.path, known.target), notes)
    if file.is_dir():
        if labelled and target and tuple(target) != ("folder",):
            message = f"an image folder has no column {quote(target[0])}: its target is the name of the folder"
            raise DataError("DATA-TARGET", message, place=Place(path), hint="leave data.target out")
        return _from_listing(image_files.from_folder(file, labelled))
    suffix = file.suffix.lower()
    if not file.exists():
        names = [name for name, known in EMBEDDED.items() if known.kind == "images"]
        hint = f"embedded image sets: {did_you_mean(path, names)}"
        raise DataError("DATA-PATH", "does not exist", place=Place(path), hint=hint)
    if suffix == ".csv":
        return _from_listing(image_files.from_csv(file, target, labelled))
    if suffix == ".npz":
        return (*_from_archive(file, target[0] if target else "label"), {})
    if suffix in IMAGE_SUFFIXES and not labelled:
        return [_file_item(Listed(file, file.name, Place(path)))], (), {}, {}
    hint = "a folder with a folder for each class, a CSV file of paths, or an .npz file"
    raise DataError("DATA-PATH", "is no set of images", place=Place(path), hint=hint)


def from_anything(source: Any, target: Sequence[str]) -> Found:
    """What a person hands over for prediction: a path, an array, or a list of paths, arrays or Pillow images."""
    if isinstance(source, (str, Path)):
        return from_path(str(source), target, labelled=False)
    images, labels = pair(source, mapping_only=True)
    items = from_memory([images] if _is_picture(images) else images, labels)
    return items, () if labels is None else tuple(target), {}, {}


def pair(rows: Any, mapping_only: bool = False) -> tuple[Any, Sequence[object] | None]:
    """(images, labels or None) of a mapping with those names, of a pair, or of images alone."""
    if isinstance(rows, Mapping):
        if "images" not in rows:
            raise DataError("DATA-ARRAY", "there is no entry 'images'", hint=did_you_mean("images", map(str, rows)))
        return rows["images"], rows.get("labels")
    if isinstance(rows, tuple) and len(rows) == 2 and not mapping_only:
        return rows[0], rows[1]
    return rows, None


def from_memory(images: Any, labels: Sequence[object] | None) -> list[Item]:
    """Items of one array of images, or of a list of arrays, Pillow images or paths, of any sizes."""
    if not isinstance(images, (list, tuple)):
        return from_arrays(np.asarray(images), labels)
    texts = _texts(labels, len(images))
    return [replace(_one(index, item), labels=texts[index]) for index, item in enumerate(images)]


def from_arrays(images: np.ndarray, labels: Sequence[object] | None, parts: Sequence[str] | None = None) -> list[Item]:
    """Items of image_NHW, image_NHWC or image_NCHW (or one image_HW or image_HWC): uint8, or floats from 0 to 1.

    Raises: DataError for another shape, numbers out of range, or labels that are not as many as the images.
    """
    images = _as_list_of_images(pixels_of(images, "the array"))
    texts = _texts(labels, len(images))
    part = [None] * len(images) if parts is None else list(parts)
    if len(part) != len(images):
        raise DataError("DATA-SPLIT", f"{len(images):,} images and {len(part):,} parts")
    return [_array_item(str(i), images[i], texts[i], part[i]) for i in range(len(images))]


def pixels_of(values: np.ndarray, what: str) -> np.ndarray:
    """`values` as uint8: floats from 0 to 1 are taken times 255, whole numbers must lie in 0..255."""
    if values.dtype == np.uint8:
        return values
    if values.dtype.kind not in "biuf" or not values.size:
        raise DataError("DATA-ARRAY", f"{what} holds no pixels: dtype {values.dtype}, shape {values.shape}")
    low, high = values.min(), values.max()
    top = 1 if values.dtype.kind in "bf" else 255
    if not (low >= 0 and high <= top):  # also refuses NaN
        hint = "whole numbers from 0 to 255, or floats from 0 to 1"
        raise DataError("DATA-ARRAY", f"{what} holds values from {low} to {high}", hint=hint)
    return np.rint(values.astype(np.float64) * (255 / top)).astype(np.uint8)


def _as_list_of_images(values: np.ndarray) -> np.ndarray:
    """image_NHW or image_NHWC with 3 channels."""
    if values.ndim == 2 or (values.ndim == 3 and values.shape[-1] == 3):
        values = values[None]
    if values.ndim == 4 and values.shape[-1] not in (1, 3) and values.shape[1] in (1, 3):
        values = values.transpose(0, 2, 3, 1)
    if values.ndim == 4 and values.shape[-1] == 1:
        values = values[..., 0]
    if values.ndim not in (3, 4) or (values.ndim == 4 and values.shape[-1] != 3) or not values.size:
        hint = "images x height x width, with 1 or 3 channels last or second"
        raise DataError("DATA-ARRAY", f"an array of shape {values.shape} is no set of images", hint=hint)
    return values


def _one(index: int, item: Any) -> Item:
    if isinstance(item, (str, Path)):
        return _file_item(Listed(Path(item), str(item), Place(str(item))))
    if _is_picture(item):
        place = Place(path=f"image {index}")
        decoded = decode.from_picture(item, place)
        return Item(str(index), lambda: _header(decoded.pixels), lambda: decoded, in_memory=True)
    values = _as_list_of_images(pixels_of(np.asarray(item), f"image {index}"))
    return _array_item(str(index), values[0], (), None)


def _is_picture(value: object) -> bool:
    from PIL import Image

    return isinstance(value, Image.Image)


def _from_listing(listing: Listing) -> Found:
    items = [_file_item(item) for item in listing.items]
    return items, listing.target, listing.columns, listing.notes


def _file_item(item: Listed) -> Item:
    header = lambda: decode.header(item.path, item.place)  # noqa: E731 - a deferred call, not a function of its own
    return Item(item.name, header, lambda: decode.decode(item.path, item.place), item.labels, item.part)


def _array_item(name: str, pixels: np.ndarray, labels: tuple[str, ...], part: str | None) -> Item:
    return Item(name, lambda: _header(pixels), lambda: Decoded(pixels), labels, part, in_memory=True)


def _header(pixels: np.ndarray) -> Header:
    return Header(pixels.shape[0], pixels.shape[1], pixels.ndim == 2)


def _texts(labels: Sequence[object] | None, count: int) -> list[tuple[str, ...]]:
    """The labels as text, one tuple for each of `count` images."""
    if labels is None:
        return [()] * count
    if len(labels) != count:
        raise DataError("DATA-TARGET", f"{count:,} images and {len(labels):,} labels")
    return [_label(label) for label in labels]


def _label(label: object) -> tuple[str, ...]:
    """Text of a label; whole floats lose their point, and a row of numbers is several targets."""
    if isinstance(label, np.ndarray) and label.ndim == 1:
        return tuple(_label(cell)[0] for cell in label)
    if isinstance(label, (float, np.floating)):
        return (str(int(label)) if float(label).is_integer() else repr(float(label)),)
    return (str(label),)


def _from_archive(file: Path, target: str) -> tuple[list[Item], tuple[str, ...], dict[str, tuple[str, ...]]]:
    """The arrays `images`, then `codes` with `classes`, or `labels`, and `split`, of an .npz file without objects."""
    place = Place(str(file))
    try:
        with zipfile.ZipFile(file) as archive:
            if sum(member.file_size for member in archive.infolist()) > MOST_ARCHIVE_BYTES:
                raise DataError("DATA-ARRAY", f"unpacks to more than {MOST_ARCHIVE_BYTES // 2**30} GiB", place=place)
        with np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except DataError:
        raise
    except Exception as fault:  # noqa: BLE001 - zipfile and numpy raise a dozen kinds for a damaged file
        raise DataError("DATA-ARRAY", f"cannot be read as .npz: {str(fault).splitlines()[0]}", place=place) from None
    if "images" not in arrays:
        message, hint = "has no array 'images'", did_you_mean("images", arrays)
        raise DataError("DATA-ARRAY", message, place=place, hint=hint)
    labels: Sequence[object] | None = None
    try:
        if "codes" in arrays and "classes" in arrays:
            labels = [str(name) for name in arrays["classes"][arrays["codes"]]]
        elif "labels" in arrays:
            labels = list(arrays["labels"])
        parts = [PARTS[code] for code in arrays["split"].tolist()] if "split" in arrays else None
        items = from_arrays(arrays["images"], labels, parts)
    except IndexError:
        raise DataError("DATA-ARRAY", "has codes without a class, or parts other than 0, 1, 2", place=place) from None
    except DataError as fault:
        raise DataError(fault.code, fault.message, place=place, hint=fault.hint) from None
    return items, (target,) if labels is not None else (), {}
