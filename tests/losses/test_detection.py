"""Losses of boxes: by hand, against torch, numerically, without boxes, and who answers for what."""

from __future__ import annotations

import math

import pytest
import torch

from pellucid.losses.classification import binary_focal
from pellucid.losses.detection import assign, focal_giou, generalized_overlap, sigmoid_focal

torch.set_num_threads(1)
PAD = [0.0, 0, 0, 0, -1]


def places(side: int, *strides: int) -> torch.Tensor:
    """place_P3 of a square image."""
    rows = [[x + stride / 2, y + stride / 2, stride] for stride in strides
            for y in range(0, side, stride) for x in range(0, side, stride)]  # fmt: skip
    return torch.tensor(rows, dtype=torch.float64)


def outputs(count: int, place_P3: torch.Tensor, classes: int) -> torch.Tensor:
    """output_BPK with boxes around their places and random logits."""
    random = torch.Generator().manual_seed(1)
    shape = (count, len(place_P3))
    away = 6 * torch.rand(*shape, 4, generator=random, dtype=torch.float64) + 0.5
    x_y = place_P3[:, :2].expand(count, -1, -1)
    logits = torch.randn(*shape, classes, generator=random, dtype=torch.float64)
    return torch.cat([place_P3.expand(count, -1, -1), x_y - away[..., :2], x_y + away[..., 2:], logits], 2)


TARGET = torch.tensor([[[1.0, 2, 9, 11, 1], [8, 0, 16, 5, 0]], [[3.0, 3, 15, 13, 2], PAD], [PAD, PAD]]).double()


def test_generalized_overlap_by_hand():
    one = torch.tensor([[0.0, 0, 2, 2]] * 3)
    other = torch.tensor([[0.0, 0, 2, 2], [1.0, 0, 3, 2], [3.0, 0, 5, 2]])
    torch.testing.assert_close(generalized_overlap(one, other), torch.tensor([1, 2 / 6, -2 / 10]))


def test_focal_by_hand_and_without_focus_half_of_cross_entropy():
    logit = torch.tensor([math.log(3.0)] * 2, dtype=torch.float64)  # probability 3/4
    found = sigmoid_focal(logit, torch.tensor([True, False]), 0.25, 2.0)
    expected = [0.25 * 0.25**2 * math.log(4 / 3), 0.75 * 0.75**2 * math.log(4)]
    torch.testing.assert_close(found, torch.tensor(expected, dtype=torch.float64))
    logits = torch.randn(5, 1, generator=torch.Generator().manual_seed(0))
    true = torch.tensor([1, 0, 0, 1, 1])
    torch.testing.assert_close(2 * sigmoid_focal(logits[:, 0], true > 0, 0.5, 1.5), binary_focal(logits, true, 1.5))


def test_a_perfect_answer_costs_nothing():
    place_P3 = places(16, 4)
    index_BP = assign(place_P3, TARGET)
    true_BP5 = TARGET.gather(1, index_BP.clamp(min=0)[:, :, None].expand(-1, -1, 5))
    logits = torch.full((3, 16, 3), -50.0).double()
    hit = (true_BP5[:, :, 4:] == torch.arange(3)) & (index_BP >= 0)[:, :, None]
    perfect = torch.cat([place_P3.expand(3, -1, -1), true_BP5[:, :, :4], logits.masked_fill(hit, 50)], 2)
    value_B, weight_B = focal_giou(perfect, TARGET)
    torch.testing.assert_close(value_B, torch.zeros(3).double(), atol=1e-12, rtol=0)
    assert weight_B.tolist() == [*(index_BP[:2] >= 0).sum(1).tolist(), 1]


def test_the_parts_add_up():
    output = outputs(3, places(16, 4), 3)
    index_BP = assign(places(16, 4), TARGET)
    value_B, _ = focal_giou(output, TARGET, box=3.0)
    for image in range(3):
        gaps, focal = 0.0, 0.0
        for place, chosen in enumerate(index_BP[image].tolist()):
            is_C = torch.zeros(3, dtype=torch.bool)
            if chosen >= 0:
                is_C[int(TARGET[image, chosen, 4])] = True
                gaps += 1 - float(generalized_overlap(output[image, place, 3:7], TARGET[image, chosen, :4]))
            focal += float(sigmoid_focal(output[image, place, 7:], is_C, 0.25, 2.0).sum())
        assert value_B[image].item() == pytest.approx(focal + 3 * gaps)


@pytest.mark.parametrize("target", [TARGET, TARGET[2:].expand(3, -1, -1)], ids=["boxes", "none"])
def test_gradients_equal_the_numeric_ones(target: torch.Tensor):
    whole = outputs(3, places(16, 8), 3)
    assert torch.autograd.gradcheck(
        lambda free: focal_giou(torch.cat([whole[:, :, :3], free], 2), target, gamma=1.5),
        whole[:, :, 3:].clone().requires_grad_(),
    )


def test_extreme_outputs_stay_finite():
    whole = outputs(3, places(16, 4), 3)
    whole[:, ::2, 7:], whole[:, 1::2, 7:], whole[:, ::3, 5:7] = 1e4, -1e4, 1e6
    output = whole.float().requires_grad_()
    value_B, _ = focal_giou(output, TARGET.float())
    (gradient,) = torch.autograd.grad(value_B.sum(), output)
    assert value_B.isfinite().all() and gradient.isfinite().all()


def test_places_near_the_centre_answer_and_the_smaller_box_wins():
    place_P3 = places(32, 4)
    index_P = assign(place_P3, torch.tensor([[[0.0, 0, 30, 30, 0], [13.0, 13, 19, 19, 0], PAD]]).double())[0]
    for place, (x, y, _) in enumerate(place_P3.tolist()):
        if abs(x - 16) <= 3 and abs(y - 16) <= 3:
            expected = 1
        else:
            expected = 0 if abs(x - 15) <= 6 and abs(y - 15) <= 6 else -1
        assert index_P[place] == expected


def test_long_boxes_belong_to_coarser_levels():
    place_P3 = places(64, 4, 8)
    target = torch.tensor([[[8.0, 8, 40, 20, 0], [2.0, 20, 62, 50, 0]]]).double()
    index_P = assign(place_P3, target)[0]
    assert (index_P[:256] == 0).any() and not (index_P[:256] == 1).any()
    assert (index_P[256:] == 1).any() and not (index_P[256:] == 0).any()


def test_every_box_has_a_place_however_small_or_large():
    random = torch.Generator().manual_seed(3)
    place_P3 = torch.cat([places(64, 4), places(64, 8)])
    low = torch.rand(300, 1, 2, generator=random).double() * 60
    size = torch.rand(300, 1, 2, generator=random).double().pow(3) * (64 - low) + 0.1
    target = torch.cat([low, low + size, torch.zeros(300, 1, 1).double()], 2)
    assert ((assign(place_P3, target) >= 0).sum(1) >= 1).all()
