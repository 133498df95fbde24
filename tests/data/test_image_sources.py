from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pellucid.data import image_sources
from pellucid.data.image import Images
from pellucid.data.image_raw import Asked, ImageRaw
from pellucid.errors import DataError


def noise(seed: int, height: int = 12, width: int = 10, channels: int = 1) -> np.ndarray:
    shape = (height, width) if channels == 1 else (height, width, channels)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def same(a: ImageRaw, b: ImageRaw) -> bool:
    arrays = np.array_equal(a.pixel_NCHW, b.pixel_NCHW) and np.array_equal(a.row_N, b.row_N) and a.names == b.names
    return arrays and np.array_equal(a.code_N, b.code_N) and a.fingerprint == b.fingerprint and a.notes == b.notes


def test_arrays_in_memory():
    images = np.stack([noise(index) for index in range(20)])
    raw = Images().from_arrays(images, [index % 2 for index in range(20)])
    assert raw.classes == ("0", "1") and np.array_equal(raw.pixel_NCHW[:, 0], images)
    again = Images().read_rows((images / 255.0, ["0", "1"] * 10))
    assert same(raw, again)
    colour = np.stack([noise(index, channels=3) for index in range(4)])
    assert Images().from_arrays(colour).pixel_NCHW.shape == (4, 3, 12, 10)
    assert np.array_equal(
        Images().from_arrays(colour.transpose(0, 3, 1, 2)).pixel_NCHW, Images().from_arrays(colour).pixel_NCHW
    )
    mixed = Images().read_rows({"images": [noise(1), noise(2, 20, 20), noise(3)], "labels": ["a", "b", "a"]})
    assert mixed.pixel_NCHW.shape == (3, 1, 12, 10)


@pytest.mark.parametrize(
    "images",
    [np.zeros((3, 4, 4), complex), np.full((3, 4, 4), 300), np.full((3, 4, 4), -1.0), np.full((3, 4, 4), 2.5)],
)
def test_arrays_that_are_no_images(images: np.ndarray):
    with pytest.raises(DataError) as caught:
        Images().from_arrays(images, [0, 1, 0])
    assert caught.value.code == "DATA-ARRAY"


def test_labels_must_be_as_many():
    with pytest.raises(DataError, match="3 images and 2 labels"):
        Images().from_arrays(np.zeros((3, 4, 4), np.uint8), [0, 1])


def test_a_csv_of_masks_with_names_beside_it(tmp_path: Path):
    for index in range(6):
        Image.fromarray(noise(index)).save(tmp_path / f"{index}.png")
        Image.fromarray(noise(index) // 128).save(tmp_path / f"mask{index}.png")
    rows = [f"{index}.png,mask{index}.png,p{index % 3}" for index in range(6)]
    (tmp_path / "list.csv").write_text("path,mask,patient\n" + "\n".join(rows) + "\n")
    (tmp_path / "classes.csv").write_text("name,code\nsea,1\nsky,0\n")
    data = Images(path=str(tmp_path / "list.csv"))
    raw = data.read()
    signature = data.inspect(raw)
    assert raw.mask_NHW is not None and raw.classes == ("sky", "sea") and raw.columns["patient"][3] == "p0"
    assert signature.target is not None and signature.target.why == "a column names a mask for each image"
    again = data.read_new(str(tmp_path / "list.csv"), signature, labelled=True)
    assert np.array_equal(again.mask_NHW, raw.mask_NHW)
    (tmp_path / "mask3.png").unlink()
    new = data.read_new(str(tmp_path / "list.csv"), signature)
    assert new.rows == 6 and new.findings == (), "masks are not looked at"


def test_what_a_path_may_be(tmp_path: Path):
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(DataError, match="is no set of images"):
        image_sources.from_path(str(tmp_path / "notes.txt"), Asked())
    with pytest.raises(DataError, match="does not exist"):
        image_sources.from_path(str(tmp_path / "none"), Asked())
    one = tmp_path / "one.png"
    Image.fromarray(noise(1)).save(one)
    assert len(image_sources.from_path(str(one), Asked(new=True)).items) == 1
    assert len(image_sources.from_anything([one, noise(2)], Asked()).items) == 2
    assert image_sources.from_path("digits", Asked(("number",))).target == ("number",)
