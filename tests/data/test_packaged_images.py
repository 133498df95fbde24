from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pellucid.data import packaged
from pellucid.data import packaged_images as images
from pellucid.data.composites import MOST
from pellucid.data.packaged_images import CLOTHES, FASHION_FILES, PHOTOS, STAMPS
from pellucid.data.packages import found
from pellucid.errors import DataError


def real(name: str) -> pytest.MarkDecorator:
    missing = [package.name for package in packaged.LOADERS[name][1] if found(package) is None]
    return pytest.mark.skipif(bool(missing), reason=f"not installed here: {', '.join(missing)}")


def packed(values: bytes) -> bytes:
    """`values` in gzip, without the time of day: names of cases must not change with it."""
    return gzip.compress(values, mtime=0)


def idx(values: np.ndarray) -> bytes:
    """`values` in a gzip file of the IDX format."""
    head = b"\x00\x00\x08" + bytes([values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape)
    return packed(head + values.tobytes())


def fashion_like(folder: Path, train: int = 24, test: int = 6) -> Path:
    """The four files of Fashion-MNIST with random pictures."""
    noise = np.random.default_rng(0)
    for name, count in zip(FASHION_FILES, (train, train, test, test), strict=True):
        shape = (count, 28, 28) if "images" in name else (count,)
        top = 256 if "images" in name else 10
        (folder / f"{name}-ubyte.gz").write_bytes(idx(noise.integers(0, top, shape, dtype=np.uint8)))
    return folder


def stamps_like(folder: Path, each: int = 10) -> Path:
    """`each` plain squares of every class; the red of a stamp is its place in its class, the green its class."""
    for code, patterns in enumerate(STAMPS.values()):
        place = folder / patterns[0].replace("*/", "some/").removesuffix("/*.png")
        place.mkdir(parents=True, exist_ok=True)
        for index in range(each):
            Image.new("RGBA", (40, 30), (20 * index, 40 * code, 255, 255)).save(place / f"{index}.png")
            Image.new("RGBA", (40, 30), (255, 255, 255, 255)).save(place / f"{index}_mirror.png")
    return folder


def photos_like(folder: Path) -> Path:
    """Black and grey pictures called like the photos, none of them blue."""
    folder.mkdir(exist_ok=True)
    for name in PHOTOS:
        Image.new("L" if name == "camera.png" else "RGB", (90, 80)).save(folder / name)
    return folder


def test_an_idx_file_is_read(tmp_path: Path):
    for shape in ((5,), (3, 4), (2, 3, 4)):
        values = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
        (tmp_path / "a.gz").write_bytes(idx(values))
        read = images.read_idx(tmp_path / "a.gz")
        assert np.array_equal(read, values) and read.dtype == np.uint8


GOOD = gzip.decompress(idx(np.zeros((2, 3), np.uint8)))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "header says|no IDX"),
        (b"no gzip", "cannot be unpacked"),
        (idx(np.zeros(50, np.uint8))[:-12], "cannot be unpacked"),
        (packed(b"\x00\x00\x0b\x01" + GOOD[4:]), "no IDX file of bytes"),
        (packed(b"\x00\x00"), "no IDX file of bytes"),
        (packed(b"\x00\x00\x08\x00"), "header says"),
        (packed(GOOD[:9]), "header says"),
        (packed(GOOD[:-1]), "header says"),
        (packed(GOOD + b"\x00"), "header says"),
    ],
)
def test_a_damaged_idx_file_is_refused(tmp_path: Path, data: bytes, why: str):
    (tmp_path / "a.gz").write_bytes(data)
    with pytest.raises(DataError, match=why) as caught:
        images.read_idx(tmp_path / "a.gz")
    assert caught.value.code == "DATA-FILE" and caught.value.place.file == str(tmp_path / "a.gz")


def test_fashion_keeps_its_test_pictures_apart(tmp_path: Path):
    arrays = images.fashion_mnist(fashion_like(tmp_path))
    assert arrays["images"].shape == (30, 28, 28) and arrays["codes"].dtype == np.int64
    assert arrays["split"].tolist() == [0] * 22 + [1] * 2 + [2] * 6
    assert arrays["classes"].tolist() == list(CLOTHES)
    assert np.array_equal(arrays["images"][24:], images.read_idx(tmp_path / f"{FASHION_FILES[2]}-ubyte.gz"))


def test_cutouts_that_judge_are_never_trained_on(tmp_path: Path):
    counts = (60, 10, 30)
    arrays = images.composites(stamps_like(tmp_path / "stamps"), photos_like(tmp_path / "photos"), counts)
    assert arrays["images"].shape == (100, 64, 64, 3) and arrays["boxes"].shape == (100, MOST, 5)
    assert np.bincount(arrays["split"]).tolist() == list(counts)
    assert arrays["classes"].tolist() == list(STAMPS)
    assert arrays["mask_classes"].tolist() == ["background", *STAMPS]
    pasted = arrays["masks"] > 0
    assert np.array_equal(arrays["images"][pasted][:, 1], 40 * (arrays["masks"][pasted] - 1))
    reds = [set(arrays["images"][pasted & (arrays["split"] == part)[:, None, None]][:, 0] // 20) for part in range(3)]
    assert reds == [{0, 1, 3, 5, 6, 7, 8}, {2}, {4, 9}]


@real("fashion_mnist")
def test_the_real_fashion():
    arrays = packaged.arrays("fashion_mnist")
    assert arrays["images"].shape == (70_000, 28, 28)
    assert np.bincount(arrays["codes"]).tolist() == [7000] * 10
    assert np.bincount(arrays["split"]).tolist() == [55_000, 5000, 10_000]
    assert round(arrays["images"][arrays["split"] < 2].mean() / 255, 4) == 0.286  # as published


@real("composites")
def test_the_real_composites():
    arrays = packaged.arrays("composites")
    assert np.bincount(arrays["split"]).tolist() == list(images.COUNTS)
    codes = arrays["boxes"][..., 4]
    shares = [
        np.bincount(codes[arrays["split"] == part][codes[arrays["split"] == part] >= 0].astype(int)) for part in (0, 2)
    ]
    assert all(len(share) == len(STAMPS) and share.min() > 0.8 * share.max() for share in shares)
