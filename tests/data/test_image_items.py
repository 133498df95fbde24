from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pellucid.data import image_items
from pellucid.data.image_boxes import Annotated
from pellucid.data.image_files import Listed
from pellucid.errors import DataError, Place


def saved(path: Path, value: int) -> Path:
    Image.fromarray(np.full((4, 6), value, np.uint8)).save(path)
    return path


def test_a_file_is_decoded_when_its_turn_comes(tmp_path: Path):
    path = tmp_path / "0.png"
    item = image_items.of_file(Listed(path, "0.png", Place(str(path)), ("cat",), "test", mask=path))
    assert item.labels == ("cat",) and item.part == "test" and item.length == 1 and not item.in_memory
    with pytest.raises(DataError, match="does not exist"):
        item.header()
    saved(path, 3)
    assert item.header().width == 6 and item.decode(0).pixels[0, 0] == 3
    assert item.mask is not None and item.mask().values == (3,)


def test_a_clip_is_its_files(tmp_path: Path):
    paths = tuple(saved(tmp_path / f"{index}.png", index) for index in range(3))
    item = image_items.of_file(Listed(paths[0], "clip", Place("x"), frames=paths))
    assert item.length == 3 and [item.decode(at).pixels[0, 0] for at in range(3)] == [0, 1, 2]
    paths[2].write_bytes(b"")
    with pytest.raises(DataError, match=r"2\.png: is empty"):
        item.decode(2)


def test_what_is_told_of_an_image_must_be_its_size(tmp_path: Path):
    path = saved(tmp_path / "0.png", 1)
    image = Annotated("0.png", (6, 4), ((0, 0, 2, 2, "cat"),), Place("told.json"))
    with pytest.raises(DataError, match=r"told\.json: \"0\.png\" is 4x6, not 6x4"):
        image_items.of_annotated(path, "0.png", None, image, ("cat",)).header()
    assert image_items.of_annotated(path, "0.png", None, image, None).header().height == 4
    boxes_M5 = image_items.of_annotated(path, "0.png", None, image, ("dog", "cat")).boxes_M5
    assert boxes_M5 is not None and boxes_M5.tolist() == [[0, 0, 2, 2, 1]]


def test_pixels_are_there_already():
    item = image_items.of_pixels("7", [np.zeros((4, 6, 3), np.uint8)] * 2)
    assert item.in_memory and item.length == 2 and item.header().grey is False and item.decode(1).pixels.shape[1] == 6
