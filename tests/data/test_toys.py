from __future__ import annotations

import numpy as np

from pellucid.data.composites import MOST
from pellucid.data.embedded import EMBEDDED
from pellucid.data.toys import FRAMES, MOTIONS, SHAPES, SIDE, clips, shapes


def centre(image_HW: np.ndarray) -> tuple[float, float]:
    weight = image_HW / image_HW.sum()
    return float((weight.sum(axis=0) * np.arange(SIDE)).sum()), float((weight.sum(axis=1) * np.arange(SIDE)).sum())


def test_shapes_have_boxes_and_masks_that_agree():
    made = shapes((30, 5, 10), side=32)
    assert made["images"].shape == (45, 32, 32, 3) and made["split"].tolist() == [0] * 30 + [1] * 5 + [2] * 10
    found = set()
    for mask_HW, box_M5 in zip(made["masks"], made["boxes"], strict=True):
        covered_HW = np.zeros((32, 32), bool)
        for left, top, right, bottom, code in box_M5[box_M5[:, 4] >= 0].astype(int).tolist():
            assert 0 <= left < right <= 32 and 0 <= top < bottom <= 32
            assert (mask_HW[top:bottom, left:right] == code + 1).any()
            covered_HW[top:bottom, left:right] = True
            found.add(code)
        assert not mask_HW[~covered_HW].any()
    assert found == set(range(len(SHAPES)))


def test_shapes_look_as_they_are_called():
    made = shapes((60, 1, 1))
    fill: dict[int, list[float]] = {0: [], 1: [], 2: []}
    for mask_HW, box_M5 in zip(made["masks"], made["boxes"], strict=True):
        if (box_M5[:, 4] >= 0).sum() == 1:
            left, top, right, bottom, code = box_M5[0].astype(int).tolist()
            fill[code].append(float((mask_HW[top:bottom, left:right] > 0).mean()))
    assert all(abs(np.mean(fill[code]) - share) < 0.06 for code, share in enumerate((np.pi / 4, 1, 0.5)))


def test_clips_move_as_they_are_called():
    made, codes = clips(8)
    assert made.shape == (48, FRAMES, SIDE, SIDE) and made.dtype == np.uint8
    for clip_FHW, code in zip(made, codes, strict=True):
        (x0, y0), (x1, y1) = centre(clip_FHW[0]), centre(clip_FHW[-1])
        grown = (clip_FHW[-1] > 0).sum() - (clip_FHW[0] > 0).sum()
        moved = {"left": x0 - x1, "right": x1 - x0, "up": y0 - y1, "down": y1 - y0, "grow": grown, "shrink": -grown}
        assert moved.pop(MOTIONS[code]) > 2.5 and (max(moved.values()) < 2.5 or MOTIONS[code] not in ("grow", "shrink"))


def test_the_committed_sets_are_those():
    with np.load(EMBEDDED["clips"].path, allow_pickle=False) as arrays:
        assert arrays["clips"].shape == (600, FRAMES, SIDE, SIDE) and arrays["classes"].tolist() == list(MOTIONS)
        assert {clip.tobytes() for clip in clips(2)[0]} <= {clip.tobytes() for clip in arrays["clips"]}
    with np.load(EMBEDDED["shapes"].path, allow_pickle=False) as arrays:
        assert arrays["images"].shape == (1000, 48, 48, 3) and arrays["boxes"].shape == (1000, MOST, 5)
        assert arrays["classes"].tolist() == list(SHAPES)
        assert arrays["mask_classes"].tolist() == ["background", *SHAPES]
        assert {image.tobytes() for image in shapes((2, 0, 0))["images"]} <= {i.tobytes() for i in arrays["images"]}
