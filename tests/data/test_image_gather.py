from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from pellucid.data.decode import Header
from pellucid.data.image import Images
from pellucid.data.image_gather import LONGEST_SIDE, choose_shape
from pellucid.data.image_raw import ImageRaw, Wanted
from pellucid.data.signature import Signature
from pellucid.data.source import Loaded, SkipBadRows
from pellucid.data.splitting import choose_split
from pellucid.errors import DataError


def noise(seed: int, height: int = 12, width: int = 10, channels: int = 1) -> np.ndarray:
    shape = (height, width) if channels == 1 else (height, width, channels)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def write(path: Path, pixels: np.ndarray, mode: str | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(pixels)
    (image.convert(mode) if mode else image).save(path)
    return path


def folder(root: Path, per_class: int = 6, backwards: bool = False, sizes: tuple[int, ...] = (12,)) -> Path:
    """Classes cat and dog; 0.png to 5.png of noise each, created in either order."""
    jobs = [(code, name, index) for code, name in enumerate(("cat", "dog")) for index in range(per_class)]
    for code, name, index in reversed(jobs) if backwards else jobs:
        write(root / name / f"{index}.png", noise(100 * code + index, sizes[index % len(sizes)]))
    return root


def read(path: Path | str, **fields: object) -> tuple[Images, ImageRaw, Signature]:
    data = Images.model_validate({"path": str(path), **fields})
    raw = data.read()
    return data, raw, data.inspect(raw)


def loaded(data: Images, raw: ImageRaw, signature: Signature, seed: int = 0) -> Loaded:
    return data.load(raw, signature, data.split or choose_split(signature)[0], seed)


def same(a: ImageRaw, b: ImageRaw) -> bool:
    arrays = np.array_equal(a.pixel_NCHW, b.pixel_NCHW) and np.array_equal(a.row_N, b.row_N) and a.names == b.names
    return arrays and np.array_equal(a.code_N, b.code_N) and a.fingerprint == b.fingerprint and a.notes == b.notes


SHAPES = [
    (Counter({(28, 28): 5}), None, (28, 28)),
    (Counter({(28, 28): 3, (30, 20): 2}), None, (28, 28)),
    (Counter({(20, 30): 2, (24, 32): 2, (28, 40): 1}), None, (24, 32)),
    (Counter({(480, 640): 9}), None, (48, 64)),
    (Counter({(480, 640): 9}), (28, 28), (28, 28)),
    (Counter({(1, 1000): 9}), None, (1, 64)),
]


@pytest.mark.parametrize(("found", "size", "expected"), SHAPES)
def test_the_planned_size(found: Counter[tuple[int, int]], size: tuple[int, int] | None, expected: tuple[int, int]):
    heads = [Header(height, width, True) for height, width in found.elements()]
    channels, height, width, why = choose_shape(heads, Wanted(size))
    assert (channels, height, width) == (1, *expected)
    assert max(height, width) <= LONGEST_SIDE and why


def test_the_fingerprint_does_not_know_names_or_order_but_knows_pixels_and_labels(tmp_path: Path):
    _, raw, _ = read(folder(tmp_path / "a"))
    renamed = folder(tmp_path / "b")
    (renamed / "cat/0.png").rename(renamed / "cat/zz.png")
    assert read(renamed)[1].fingerprint == raw.fingerprint
    (renamed / "cat/zz.png").rename(renamed / "dog/zz.png")
    assert read(renamed)[1].fingerprint != raw.fingerprint
    assert read(renamed, size=(6, 6))[1].fingerprint == read(renamed)[1].fingerprint


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_workers_and_the_order_of_creation_change_no_bit(tmp_path: Path, workers: int):
    first = read(folder(tmp_path / "a", sizes=(12, 9, 30)), workers=None)
    other = read(folder(tmp_path / "b", backwards=True, sizes=(12, 9, 30)), workers=workers)
    assert same(first[1], other[1])
    batches = [loaded(*triple).dataset.train for triple in (first, other)]
    assert torch.equal(batches[0].input, batches[1].input)
    assert batches[0].target is not None and torch.equal(batches[0].target, batches[1].target)


def test_bad_images_are_left_out_when_asked_and_said(tmp_path: Path):
    folder(tmp_path, 10)
    (tmp_path / "cat/3.png").write_bytes(b"")
    with pytest.raises(DataError, match=r"3\.png: is empty"):
        read(tmp_path)
    _, raw, signature = read(tmp_path, on_bad_row=SkipBadRows(skip=0.1))
    assert raw.rows == 19 and "cat/3.png" not in raw.names
    found = next(finding for finding in signature.findings if finding.check == "bad-rows")
    assert found.evidence["skipped"] == 1 and "3.png" in found.message
    (tmp_path / "cat/4.png").write_bytes(b"")
    (tmp_path / "cat/5.png").write_bytes(b"")
    with pytest.raises(DataError, match=r"3\.png.*2 more like it"):
        read(tmp_path, on_bad_row=SkipBadRows(skip=0.1))


@pytest.mark.parametrize("fields", [{}, {"size": (6, 6)}, {"tile": (8, 8)}, {"tile": (8, 8), "size": (10, 12)}])
def test_each_row_knows_the_size_of_its_picture(tmp_path: Path, fields: dict[str, object]):
    folder(tmp_path, 10, sizes=(12, 9, 30))
    (tmp_path / "cat/3.png").write_bytes(b"")
    turned = Image.Exif()
    turned[0x0112] = 6
    Image.fromarray(noise(7, 14, 11)).save(tmp_path / "dog/9.png", exif=turned)
    _, raw, _ = read(tmp_path, on_bad_row=SkipBadRows(skip=0.1), **fields)
    heights = {f"{kind}/{index}.png": ((12, 9, 30)[index % 3], 10) for kind in ("cat", "dog") for index in range(10)}
    heights["dog/9.png"] = (11, 14)  # as it stands upright
    pictures = raw.names if raw.tiles is None else [name for name, *_ in raw.tiles]
    assert len(set(pictures)) == 19 and raw.extents == tuple(heights[name] for name in pictures)
