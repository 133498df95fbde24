"""The head for boxes: where its places are, which levels it uses, and what it gives."""

from __future__ import annotations

import pytest
import torch

from pellucid.forms import grid, pyramid
from pellucid.nn.boxes import BoxHead, places, stride, used

torch.set_num_threads(1)
FORM = pyramid((grid(16, 24, 32), grid(16, 12, 16), grid(16, 6, 8)))
IMAGE = (48, 64)


def levels(count: int) -> tuple[torch.Tensor, ...]:
    random = torch.Generator().manual_seed(0)
    return tuple(torch.randn(count, level.width, *level.extent, generator=random) for level in FORM.levels)


def test_levels_finer_than_four_pixels_are_left_out_where_there_are_coarser_ones():
    assert [stride(level, IMAGE) for level in FORM.levels] == [2, 4, 8]
    assert used(FORM, IMAGE) == 2
    assert used(pyramid((grid(16, 24, 32),)), IMAGE) == 1
    assert used(pyramid((grid(16, 48, 64), grid(16, 24, 32))), IMAGE) == 1


def test_places_are_the_middles_of_equal_tiles():
    place_P3 = places(FORM.levels[1:], IMAGE)
    assert place_P3.shape == (12 * 16 + 6 * 8, 3)
    assert (
        place_P3[0].tolist() == [2, 2, 4] and place_P3[1].tolist() == [6, 2, 4] and place_P3[16].tolist() == [2, 6, 4]
    )
    assert place_P3[-1].tolist() == [60, 44, 8]
    uneven = places((grid(1, 3, 3),), (10, 10))
    assert uneven[0].tolist() == pytest.approx([5 / 3, 5 / 3, 10 / 3])


def test_every_place_has_a_box_around_itself_and_a_logit_for_each_class():
    head = BoxHead(FORM, image=IMAGE, classes=3)
    output = head(levels(2))
    assert output.shape == (2, 12 * 16 + 6 * 8, 3 + 4 + 3)
    x_y, low, high = output[..., :2], output[..., 3:5], output[..., 5:7]
    assert (low < x_y).all() and (x_y < high).all()
    torch.testing.assert_close(output[1, :, :3], places(FORM.levels[1:], IMAGE))


def test_the_levels_share_their_layers_and_nothing_but_weights_is_kept():
    head = BoxHead(FORM, image=IMAGE, classes=3)
    assert sum(parameter.numel() for parameter in head.parameters()) == 2 * (16 * 16 * 9 + 16 + 32) + 16 * 7 * 9 + 7
    assert "place_P3" not in head.state_dict()
    head(levels(2))[..., 3:].sum().backward()
    assert all(parameter.grad is not None and parameter.grad.any() for parameter in head.parameters())


def test_a_half_precision_pass_gives_full_numbers_and_extremes_stay_finite():
    head = BoxHead(FORM, image=IMAGE, classes=3)
    with torch.autocast("cpu", torch.bfloat16):
        half = head(levels(2))
    assert half.dtype == torch.float32
    torch.testing.assert_close(half[..., :3], head(levels(2))[..., :3], atol=0, rtol=0)
    wide = tuple(1e6 * level for level in levels(1))
    with torch.no_grad():
        head.out.weight.mul_(1e6)
    assert head(wide).isfinite().all()
    assert head.double()(tuple(level.double() for level in levels(1))).dtype == torch.float64
