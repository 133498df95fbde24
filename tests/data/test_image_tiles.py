from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from pellucid.data.image import Images
from pellucid.data.image_tiles import boxes_in, corners, cut
from pellucid.data.splitting import choose_split


def noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width), dtype=np.uint8)


def test_tiles_cover_a_picture_once():
    assert corners(20, 16, (8, 8)) == [(0, 0), (0, 8), (8, 0), (8, 8), (16, 0), (16, 8)]
    pixels = noise(20, 13)
    again = np.zeros((24, 16), np.uint8)
    for top, left in corners(20, 13, (8, 8)):
        tile = cut(pixels[None], top, left, (8, 8), 0)[0]
        assert tile.shape == (8, 8)
        again[top : top + 8, left : left + 8] = tile
    assert np.array_equal(again[:20, :13], pixels) and again[20:].max() == 0 and again[:, 13:].max() == 0


def test_a_box_goes_where_its_centre_is():
    boxes_M5 = np.array([[1, 1, 5, 5, 0], [6, 2, 12, 6, 1], [9, 9, 11, 11, 2.0]])
    assert boxes_in(boxes_M5, 0, 0, (8, 8)).tolist() == [[1, 1, 5, 5, 0]]
    assert boxes_in(boxes_M5, 0, 8, (8, 8)).tolist() == [[0, 2, 4, 6, 1]]
    assert boxes_in(boxes_M5, 8, 8, (8, 8)).tolist() == [[1, 1, 3, 3, 2]]


def test_pictures_are_cut_with_their_masks_and_can_be_stitched(tmp_path: Path):
    for index in range(4):
        for folder, pixels in (("images", noise(40, 60, index)), ("masks", noise(40, 60, index) // 128)):
            (tmp_path / folder).mkdir(exist_ok=True)
            Image.fromarray(pixels).save(tmp_path / folder / f"{index}.png")
    data = Images(path=str(tmp_path), tile=(32, 32))
    raw = data.read()
    signature = data.inspect(raw)
    assert raw.rows == 16 and signature.image == (1, 32, 32) and raw.tiles is not None and raw.mask_NHW is not None
    assert "4 pictures were cut into 16 tiles of 32x32" in signature.notes["tiles"]
    again = np.zeros((64, 64), np.uint8)
    codes = np.zeros((64, 64), np.uint8)
    for row, (name, top, left) in enumerate(raw.tiles):
        if name == "images/2.png":
            again[top : top + 32, left : left + 32] = raw.pixel_NCHW[row, 0]
            codes[top : top + 32, left : left + 32] = raw.mask_NHW[row]
    assert np.array_equal(again[:40, :60], noise(40, 60, 2))
    assert np.array_equal(codes[:40, :60], noise(40, 60, 2) // 128)
    assert (codes[40:] == 255).all() and (codes[:, 60:] == 255).all()
    target = signature.target
    assert target is not None and sum(target.counts) == 4 * 40 * 60, "what is beyond a picture does not count"
    assert data.load(raw, signature, choose_split(signature)[0], 0).share["train"] % 4 == 0
    new = data.read_new([noise(30, 70)], signature)
    assert new.tiles == (("0", 0, 0), ("0", 0, 32), ("0", 0, 64)) and new.names[1] == "0 at 0, 32"


def test_boxes_and_labels_go_with_their_tile():
    rows = {"images": noise(16, 16)[None].repeat(3, 0), "boxes": [[[9, 1, 12, 3, 0]]] * 3, "classes": ["cat"]}
    raw = Images(tile=(8, 8)).read_rows(rows)
    assert raw.boxes_NM5 is not None and raw.boxes_NM5[:4, 0, 4].tolist() == [-1, 0, -1, -1]
    assert raw.boxes_NM5[1, 0].tolist() == [1, 1, 4, 3, 0]
    labelled = Images(tile=(8, 8)).from_arrays(noise(16, 16)[None].repeat(2, 0), ["a", "b"])
    assert labelled.code_N is not None and labelled.code_N.tolist() == [0] * 4 + [1] * 4
    shrunk = Images(tile=(8, 8), size=(16, 8)).from_arrays(noise(32, 16)[None])
    assert shrunk.rows == 2
