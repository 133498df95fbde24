from __future__ import annotations

import numpy as np

from pellucid.data.composites import MOST, VISIBLE, CutOut, Stock, compose, pictures, trimmed
from pellucid.seeds import Draw


def block(height: int, width: int, code: int, colour: tuple[int, int, int] = (200, 100, 50)) -> CutOut:
    pixel_HW4 = np.zeros((height, width, 4), np.uint8)
    pixel_HW4[...] = (*colour, 255)
    return CutOut(pixel_HW4, code)


def ground(side: int = 40, value: int = 0) -> np.ndarray:
    return np.full((side, side, 3), value, np.uint8)


def test_a_cutout_is_cut_to_what_is_solid_and_brought_down():
    pixel_HW4 = np.zeros((30, 50, 4), np.uint8)
    pixel_HW4[5:15, 10:40] = 255
    assert trimmed(pixel_HW4, 64).shape == (10, 30, 4)
    assert trimmed(pixel_HW4, 15).shape == (5, 15, 4)
    assert (trimmed(pixel_HW4, 64) == 255).all()


def test_box_and_mask_are_those_of_the_pasted_pixels():
    for seed in range(20):
        image_HW3, mask_HW, box_M5 = compose(ground(), [block(20, 10, 3)], Draw(seed, "test"))
        left, top, right, bottom, code = box_M5[0].astype(int).tolist()
        assert code == 3 and len(box_M5) == 1
        inside_HW = np.zeros((40, 40), bool)
        inside_HW[top:bottom, left:right] = True
        assert np.array_equal(mask_HW == 4, inside_HW) and np.array_equal(image_HW3[..., 0] == 200, inside_HW)
        assert 0.3 * 40 - 1 <= bottom - top <= 0.6 * 40 + 1 and abs((bottom - top) - 2 * (right - left)) <= 1


def test_most_of_every_object_is_left_to_be_seen():
    together = 0
    for seed in range(30):
        cutouts = [block(16, 16, code) for code in range(4)]
        _, mask_HW, box_M5 = compose(ground(), cutouts, Draw(seed, "test"))
        together += len(box_M5)
        for left, top, right, bottom, code in box_M5.astype(int).tolist():
            seen = (mask_HW == code + 1).sum()
            assert seen >= VISIBLE * 0.3 * 40 * 0.3 * 40 * 0.9
            assert (mask_HW[top:bottom, left:right] == code + 1).sum() == seen
    assert together > 80


def test_alpha_is_blended():
    cutout = block(10, 10, 0, (255, 255, 255))
    cutout.pixel_HW4[..., 3] = 153
    image_HW3, mask_HW, _ = compose(ground(value=100), [cutout], Draw(0, "test"))
    assert set(np.unique(image_HW3)) == {100, 193} and (image_HW3[mask_HW == 1] == 193).all()


def test_pictures_are_a_function_of_their_seed_and_place():
    stock = Stock((block(8, 8, 0), block(8, 12, 1)), (ground(50), ground(40, 30)))
    made = pictures([stock, stock], (6, 4), 32, seed=0)
    assert made["images"].shape == (10, 32, 32, 3) and made["masks"].shape == (10, 32, 32)
    assert made["boxes"].shape == (10, MOST, 5) and made["boxes"].dtype == np.float32
    assert made["split"].tolist() == [0] * 6 + [1] * 4
    filled = made["boxes"][..., 4] < 0
    assert filled.any() and (made["boxes"][filled][:, :4] == 0).all() and (~filled).any(axis=1).all()
    again = pictures([stock, stock], (3, 4), 32, seed=0)
    assert np.array_equal(again["images"][:3], made["images"][:3])
    assert np.array_equal(again["images"][3:], made["images"][6:])
    assert not np.array_equal(pictures([stock, stock], (6, 4), 32, seed=1)["images"], made["images"])
    assert {1, 2} <= set(np.unique(made["masks"]))
