from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from pellucid.data import image_sources
from pellucid.data.image import Images
from pellucid.data.image_gather import gather
from pellucid.data.image_raw import Asked, ImageRaw, Wanted
from pellucid.data.image_store import mapped, reordered, room
from pellucid.data.splitting import Stratified
from pellucid.errors import DataError, ResourceError


def folder(root: Path, count: int = 12) -> Path:
    for index in range(count):
        (root / "ab"[index % 2]).mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(index).integers(0, 256, (9, 7, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(root / "ab"[index % 2] / f"{index}.png")
    return root


def read(path: Path, resident: int, **wanted: object) -> ImageRaw:
    found = image_sources.from_path(str(path), Asked())
    return gather(found, Wanted(resident=resident, **wanted), str(path))  # pyright: ignore[reportArgumentType]


def test_large_sets_lie_in_a_file_without_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    small, large = room((4, 3, 8, 8)), room((4, 3, 8, 8), 100)
    assert not mapped(small) and mapped(large) and large.shape == small.shape
    large[:] = 7
    again = reordered(large, np.array([3, 0]))
    assert mapped(again) and again.shape == (2, 3, 8, 8) and (again == 7).all()
    assert os.listdir(tmp_path) == [], "nothing is left even after a kill"


def test_what_has_no_room_is_refused_before_decoding():
    with pytest.raises(ResourceError, match="1,000,000,000 images of 1024x1024 need") as caught:
        room((10**9, 3, 1024, 1024), source="scans/")
    assert caught.value.hint is not None and "data.size" in caught.value.hint and "scans/" in str(caught.value)


def test_mapped_pixels_give_the_same_training(tmp_path: Path):
    data = Images(path=str(folder(tmp_path)))
    resident, large = read(tmp_path, 2**30), read(tmp_path, 100)
    assert mapped(large.pixel_NCHW) and not mapped(resident.pixel_NCHW)
    assert np.array_equal(resident.pixel_NCHW, large.pixel_NCHW) and resident.fingerprint == large.fingerprint
    split = Stratified(valid=0.2, test=0.2)
    one, other = (data.load(raw, data.inspect(raw), split, 0) for raw in (resident, large))
    assert one.share == other.share
    for name in ("train", "valid", "test"):
        floats, bytes_ = one.dataset.part(name), other.dataset.part(name)
        assert isinstance(bytes_.input, torch.Tensor) and bytes_.input.dtype == torch.uint8
        assert floats.target is not None and bytes_.target is not None and floats.row_B is not None
        assert torch.equal(floats.target, bytes_.target) and torch.equal(floats.row_B, bytes_.row_B)
        ready = bytes_.ready()
        assert isinstance(ready.input, torch.Tensor) and isinstance(floats.input, torch.Tensor)
        assert torch.allclose(ready.input, floats.input, atol=1e-5) and ready.input.dtype == torch.float32
        picked = bytes_.take(torch.tensor([1, 0])).ready()
        assert torch.equal(picked.input, ready.input[[1, 0]])


def test_masks_are_mapped_as_well():
    rows = {"images": np.random.default_rng(0).integers(0, 256, (9, 8, 8), dtype=np.uint8)}
    rows["masks"] = (rows["images"] > 99).astype(np.uint8)
    found = image_sources.from_anything(rows, Asked())
    raw = gather(found, Wanted(resident=100), "arrays")
    assert raw.mask_NHW is not None and mapped(raw.mask_NHW) and np.array_equal(raw.mask_NHW, rows["masks"])
    data = Images()
    train = data.load(raw, data.inspect(raw), Stratified(), 0).dataset.train
    assert train.target is not None and train.row_B is not None
    assert torch.equal(train.target, torch.from_numpy(rows["masks"])[train.row_B])


def test_gaps_of_bad_images_are_closed_in_the_file(tmp_path: Path):
    (folder(tmp_path) / "a/4.png").write_bytes(b"")
    with pytest.raises(DataError, match=r"4\.png: is empty"):
        read(tmp_path, 100)
    large, resident = read(tmp_path, 100, skip=0.2), read(tmp_path, 2**30, skip=0.2)
    assert large.rows == 11 and np.array_equal(large.pixel_NCHW, resident.pixel_NCHW) and len(large.bad) == 1
