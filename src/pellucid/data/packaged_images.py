"""Image sets that are put together from the files of installed packages."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from pellucid.data.composites import CutOut, Stock, pictures, trimmed
from pellucid.data.packages import Package
from pellucid.errors import DataError, Place

FASHION_FILES = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
CLOTHES = (
    "T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip
STAMPS: dict[str, tuple[str, ...]] = {
    "animal": ("animals/birds/*.png", "animals/mammals/*.png", "animals/mammals/*/*.png"),
    "coin": ("symbols/money/*/coins/*.png", "symbols/money/japanese/*.png"),
    "sign": ("town/roadsigns/*.png",),
    "vehicle": ("vehicles/*/*.png", "vehicles/*/cartoon/*.png", "vehicles/*/planes/*.png"),
}
"""Which stamps are cut-outs of each class."""
PHOTOS = (
    "astronaut.png", "brick.png", "camera.png", "cell.png", "clock_motion.png", "coffee.png", "grass.png", "gravel.png",
    "hubble_deep_field.jpg", "ihc.png", "moon.png", "page.png", "retina.jpg", "text.png",
)  # fmt: skip
"""Backgrounds: photos that show none of the classes."""

FASHION = Package(
    "dataset-fashion-mnist",
    "apt-get install dataset-fashion-mnist",
    "datasets/fashion-mnist",
    tuple(f"{name}-ubyte.gz" for name in FASHION_FILES),
    "dc92822c890200774b85639862da9b7a0ff28cd78cfc1f42904fdbbc5c70591b",
)
TUXPAINT = Package(
    "tuxpaint-stamps-default 2022.06.04",
    "apt-get install tuxpaint-stamps-default",
    "tuxpaint/stamps",
    tuple(pattern for patterns in STAMPS.values() for pattern in patterns),
    "44a36beaf490efe117c5cbde04a0bb208cf5a3d9113113fd9719bcd4d1836eb7",
    ("_mirror", "trainSign"),
)
SKIMAGE = Package(
    "scikit-image",
    "pip install scikit-image",
    "skimage/data",
    PHOTOS,
    "3805f349c9619a078f5aadc953ea06c7ef75ed1237056a38898f4cd58d78c026",
)

COUNTS = (3000, 300, 700)
"""Composites that train, choose and judge."""
COMPOSITE_SIDE = 64


def fashion_mnist(folder: Path) -> dict[str, np.ndarray]:
    """Pictures and classes of the four files: the last 5,000 of the training files choose, the test files judge."""
    images, codes, more, judged = (read_idx(folder / f"{name}-ubyte.gz") for name in FASHION_FILES)
    split = np.zeros(len(images) + len(more), np.uint8)
    split[len(images) - len(images) // 12 : len(images)] = 1
    split[len(images) :] = 2
    return {
        "images": np.concatenate([images, more]),
        "codes": np.concatenate([codes, judged]).astype(np.int64),
        "classes": np.array(CLOTHES),
        "split": split,
    }


def composites(stamps: Path, photos: Path, counts: Sequence[int] = COUNTS) -> dict[str, np.ndarray]:
    """Stamps pasted on photos. Of ten stamps of a class, and of ten photos, seven train, one chooses and two judge."""
    cutouts: tuple[list[CutOut], ...] = ([], [], [])
    for code, patterns in enumerate(STAMPS.values()):
        for place, file in enumerate(Package("", "", "", patterns, "", TUXPAINT.without).at(stamps)):
            cutout = trimmed(_pixels(file, "RGBA"), COMPOSITE_SIDE)
            cutouts[_part(place)].append(CutOut(cutout, code))
    backgrounds: tuple[list[np.ndarray], ...] = ([], [], [])
    for place, file in enumerate(SKIMAGE.at(photos)):
        backgrounds[_part(place)].append(_pixels(file, "RGB"))
    stocks = [Stock(tuple(some), tuple(grounds)) for some, grounds in zip(cutouts, backgrounds, strict=True)]
    made = pictures(stocks, counts, COMPOSITE_SIDE, seed=0)
    return {**made, "classes": np.array(list(STAMPS)), "mask_classes": np.array(["background", *STAMPS])}


def read_idx(file: Path) -> np.ndarray:
    """The uint8 array in a gzip file of LeCun's IDX format.

    Raises: DataError where it is no such file, or holds more or less than its header says.
    """
    place = Place(str(file))
    try:
        data = gzip.decompress(file.read_bytes())
    except (OSError, EOFError, zlib.error) as fault:
        raise DataError("DATA-FILE", f"cannot be unpacked: {fault}", place=place) from None
    if len(data) < 4 or data[:3] != b"\x00\x00\x08":
        raise DataError("DATA-FILE", "is no IDX file of bytes", place=place)
    start = 4 + 4 * data[3]
    shape = tuple(np.frombuffer(data[4:start], ">u4").astype(int).tolist()) if len(data) >= start else ()
    if not shape or len(data) - start != np.prod(shape):
        raise DataError("DATA-FILE", f"holds {len(data):,} bytes, which is not what its header says", place=place)
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)


def _pixels(file: Path, mode: str) -> np.ndarray:
    with Image.open(file) as image:
        return np.asarray(image.convert(mode))


def _part(place: int) -> int:
    """Of ten places two judge and one chooses; they are spread evenly."""
    return 2 if place % 5 == 4 else 1 if place % 10 == 2 else 0
