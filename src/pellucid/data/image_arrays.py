"""Images in memory, and in `.npz` files without objects, with labels, masks or boxes."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.data import decode, image_boxes, image_items, image_masks
from pellucid.data.decode import Header
from pellucid.data.image_files import Listed
from pellucid.data.image_raw import Asked, Found, Item, Marked
from pellucid.data.signature import PARTS
from pellucid.errors import DataError, Place, did_you_mean

MOST_ARCHIVE_BYTES = 4 * 2**30
ENTRIES = ("images", "clips", "labels", "names", "masks", "boxes", "classes")


def from_mapping(
    rows: Mapping[str, Any], asked: Asked, parts: Sequence[str] | None = None, file: str | None = None
) -> Found:
    """Images or clips in memory with what is known of them.

    `images` (see `items_of`), or `clips`: clip_NFHW or clip_NFHWC, or a list of clips of several lengths; with
    `labels` (and `names` of their columns), or with `masks` (mask_NHW) and perhaps `classes`, or with `boxes`
    (boxes_NM5 or a list of boxes_M5) and `classes`.

    Raises: DataError for an unknown entry, or arrays that do not go together.
    """
    strange = next((str(name) for name in rows if name not in ENTRIES), None)
    if strange is not None or ("images" in rows) == ("clips" in rows):
        what = f"there is no entry {strange!r}" if strange else "one of the entries 'images' and 'clips' is needed"
        raise DataError("DATA-ARRAY", what, hint=did_you_mean(strange or "images", ENTRIES))
    items = clips_of(rows["clips"]) if "clips" in rows else items_of(rows["images"])
    if parts is not None:
        if len(parts) != len(items):
            raise DataError("DATA-SPLIT", f"{len(items):,} images and {len(parts):,} parts")
        items = [replace(item, part=part) for item, part in zip(items, parts, strict=True)]
    kind = asked.kind or (None if asked.target else _kind(rows))
    if kind is not None and asked.new and (not asked.judged or kind not in _kinds(rows)):
        return Found(items)
    items = [replace(item, told=Place(file, path=f"{kind} {index}")) for index, item in enumerate(items)]
    told = rows.get("classes")
    classes = None if told is None else tuple(map(str, told))
    if kind == "mask":
        return Found(
            _masked(items, rows, None if asked.new else classes, asked),
            ("mask",),
            classes=asked.classes or classes,
            why="given as masks",
        )
    if kind == "boxes":
        return _boxed(items, rows, classes, asked)
    return _labelled(items, rows.get("labels"), rows.get("names"), asked)


def from_archive(file: Path, asked: Asked) -> Found:
    """The arrays of an .npz file, as `from_set` takes them.

    Raises: DataError for a file that is damaged, holds objects, or lacks an array.
    """
    return from_set(unpacked(file, Place(str(file))), str(file), asked)


def from_set(arrays: Mapping[str, np.ndarray], source: str, asked: Asked) -> Found:
    """Arrays as `from_mapping` takes them; `codes` may index `classes`, and `split` says the part.

    `mask_classes` names the codes of masks where `classes` are those of boxes.
    Raises: DataError where an array is missing, or does not go with the others.
    """
    place = Place(source)
    if "images" not in arrays and "clips" not in arrays:
        message, hint = "has no array 'images'", did_you_mean("images", arrays)
        raise DataError("DATA-ARRAY", message, place=place, hint=hint)
    rows: dict[str, Any] = {name: arrays[name] for name in ENTRIES if name in arrays}
    try:
        kind = asked.kind or (None if asked.target else _kind(rows))
        if kind is None and "codes" in arrays and "classes" in arrays:
            rows["labels"] = [str(name) for name in arrays["classes"][arrays["codes"]]]
        if kind == "mask" and "mask_classes" in arrays:
            rows["classes"] = arrays["mask_classes"]
        parts = [PARTS[code] for code in arrays["split"].tolist()] if "split" in arrays else None
        found = from_mapping(rows, asked, parts, source)
    except IndexError:
        raise DataError("DATA-ARRAY", "has codes without a class, or parts other than 0, 1, 2", place=place) from None
    except DataError as fault:
        raise DataError(fault.code, fault.message, place=place, hint=fault.hint) from None
    return found


def items_of(images: Any) -> list[Item]:
    """Items of one array of images, or of a list of arrays, Pillow images or paths, of any sizes.

    An array is image_NHW, image_NHWC or image_NCHW (or one image_HW or image_HWC): uint8, or floats from 0 to 1.
    Raises: DataError for another shape, or numbers out of range.
    """
    if isinstance(images, (list, tuple)):
        return [_one(index, item) for index, item in enumerate(images)]
    values = _as_list_of_images(pixels_of(np.asarray(images), "the array"))
    return [image_items.of_pixels(str(index), [pixels]) for index, pixels in enumerate(values)]


def clips_of(clips: Any) -> list[Item]:
    """Items of clip_NFHW or clip_NFHWC, or of a list of clip_FHW or clip_FHWC."""
    items: list[Item] = []
    for index, clip in enumerate(clips):
        values = pixels_of(np.asarray(clip), f"clip {index}")
        if values.ndim not in (3, 4) or not values.size or (values.ndim == 4 and values.shape[-1] not in (1, 3)):
            hint = "clips x frames x height x width, perhaps with 1 or 3 channels last"
            raise DataError("DATA-ARRAY", f"clip {index} has the shape {values.shape}", hint=hint)
        frames = values[..., 0] if values.ndim == 4 and values.shape[-1] == 1 else values
        items.append(image_items.of_pixels(str(index), list(frames)))
    return items


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


def is_picture(value: object) -> bool:
    """Whether a value is a Pillow image."""
    from PIL import Image

    return isinstance(value, Image.Image)


def _kinds(rows: Mapping[str, Any]) -> list[str]:
    return [kind for kind, name in (("mask", "masks"), ("boxes", "boxes")) if name in rows]


def _kind(rows: Mapping[str, Any]) -> str | None:
    """Masks or boxes, where one of them is there. Raises: DataError where both are."""
    kinds = _kinds(rows)
    if len(kinds) > 1:
        raise DataError("DATA-TARGET", "there are both masks and boxes", hint="set data.target to masks or boxes")
    return kinds[0] if kinds else None


def _masked(items: list[Item], rows: Mapping[str, Any], classes: tuple[str, ...] | None, asked: Asked) -> list[Item]:
    masks = rows.get("masks")
    if masks is None or len(masks) != len(items):
        message = "there are no masks" if masks is None else f"{len(items):,} images and {len(masks):,} masks"
        raise DataError("DATA-TARGET", message)

    def read(mask: Any, told: Place) -> Marked:
        found = image_masks.marked(np.asarray(mask), told, asked.mask)
        image_masks.check_named(found, classes, told)
        return found

    return [
        replace(item, mask=lambda mask=mask, told=item.told: read(mask, told))
        for item, mask in zip(items, masks, strict=True)
    ]


def _boxed(items: list[Item], rows: Mapping[str, Any], classes: tuple[str, ...] | None, asked: Asked) -> Found:
    boxes = rows.get("boxes")
    if boxes is None:
        raise DataError("DATA-TARGET", "there are no boxes")
    names = classes or asked.classes
    if names is None:
        raise DataError("DATA-TARGET", "boxes need 'classes': the names of their class codes")
    found = image_boxes.from_memory(boxes, len(items), names)
    if asked.classes:
        found = [image_boxes.recoded(boxes_M5, names, asked.classes) for boxes_M5 in found]
    items = [replace(item, boxes_M5=boxes_M5) for item, boxes_M5 in zip(items, found, strict=True)]
    return Found(items, ("boxes",), classes=asked.classes or names, why="given as boxes")


def _labelled(items: list[Item], labels: Sequence[object] | None, told: Sequence[object] | None, asked: Asked) -> Found:
    if labels is None:
        return Found(items)
    if len(labels) != len(items):
        raise DataError("DATA-TARGET", f"{len(items):,} images and {len(labels):,} labels")
    items = [replace(item, labels=_label(label)) for item, label in zip(items, labels, strict=True)]
    names, width = asked.target or ("label",), len(items[0].labels) if items else 0
    if told is None:
        numbered = tuple(f"{names[0]}_{place + 1}" for place in range(width))
        return Found(items, names if len(names) == width or asked.new else numbered)
    own = tuple(map(str, np.atleast_1d(np.asarray(told))))
    if len(own) != width:
        raise DataError("DATA-ARRAY", f"{width} columns of labels, {len(own)} names")
    if not asked.target or (len(names) != width and not asked.new):
        names = own
    return Found(items, names, values=np.asarray(labels).dtype.kind == "f")


def _label(label: object) -> tuple[str, ...]:
    """Text of a label; whole floats lose their point, and a row of numbers is several targets."""
    if isinstance(label, np.ndarray) and label.ndim == 1:
        return tuple(_label(cell)[0] for cell in label)
    if isinstance(label, (float, np.floating)):
        return (str(int(label)) if float(label).is_integer() else repr(float(label)),)
    return (str(label),)


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
        return image_items.of_file(Listed(Path(item), str(item), Place(str(item))))
    if is_picture(item):
        place = Place(path=f"image {index}")
        decoded = decode.from_picture(item, place)
        height, width = decoded.pixels.shape[:2]
        head = Header(height, width, decoded.pixels.ndim == 2)
        return Item(str(index), lambda: head, lambda _: decoded, in_memory=True)
    values = _as_list_of_images(pixels_of(np.asarray(item), f"image {index}"))
    return image_items.of_pixels(str(index), [values[0]])


def unpacked(file: Path, place: Place) -> dict[str, np.ndarray]:
    """The arrays of an .npz file. Raises: DataError for a file that is damaged, far too large, or holds objects."""
    try:
        with zipfile.ZipFile(file) as archive:
            if sum(member.file_size for member in archive.infolist()) > MOST_ARCHIVE_BYTES:
                raise DataError("DATA-ARRAY", f"unpacks to more than {MOST_ARCHIVE_BYTES // 2**30} GiB", place=place)
        with np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except DataError:
        raise
    except Exception as fault:  # noqa: BLE001 - zipfile and numpy raise a dozen kinds for a damaged file
        raise DataError("DATA-ARRAY", f"cannot be read as .npz: {str(fault).splitlines()[0]}", place=place) from None
