from __future__ import annotations

import numpy as np
import pytest

from pellucid.data.image import Images
from pellucid.data.image_raw import ImageRaw
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
