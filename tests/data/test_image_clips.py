from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pellucid import forms
from pellucid.data.image import Images
from pellucid.data.image_clips import taken
from pellucid.data.image_raw import ImageRaw
from pellucid.data.signature import Signature, from_json
from pellucid.data.splitting import choose_split
from pellucid.errors import DataError, SchemaError


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def clips(root: Path, lengths: tuple[int, ...] = (5, 9, 6, 5), channels: int = 1) -> Path:
    """Two classes of clips whose pictures are 10x8."""
    for index, length in enumerate(lengths):
        folder = root / "ab"[index % 2] / f"clip{index}"
        folder.mkdir(parents=True)
        for frame in range(length):
            pixels = noise(*((10, 8) if channels == 1 else (10, 8, 3)), seed=100 * index + frame)
            Image.fromarray(pixels).save(folder / f"shot{frame}.png")
    return root


def read(path: Path, **fields: object) -> tuple[Images, ImageRaw, Signature]:
    data = Images.model_validate({"path": str(path), **fields})
    raw = data.read()
    return data, raw, data.inspect(raw)


def test_pictures_are_taken_evenly():
    assert taken(5, 5) == [0, 1, 2, 3, 4] and taken(9, 3) == [1, 4, 7] and taken(1, 1) == [0]
    for length in range(1, 40):
        for frames in range(1, length + 1):
            assert sorted(set(taken(length, frames))) == taken(length, frames)


def test_folders_of_numbered_pictures_are_clips(tmp_path: Path):
    data, raw, signature = read(clips(tmp_path))
    assert raw.rows == 4 and raw.frames == 5 and raw.pixel_NCHW.shape == (4, 5, 10, 8)
    assert raw.names == ("a/clip0", "a/clip2", "b/clip1", "b/clip3") and raw.classes == ("a", "b")
    assert np.array_equal(raw.pixel_NCHW[2, 1], noise(10, 8, seed=100 + 2)), "the second of five out of nine"
    assert signature.image == (1, 10, 8) and signature.frames == 5 and from_json(signature.as_json()) == signature
    assert signature.notes["clips"] == "4 clips of 5 to 9 pictures: 5 are taken evenly from each"
    dataset = data.load(raw, signature, choose_split(signature)[0], 0).dataset
    assert dataset.form == forms.grid(5, 10, 8, 5) and dataset.black_C is not None and dataset.black_C.shape == (5,)


def test_colour_clips_have_one_mean_for_each_colour(tmp_path: Path):
    data, raw, signature = read(clips(tmp_path, channels=3), frames=2)
    assert raw.pixel_NCHW.shape == (4, 6, 10, 8) and signature.image == (3, 10, 8)
    loaded = data.load(raw, signature, choose_split(signature)[0], 0)
    arrays = loaded.preparation.arrays()
    assert arrays["image.mean"].shape == (3,)
    batch = loaded.preparation.apply(raw, signature)
    x = batch.input
    assert not isinstance(x, tuple)
    expected = (raw.pixel_NCHW[:, 4].astype(np.float64) - arrays["image.mean"][1]) / arrays["image.std"][1]
    assert np.allclose(x[:, 4].numpy(), expected, atol=1e-5)


def test_one_picture_or_other_names_are_no_clips(tmp_path: Path):
    assert read(clips(tmp_path / "x"), frames=1)[1].rows == 25
    root = clips(tmp_path / "y")
    (root / "a/clip0/shot0.png").rename(root / "a/clip0/cover.png")
    assert read(root)[1].rows == 25 and read(root, frames=3)[1].rows == 4


def test_a_short_clip_is_refused_by_name(tmp_path: Path):
    data, _, signature = read(clips(tmp_path / "a"))
    with pytest.raises(DataError, match='"a/clip0" has 5 pictures; 6 are needed'):
        read(tmp_path / "a", frames=6)
    with pytest.raises(SchemaError, match="has 3 pictures; 5 are needed"):
        data.read_new(str(clips(tmp_path / "b", (3,))), signature)


def test_new_clips_in_every_form(tmp_path: Path):
    data, raw, signature = read(clips(tmp_path / "a", (5, 5, 5, 5)))
    judged = data.read_new(str(tmp_path / "a"), signature, labelled=True)
    assert judged.code_N is not None and np.array_equal(judged.pixel_NCHW, raw.pixel_NCHW)
    one = raw.pixel_NCHW[0]
    np.savez(tmp_path / "set.npz", clips=raw.pixel_NCHW[:1])
    for source in (str(tmp_path / "a/a/clip0"), one, one[None], [one], {"clips": [one]}, str(tmp_path / "set.npz")):
        assert np.array_equal(data.read_new(source, signature).pixel_NCHW, one[None])


def test_clips_in_memory():
    data = Images()
    array = noise(6, 4, 8, 8, 3)
    raw = data.read_rows({"clips": array, "labels": ["a", "b"] * 3})
    assert raw.frames == 4 and raw.pixel_NCHW.shape == (6, 12, 8, 8)
    assert np.array_equal(raw.pixel_NCHW[2, 5], array[2, 1, ..., 2])
    assert raw.target == ("label",) and raw.code_N is not None
    mixed = data.read_rows({"clips": [noise(3, 8, 8), noise(20, 8, 8)]})
    assert mixed.frames == 3
    assert data.read_rows({"clips": [noise(30, 8, 8)] * 2}).frames == 16
    with pytest.raises(DataError, match="clip 0 has the shape"):
        data.read_rows({"clips": noise(3, 8)})
    with pytest.raises(DataError, match="'images' and 'clips'"):
        data.read_rows({"clips": array, "images": array[0]})


def test_a_csv_of_numbered_pictures_lists_pictures_unless_frames_are_asked_for(tmp_path: Path):
    root = clips(tmp_path / "img")
    files = sorted(root.rglob("*.png"))
    for name, labels in (("same", [file.parts[-3] for file in files]), ("mixed", [f"l{i % 2}" for i in range(25)])):
        rows = [f"{file.relative_to(tmp_path)},{label}" for file, label in zip(files, labels, strict=True)]
        (tmp_path / f"{name}.csv").write_text("path,label\n" + "\n".join(rows) + "\n")
    assert read(tmp_path / "same.csv")[1].rows == 25 and read(tmp_path / "same.csv", frames=5)[1].frames == 5
    assert read(tmp_path / "mixed.csv")[1].rows == 25
    with pytest.raises(DataError, match='clip "clip0" have the labels "l0" and "l1"') as caught:
        read(tmp_path / "mixed.csv", frames=5)
    assert caught.value.code == "DATA-CLASS"
