"""Masks as files: names, codes, colours, sizes, and tiles put together."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pellucid.data.image import Images
from pellucid.data.image_raw import ImageRaw
from pellucid.data.signature import Target
from pellucid.ship.masks import png, written

TARGET = Target("mask", ("mask",), ("background", "cell", "edge"))


def raw(names: tuple[str, ...], extents: list[tuple[int, int]] | None = None, **more: Any) -> ImageRaw:
    pixels, row_N = np.zeros((len(names), 1, 4, 4), np.uint8), np.zeros(len(names), np.uint64)
    own = tuple(extents or [(4, 4)] * len(names))
    return ImageRaw(pixels, None, None, (), (), names, row_N, "", (), extents=own, **more)


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


def test_every_mask_has_the_size_of_its_own_picture():
    label = codes(3)
    _, files = written(TARGET, raw(("a.png", "b.png", "c.png"), [(8, 12), (4, 4), (2, 3)]), label, None)
    assert np.array_equal(opened(files["masks/a.png"]), label[0].repeat(2, 0).repeat(3, 1))
    assert np.array_equal(opened(files["masks/b.png"]), label[1])
    small = opened(files["masks/c.png"])
    assert np.array_equal(small, label[2][np.ix_([1, 3], [0, 2, 3])]), "the nearest pixel, not a mean"


def test_tiles_are_put_together_and_cut_at_the_edge_of_each_picture():
    corners = {"a.png": [(0, 0), (0, 4), (4, 0), (4, 4)], "b.png": [(0, 0)], "c.png": [(0, 0), (4, 0)]}
    own = {"a.png": (6, 7), "b.png": (3, 3), "c.png": (8, 4)}
    tiles = tuple((name, *corner) for name in corners for corner in corners[name])
    label = codes(7)
    made = raw(tuple("0123456"), [own[name] for name, *_ in tiles], tiles=tiles)
    columns, files = written(TARGET, made, label, None)
    assert columns["file"] == list(corners)
    whole = np.block([[label[0], label[1]], [label[2], label[3]]])
    assert np.array_equal(opened(files["masks/a.png"]), whole[:6, :7])
    assert np.array_equal(opened(files["masks/b.png"]), label[4, :3, :3])
    assert np.array_equal(opened(files["masks/c.png"]), np.concatenate([label[5], label[6]]))
    assert columns["share_cell"][1] == (label[4, :3, :3] == 1).mean(), "what is cut off does not count"


def test_tiles_of_pictures_that_were_resized_go_back_to_the_own_size():
    tiles, label = (("a.png", 0, 0), ("a.png", 0, 4), ("b.png", 0, 0), ("b.png", 0, 4)), codes(4)
    made = raw(tuple("0123"), [(6, 12), (6, 12), (3, 6), (3, 6)], tiles=tiles)
    _, files = written(TARGET, made, label, (3, 6))
    whole = np.concatenate([label[0], label[1]], 1)[:3, :6]
    assert np.array_equal(opened(files["masks/a.png"]), whole.repeat(2, 0).repeat(2, 1))
    assert np.array_equal(opened(files["masks/b.png"]), np.concatenate([label[2], label[3]], 1)[:3, :6])


@pytest.mark.parametrize("fields", [{}, {"tile": (16, 16)}, {"tile": (16, 16), "size": (30, 20)}])
def test_what_was_read_comes_out_at_its_own_size(fields: dict[str, Any]):
    data = Images(**fields)
    pictures = [np.zeros(extent, np.uint8) for extent in ((41, 41), (50, 23), (16, 16))]
    made = data.from_arrays(pictures)
    label = np.zeros((made.rows, *made.pixel_NCHW.shape[2:]), np.uint8)
    columns, files = written(TARGET, made, label, data.size)
    assert [opened(files[path]).shape for path in columns["mask"]] == [(41, 41), (50, 23), (16, 16)]


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
