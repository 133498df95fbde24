from __future__ import annotations

import io
from base64 import b64decode

import numpy as np
import pytest
from PIL import Image

from pellucid.report.drawing import GAP, class_colours, draw_boxes, panels, rgb, scene, tint
from pellucid.report.pictures import BIGGEST, TINTS

RED, BLUE = (200, 0, 0), (0, 0, 200)


def opened(uri: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(b64decode(uri.split(",")[1]))))


def test_colours_go_round_and_the_background_has_none() -> None:
    assert class_colours(3) == list(TINTS[:3])
    assert class_colours(3, background=True) == [None, TINTS[0], TINTS[1]]
    assert class_colours(9)[7:] == list(TINTS[:2])


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 1), (2, 3, 2), (2, 3, 3), (2, 3, 4), (2, 3, 9)])
def test_every_kind_of_picture_becomes_rgb(shape: tuple[int, ...]) -> None:
    pixels = np.full(shape, 100, np.uint8)
    if len(shape) == 3 and shape[2] in (2, 4):
        pixels[:, :, -1] = 255
        pixels[0, 0, -1] = 0
    seen = rgb(pixels)
    assert seen.shape == (2, 3, 3) and seen.dtype == np.uint8 and (seen[1] == 100).all()
    assert (seen[0, 0] == (255 if len(shape) == 3 and shape[2] in (2, 4) else 100)).all()


def test_a_mask_is_half_a_colour_inside_its_contour() -> None:
    pixels = np.full((7, 7), 100, np.uint8)
    mask = np.zeros((7, 7), np.uint8)
    mask[1:6, 1:6] = 1
    mask[6, 6] = 255
    before = pixels.copy()
    seen = tint(pixels, mask, [None, RED])
    assert (seen[0] == 100).all() and (seen[6, 6] == 100).all(), "background and what is not judged stay"
    assert (seen[1, 1:6] == RED).all() and (seen[1:6, 5] == RED).all()
    assert (seen[2:5, 2:5] == (150, 50, 50)).all()
    assert np.array_equal(pixels, before)


def test_boxes_are_outlines_and_padding_is_none() -> None:
    pixels = np.zeros((10, 12, 3), np.uint8)
    boxes = [[2.0, 3.0, 8.0, 7.0, 1.0], [0.0, 0.0, 12.0, 10.0, -1.0]]
    seen = draw_boxes(pixels, boxes, [RED, BLUE])
    drawn = (seen == BLUE).all(2)
    expected = np.zeros((10, 12), bool)
    expected[3:7, 2:8] = True
    expected[4:6, 3:7] = False
    assert np.array_equal(drawn, expected) and not seen[~drawn].any() and not pixels.any()
    outside = draw_boxes(pixels, np.array([[-5.0, -5.0, 40.0, 40.0, 0.0, 0.9], [20, 20, 30, 30, 0, 0.1]]), [RED])
    assert (outside[0] == RED).all() and (outside[:, 11] == RED).all(), "clipped, scores ignored"
    assert np.array_equal(draw_boxes(pixels, np.zeros((0, 5)), [RED]), pixels)


def test_names_stand_in_their_boxes() -> None:
    pixels = np.zeros((60, 90, 3), np.uint8)
    box = [[10.0, 10.0, 80.0, 50.0, 0.0]]
    plain, named = draw_boxes(pixels, box, [RED]), draw_boxes(pixels, box, [RED], ["cat"])
    differs = (plain != named).any(2)
    assert differs[10:25, 10:40].any() and not differs[30:].any() and not differs[:, 60:].any()


def test_a_scene_is_drawn_at_the_size_it_is_shown() -> None:
    small = opened(scene(np.full((20, 30), 9, np.uint8), [RED], boxes_N=[[0.0, 0.0, 10.0, 10.0, 0.0]]))
    assert small.shape == (60, 90, 3) and (small[0, :30] == RED).all() and (small[1:29, 1:29] == 9).all()
    large = opened(scene(np.zeros((200, 400, 3), np.uint8), [RED], boxes_N=[[0.0, 0.0, 200.0, 200.0, 0.0]]))
    assert large.shape == (BIGGEST // 2, BIGGEST, 3) and (large[0, :48] == RED).all() and not large[1:47, 1:47].any()
    mask = np.zeros((200, 400), np.uint8)
    mask[:, 200:] = 1
    masked = opened(scene(np.zeros((200, 400, 3), np.uint8), [None, RED], mask_HW=mask, side=40))
    assert masked.shape == (20, 40, 3) and not masked[:, :20].any() and (masked[:, 21:] == (100, 0, 0)).all()
    assert opened(scene(np.zeros((1, 500), np.uint8))).shape == (1, BIGGEST, 3)


def test_panels_stand_side_by_side() -> None:
    pixels, mask = np.full((2, 3), 9, np.uint8), np.array([[0, 0, 0], [0, 0, 1]], np.uint8)
    row = opened(panels(pixels, [None, RED], masks=(None, mask), boxes=([[1.0, 1.0, 3.0, 2.0, 1.0]],)))
    high, wide = 64, BIGGEST
    assert row.shape == (high, 3 * wide + 2 * GAP, 3), "each pixel is drawn 32 times"
    assert (row[:, :wide] == 9).all()
    for start in (wide, 2 * wide + GAP):
        assert (row[:, start : start + GAP] == 255).all()
    masked, boxed = (row[:, start : start + wide] for start in (wide + GAP, 2 * (wide + GAP)))
    assert (masked[:32] == 9).all() and (masked[:, :64][:31] == 9).all() and (masked[40:, 72:] != 9).any(2).all()
    assert (boxed[32, 32:] == RED).all() and (boxed[63, 32:] == RED).all() and (boxed[33:63, 33:95] == 9).all()
    assert (boxed[:32] == 9).all() and (boxed[:, :32] == 9).all()
