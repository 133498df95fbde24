from __future__ import annotations

import numpy as np

from pellucid.data.image import Images
from pellucid.data.image_raw import Asked


def test_a_picture_is_what_a_person_looks_at():
    grey = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    assert np.array_equal(Images().from_arrays(grey).picture(1), grey[1])
    colour = np.arange(72, dtype=np.uint8).reshape(2, 3, 4, 3)
    assert np.array_equal(Images().from_arrays(colour).picture(1), colour[1])
    raw = Images().read_rows({"clips": np.stack([colour, colour])})
    assert raw.frames == 2 and np.array_equal(raw.picture(1), colour[0]), "of a clip, the first"


def test_rows_are_named_by_file_and_tiles_by_their_place():
    data = Images(tile=(8, 8))
    raw = data.from_arrays(np.zeros((2, 16, 8), np.uint8))
    assert raw.names_of_rows(data.inspect(raw)) == {
        "file": ["0", "0", "1", "1"],
        "top": ["0", "8", "0", "8"],
        "left": ["0", "0", "0", "0"],
    }


def test_masks_and_boxes_are_asked_for_by_name():
    assert Asked(("masks",)).kind == Asked(("mask",)).kind == "mask" and Asked(("boxes",)).kind == "boxes"
    assert Asked().kind is None and Asked(("label",)).kind is None and Asked(("mask", "boxes")).kind is None


def test_a_part_is_a_view_of_pixels_without_what_is_to_be_learnt():
    pixels = np.arange(5 * 4 * 6, dtype=np.uint8).reshape(5, 4, 6)
    raw = Images(tile=(4, 3)).read_rows({"images": pixels, "masks": pixels % 2})
    part = raw.part(3, 7)
    assert part.rows == 4 and np.shares_memory(part.pixel_NCHW, raw.pixel_NCHW)
    assert np.array_equal(part.pixel_NCHW, raw.pixel_NCHW[3:7]) and part.mask_NHW is None and part.code_N is None
    assert part.names == raw.names[3:7] and part.tiles is not None and part.tiles[0] == ("1", 0, 3)
    assert part.extents == ((4, 6),) * 4 and raw.part(8, 99).rows == 2
