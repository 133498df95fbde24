"""Non-maximum suppression against the plain loop over the boxes of one image."""

from __future__ import annotations

import time

import pytest
import torch

from pellucid.metrics.detection import intersection_over_union
from pellucid.tasks.suppression import best_boxes

torch.set_num_threads(1)


def by_loop(
    box_P4: torch.Tensor, logit_PC: torch.Tensor, lowest: float, overlap: float, most: int
) -> list[list[float]]:
    """What is kept, box by box."""
    score_PC = logit_PC.sigmoid().double()
    rows = [
        [*box_P4[place].double().tolist(), code, score_PC[place, code].item()]
        for place in range(len(box_P4))
        for code in range(score_PC.shape[1])
        if score_PC[place, code] >= lowest
    ]
    kept: list[list[float]] = []
    for row in sorted(rows, key=lambda row: -row[5]):
        overlaps = [float(intersection_over_union(torch.tensor(row[:4]), torch.tensor(other[:4])))
                    for other in kept if other[4] == row[4]]  # fmt: skip
        if all(value <= overlap for value in overlaps) and len(kept) < most:
            kept.append(row)
    return kept


def some(images: int, places: int, classes: int) -> tuple[torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(2)
    low = 30 * torch.rand(images, places, 2, generator=random)
    box_NP4 = torch.cat([low, low + 4 + 16 * torch.rand(images, places, 2, generator=random)], 2)
    return box_NP4, 2 * torch.randn(images, places, classes, generator=random) - 2


@pytest.mark.parametrize(("overlap", "most"), [(0.6, 100), (0.3, 100), (0.5, 7)])
def test_equal_to_the_plain_loop(overlap: float, most: int):
    box_NP4, logit_NPC = some(12, 40, 3)
    logit_NPC[3] = -9.0  # an image with nothing in it
    found_NK6 = best_boxes(box_NP4, logit_NPC, lowest=0.1, overlap=overlap, most=most)
    assert found_NK6.dtype == torch.float64
    longest = 0
    for image, found_K6 in enumerate(found_NK6):
        expected = by_loop(box_NP4[image], logit_NPC[image], 0.1, overlap, most)
        kept = found_K6[found_K6[:, 4] >= 0]
        torch.testing.assert_close(kept, torch.tensor(expected).reshape(-1, 6).double(), atol=1e-6, rtol=0)
        assert found_K6[len(kept) :].tolist() == [[0, 0, 0, 0, -1, 0]] * (len(found_K6) - len(kept))
        longest = max(longest, len(kept))
    assert found_NK6.shape[1] == longest <= most


def test_nothing_found_is_one_row_that_fills_up():
    box_NP4, logit_NPC = some(3, 10, 2)
    found = best_boxes(box_NP4, logit_NPC - 20, lowest=0.05, overlap=0.6, most=100)
    assert found.tolist() == [[[0, 0, 0, 0, -1, 0]]] * 3
    assert best_boxes(box_NP4[:0], logit_NPC[:0], lowest=0.05, overlap=0.6, most=100).shape == (0, 1, 6)


def test_two_hundred_crowded_images_take_a_second_at_most():
    box_NP4, logit_NPC = some(200, 500, 3)
    began = time.process_time()
    found = best_boxes(box_NP4, logit_NPC, lowest=0.05, overlap=0.6, most=100)
    assert time.process_time() - began < 2 and found.shape == (200, 100, 6)
