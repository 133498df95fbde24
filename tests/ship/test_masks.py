"""Masks as files: names, codes, colours, sizes, and tiles put together."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pellucid.data.image_raw import ImageRaw
from pellucid.data.signature import Target
from pellucid.ship.masks import png, written

TARGET = Target("mask", ("mask",), ("background", "cell", "edge"))


def raw(names: tuple[str, ...], side: int = 4, **more: Any) -> ImageRaw:
    pixels = np.zeros((len(names), 1, side, side), np.uint8)
    size = more.pop("size", (side, side))
    sizes = ((*size, len(names)),)
    made = ImageRaw(pixels, None, None, (), (), names, np.zeros(len(names), np.uint64), "", more.pop("sizes", sizes))
    return ImageRaw(**{**vars(made), **more})


def opened(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as file:
        assert file.mode == "P"
        return np.asarray(file)


def codes(count: int, side: int = 4) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 3, (count, side, side)).astype(np.uint8)


def test_each_picture_has_a_file_with_its_codes_and_shares():
    label = codes(2)
    columns, files = written(TARGET, raw(("a.jpg", "deep/b.tif")), label, None)
    assert columns["file"] == ["a.jpg", "deep/b.tif"] and columns["mask"] == ["masks/a.png", "masks/deep/b.png"]
    assert list(columns) == ["file", "mask", "share_background", "share_cell", "share_edge"]
    for place, name in enumerate(columns["mask"]):
        assert np.array_equal(opened(files[name]), label[place])
        assert [columns[f"share_{one}"][place] for one in TARGET.classes] == pytest.approx(
            [(label[place] == code).mean() for code in range(3)]
        )


@pytest.mark.parametrize("name", ["../../up.png", "/etc/up.png", "..\\up.png", "./up.png", "a/../up.png"])
def test_no_name_leaves_the_folder(name: str):
    columns, _ = written(TARGET, raw((name,)), codes(1), None)
    (path,) = columns["mask"]
    assert path.startswith("masks/") and path.endswith("up.png") and ".." not in path


def test_pictures_of_one_name_get_files_of_their_own():
    columns, files = written(TARGET, raw(("a.jpg", "a.png", "..")), codes(3), None)
    assert columns["mask"] == ["masks/a.png", "masks/a-2.png", "masks/picture.png"] and len(files) == 3


def test_a_mask_has_the_size_of_its_picture_where_all_have_one():
    label = codes(1)
    _, files = written(TARGET, raw(("a.png",), size=(8, 12)), label, None)
    assert np.array_equal(opened(files["masks/a.png"]), label[0].repeat(2, 0).repeat(3, 1))
    _, files = written(TARGET, raw(("a.png",), sizes=((8, 8, 1), (4, 4, 1))), label, None)
    assert np.array_equal(opened(files["masks/a.png"]), label[0])


@pytest.mark.parametrize("size", [None, (6, 7)])
def test_tiles_are_put_together_and_cut_where_they_reach_over_the_edge(size: tuple[int, int] | None):
    corners = [(0, 0), (0, 4), (4, 0), (4, 4)]
    tiles = tuple((name, *corner) for name in ("a.png", "b.png") for corner in corners)
    label = codes(8)
    made = raw(tuple(map(str, range(8))), tiles=tiles, size=size or (6, 7))
    columns, files = written(TARGET, made, label, size)
    assert columns["file"] == ["a.png", "b.png"]
    for name, four in (("masks/a.png", label[:4]), ("masks/b.png", label[4:])):
        whole = np.block([[four[0], four[1]], [four[2], four[3]]])
        assert np.array_equal(opened(files[name]), whole[:6, :7])


def test_tiles_of_pictures_of_unknown_size_stay_whole():
    tiles = (("a.png", 0, 0), ("a.png", 0, 4), ("b.png", 0, 0))
    made = raw(("1", "2", "3"), tiles=tiles, sizes=((4, 7, 1), (3, 3, 1)))
    _, files = written(TARGET, made, codes(3), None)
    assert opened(files["masks/a.png"]).shape == (4, 8) and opened(files["masks/b.png"]).shape == (4, 4)


def test_colours_are_those_of_pascal_voc_or_of_the_masks_learnt_from():
    def palette(target: Target) -> list[tuple[int, ...]]:
        with Image.open(io.BytesIO(png(codes(1)[0], target))) as file:
            colours = file.convert("RGB")
            held = np.asarray(file)
            pixels = np.asarray(colours)
            return [tuple(pixels[held == code][0].tolist()) for code in range(3)]

    voc = [(0, 0, 0), (128, 0, 0), (0, 128, 0)]
    assert palette(TARGET) == voc
    marked = Target("mask", ("mask",), TARGET.classes, marks=(0, 0xFF8000, 0x0000FF))
    assert palette(marked) == [(0, 0, 0), (255, 128, 0), (0, 0, 255)]
    assert palette(Target("mask", ("mask",), TARGET.classes, marks=(0, 100, 255))) == voc, "greys are codes"
