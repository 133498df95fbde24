"""Folders whose images have masks or boxes: masks beside images, COCO files, Pascal VOC folders.

Each of these may lie in the folder itself, or in its folders train, valid and test.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pellucid.data import image_boxes, image_items
from pellucid.data.image_boxes import Annotated, Annotations
from pellucid.data.image_files import Listed, entries, natural, walk
from pellucid.data.image_names import class_names
from pellucid.data.image_raw import Asked, Found, Item
from pellucid.data.signature import PARTS
from pellucid.data.source import COCO_FILES
from pellucid.data.splitting import PART_NAMES
from pellucid.errors import DataError, Place, quote

IMAGE_FOLDERS = ("images", "image", "imgs", "jpegimages")
MASK_FOLDERS = ("masks", "mask", "labels", "annotations", "segmentationclass")
XML_FOLDERS = ("annotations", "labels", "xml")


@dataclass(frozen=True)
class Spot:
    """A folder of images, and what tells about them."""

    folder: Path
    part: str | None
    images: Path
    masks: Path | None = None
    coco: Path | None = None
    xml: tuple[Path, ...] = ()


def spots(root: Path) -> list[Spot]:
    """The folder, or its parts, with the masks and annotation files that belong to each."""
    here, folders = entries(root, [])
    named = [(PART_NAMES.get(folder.name.casefold().rstrip("0123456789")), folder) for folder in folders]
    parts = sorted((code, folder) for code, folder in named if code is not None)
    if here or not parts or parts[0][0] != 0:
        return [_spot(root, None, root)]
    return [_spot(folder, PARTS[code], root) for code, folder in parts]


def from_root(root: Path, asked: Asked) -> Found | None:
    """Images with masks or boxes, as asked for, or else as the layout says; None where it says neither.

    Raises: DataError where what is asked for is not there, or an image has no mask.
    """
    found = spots(root)
    has = {"mask": all(spot.masks for spot in found), "boxes": all(spot.coco or spot.xml for spot in found)}
    kinds = [kind for kind in has if has[kind]]
    if asked.new and not asked.judged:
        if (not kinds and (asked.kind is None or found[0].images == found[0].folder)) or asked.target == ("folder",):
            return None
        return Found([image_items.of_file(item) for spot in found for item in _images(spot, root)])
    if asked.kind is None and (asked.target or not kinds):
        return None
    if asked.kind is None and len(kinds) > 1:
        message, hint = "has both masks and boxes", "set data.target to masks or boxes"
        raise DataError("DATA-TARGET", message, place=Place(str(root)), hint=hint)
    kind = asked.kind or kinds[0]
    lacking = next((spot for spot in found if not (spot.masks if kind == "mask" else spot.coco or spot.xml)), None)
    if lacking is not None:
        what = "masks: a folder images and one called masks" if kind == "mask" else "boxes: a COCO file or VOC folders"
        raise DataError("DATA-TARGET", "has no " + what, place=Place(str(lacking.folder)))
    return _masks(found, root, asked) if kind == "mask" else _boxes(found, root, asked)


def from_coco(file: Path, asked: Asked) -> Found:
    """The images that a COCO file names, with their boxes."""
    return _boxes([Spot(file.parent, None, file.parent, coco=file)], file.parent, asked)


def _spot(folder: Path, part: str | None, root: Path) -> Spot:
    children = {child.name.casefold(): child for child in entries(folder, [])[1]}
    images = next((children[name] for name in IMAGE_FOLDERS if name in children), folder)
    masks = None
    if images != folder:
        masks = next((children[n] for n in MASK_FOLDERS if n in children and any(walk(children[n], [], ()))), None)
    places = [children[name] for name in XML_FOLDERS if name in children]
    if entries(images, [])[0]:
        places.append(images)
    xml = next((found for place in places if (found := sorted(place.glob("*.xml"), key=lambda p: natural(p.name)))), [])
    return Spot(folder, part, images, masks, _coco_file(folder, root, part, [folder, *places]), tuple(xml))


def _coco_file(folder: Path, root: Path, part: str | None, inside: Sequence[Path]) -> Path | None:
    """The COCO file in the folder; else the one beside it that has its name."""
    beside = [root, root / "annotations"] if part else [root.parent, root.parent / "annotations"]
    found = [file for place in inside for pattern in COCO_FILES for file in sorted(place.glob(pattern))]
    found += [file for place in beside for file in sorted(place.glob("*.json")) if folder.name in file.stem]
    if part is None and folder.name.casefold() in IMAGE_FOLDERS:
        found += [file for pattern in COCO_FILES for file in sorted(root.parent.glob(pattern))]
    return next(iter(found), None)


def _images(spot: Spot, root: Path) -> Iterator[Listed]:
    for path in sorted(walk(spot.images, [], ()), key=lambda path: natural(path.relative_to(root).as_posix())):
        yield Listed(path, path.relative_to(root).as_posix(), Place(str(path)), (), spot.part)


def _masks(found: Sequence[Spot], root: Path, asked: Asked) -> Found:
    items: list[Item] = []
    unused = 0
    for spot in found:
        assert spot.masks is not None
        masks = {_stem(path, spot.masks): path for path in walk(spot.masks, [], ())}
        listed = list(_images(spot, root))
        for image in listed:
            mask = masks.get(_stem(image.path, spot.images))
            if mask is None:
                message = f"has no mask called {quote(image.path.stem)} in {quote(spot.masks.name)}"
                raise DataError("DATA-TARGET", message, place=image.place)
            item = Listed(image.path, image.name, image.place, (), spot.part, mask=mask)
            items.append(image_items.of_file(item, asked.mask))
        unused += len(masks) - len(listed)
    notes = {"masks not used": f"{unused:,} masks have no image"} if unused else {}
    names, marks = class_names([root, *(spot.folder for spot in found), root.parent])
    why = f"a mask of the same name lies in {quote(found[0].masks.name if found[0].masks else '')} for each image"
    return Found(items, ("mask",), {}, notes, asked.classes or names, () if asked.classes else marks, why)


def _boxes(found: Sequence[Spot], root: Path, asked: Asked) -> Found:
    read = [_annotations(spot) for spot in found]
    classes = asked.classes or class_names([root])[0] or read[0][0].classes
    notes: dict[str, str] = {}
    items: list[Item] = []
    for spot, (said, paths) in zip(found, read, strict=True):
        for image, path in zip(said.images, paths, strict=True):
            name = path.relative_to(root).as_posix() if path.is_relative_to(root) else image.name
            items.append(image_items.of_annotated(path, name, spot.part, image, classes if asked.judged else None))
        notes |= said.notes
    if not asked.judged:
        return Found(items)
    empty = sum(item.boxes_M5 is not None and not len(item.boxes_M5) for item in items)
    if empty:
        notes["images without boxes"] = f"{empty:,} of {len(items):,}"
    spot = found[0]
    why = f"{quote(spot.coco.name)} holds boxes" if spot.coco else "XML files of the same names hold boxes"
    return Found(items, ("boxes",), {}, notes, classes, (), why)


def _annotations(spot: Spot) -> tuple[Annotations, list[Path]]:
    """What is said about the images of one spot, and where each of them is."""
    if spot.coco is not None:
        found = image_boxes.coco(spot.coco)
        return found, _located(found.images, spot)
    by_stem = {_stem(path, spot.images): path for path in walk(spot.images, [], ())}
    images: list[Annotated] = []
    paths: list[Path] = []
    for file in spot.xml:
        image = image_boxes.voc(file)
        path = by_stem.get(file.stem)
        if path is None:
            raise DataError("DATA-TARGET", f"there is no image called {quote(file.stem)}", place=image.told)
        images.append(image)
        paths.append(path)
    missing = len(by_stem) - len(paths)
    notes = {"images left out": f"{missing:,} images have no XML file"} if missing else {}
    return Annotations(images, image_boxes.classes_of(images), notes), paths


def _located(images: Sequence[Annotated], spot: Spot) -> list[Path]:
    """Where the files are that a COCO file names: beside it, or in the folder of images."""
    assert spot.coco is not None
    beside = spot.coco.parent
    bases = [spot.images, spot.folder, beside, beside / "images", beside.parent, beside.parent / "images"]
    base = next((base for base in bases if images and (base / images[0].name).is_file()), spot.images)
    for image in images:
        if not (base / image.name).is_file():
            message = f"names {quote(image.name)}, which is not in {quote(str(base))}"
            raise DataError("DATA-TARGET", message, place=image.told)
    return [base / image.name for image in images]


def _stem(path: Path, base: Path) -> str:
    return path.relative_to(base).with_suffix("").as_posix()
