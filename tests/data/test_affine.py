from __future__ import annotations

import time

import pytest
import torch

from pellucid.data import affine
from pellucid.data.batch import Batch

BLACK = torch.tensor([-2.0])
QUARTER = torch.tensor([[[0.0, -1.0, 0.0], [1.0, 0.0, 0.0]]])
"""Reads at (x, y) what was at (-y, x)."""


def theta(*numbers: float) -> torch.Tensor:
    return torch.tensor(numbers).view(1, 2, 3)


def boxes(*rows: tuple[float, ...]) -> torch.Tensor:
    return torch.tensor(rows, dtype=torch.float32).view(1, -1, 5)


def test_masks_and_boxes_are_known_by_type_and_shape():
    assert affine.placed(torch.zeros(2, 4, 4, dtype=torch.uint8)) == "mask"
    assert affine.placed(torch.zeros(2, 4, 5, dtype=torch.uint8)) == "mask"
    assert affine.placed(torch.zeros(2, 1, 5)) == "boxes"
    for other in (None, torch.zeros(3, dtype=torch.int64), torch.zeros(3, 5), torch.zeros(2, 3, 4)):
        assert affine.placed(other) is None


def test_a_turn_by_a_right_angle_is_exact():
    image, mask = torch.randn(1, 2, 9, 9), torch.randint(0, 4, (1, 9, 9), dtype=torch.uint8)
    found = affine.moved(Batch(image, mask), QUARTER, None, whole=False)
    assert torch.allclose(found.input, torch.rot90(image, 1, (2, 3)), atol=1e-4)
    assert torch.equal(found.target, torch.rot90(mask, 1, (1, 2)))


def test_the_box_of_a_thing_goes_where_the_thing_goes():
    generator = torch.Generator().manual_seed(0)
    for number in range(40):
        height, width = 40, 60
        image = torch.zeros(1, 1, height, width)
        left, top, wide, high = (int(torch.randint(5, 16, (1,), generator=generator)) for _ in range(4))
        image[0, 0, top : top + high, left : left + wide] = 1
        box = boxes((left, top, left + wide, top + high, 3))
        angle = torch.rand(1, generator=generator) * 6.28 if number % 2 else torch.zeros(1)
        side, turn_x, turn_y = 0.8 + 0.4 * torch.rand(3, generator=generator)
        cosine, sine = float(angle.cos() * side), float(angle.sin() * side)
        place = (float(turn_x - 1), float(turn_y - 1))
        pixels = theta(cosine, -sine * height / width, place[0], sine * width / height, cosine, place[1])
        found = affine.moved(Batch(image, box), pixels, None, whole=False)
        seen = torch.nonzero(found.input[0, 0] > 0.5)
        said = found.target[0, 0]
        if said[4] < 0:
            assert len(seen) < 0.6 * wide * high / float(side) ** 2, "only what has mostly left is dropped"
            continue
        top_left, bottom_right = seen.amin(0).flip(0), seen.amax(0).flip(0) + 1
        if number % 2:  # the box of a turned box may be larger than the thing, never smaller
            assert (said[:2] < top_left + 1.1).all() and (said[2:4] > bottom_right - 1.1).all()
        else:
            assert torch.allclose(said[:4], torch.cat([top_left, bottom_right]).float(), atol=0.75)


def test_what_comes_from_outside_is_black_and_not_judged():
    image, mask = torch.ones(1, 1, 8, 8), torch.ones(1, 8, 8, dtype=torch.uint8)
    for whole in (True, False):
        found = affine.moved(Batch(image, mask), theta(1, 0, 0.5, 0, 1, 0), BLACK, whole=whole)
        assert (found.input[..., :6] == 1).all() and (found.input[..., 6:] == -2).all()
        assert (found.target[..., :6] == 1).all() and (found.target[..., 6:] == 255).all()
    assert (mask == 1).all(), "the mask that was given does not change"


def test_boxes_are_cut_at_the_edges_and_dropped_where_hardly_seen():
    held = boxes((0, 0, 4, 4, 1), (2, 2, 8, 6, 2), (8, 0, 10, 10, 0), (0, 0, 0, 0, -1))
    found = affine.moved_boxes(held, theta(1, 0, 0.8, 0, 1, 0), 10, 10)  # four pixels to the left
    expected = boxes((0, 2, 4, 6, 2), (4, 0, 6, 10, 0), (0, 0, 0, 0, -1), (0, 0, 0, 0, -1))
    assert torch.allclose(found, expected, atol=1e-5)
    for pixels, kept in ((2.9, True), (3.1, False)):
        found = affine.moved_boxes(boxes((0, 0, 4, 4, 1)), theta(1, 0, pixels / 5, 0, 1, 0), 10, 10)
        assert (float(found[0, 0, 4]) == 1) == kept
    assert torch.equal(affine.moved_boxes(held, theta(1, 0, 9, 0, 1, 0), 10, 10), boxes(*[(0, 0, 0, 0, -1)] * 4))


def test_a_mirror_twice_and_no_move_change_no_bit():
    held = boxes((1.25, 2.5, 7, 6, 1), (0, 0, 31, 17, 0))
    mirror, same = theta(-1, 0, 0, 0, 1, 0), theta(1, 0, 0, 0, 1, 0)
    once = affine.moved_boxes(held, mirror, 17, 31)
    assert torch.equal(once, boxes((24, 2.5, 29.75, 6, 1), (0, 0, 31, 17, 0)))
    assert torch.equal(affine.moved_boxes(once, mirror, 17, 31), held)
    assert torch.equal(affine.moved_boxes(held, same, 17, 31), held)


@pytest.mark.parametrize("side", [1, 2, 7, 1023])
def test_whole_moves_copy_every_pixel(side: int):
    image = torch.randn(2, 1, 3, side)
    across = torch.tensor([0.0, -2 / side])  # the second one pixel to the right
    maps = torch.tensor([[1.0, 0, 0], [0, -1, 0]]).repeat(2, 1, 1)
    maps[:, 0, 2] = across
    found = affine.moved(Batch(image, None), maps, BLACK, whole=True).input
    assert torch.equal(found[0], image[0].flip(1))
    assert torch.equal(found[1, :, :, 1:], image[1].flip(1)[:, :, :-1]) and (found[1, :, :, 0] == -2).all()


def test_masks_and_boxes_cost_little():
    image, mask = torch.randn(64, 3, 32, 32), torch.ones(64, 32, 32, dtype=torch.uint8)
    held, threads = boxes((1, 1, 20, 20, 1)).expand(64, 8, 5).contiguous(), torch.get_num_threads()
    flip = theta(-1, 0, 0, 0, 1, 0).repeat(64, 1, 1)
    crop = theta(0.8, 0, 0.1, 0, 0.8, 0).repeat(64, 1, 1)
    torch.set_num_threads(1)
    try:
        seconds = []
        for _ in range(20):
            start = time.thread_time()  # of this thread alone: a busy machine does not fail the test
            for target in (mask, held):
                batch = affine.moved(Batch(image, target), flip, None, whole=True)
                affine.moved(batch, crop, None, whole=False)
            seconds.append(time.thread_time() - start)
    finally:
        torch.set_num_threads(threads)
    assert min(seconds) < 0.025, "64 images of 32x32 flipped and cropped, once with masks and once with boxes: 25 ms"
