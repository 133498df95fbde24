"""Losses of masks: by hand, against those of classes, with nothing to judge, and at the extremes."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch

from pellucid.losses import classification
from pellucid.losses.loss import Loss, reduce
from pellucid.losses.parts import CrossEntropy, Dice, Focal
from pellucid.losses.segmentation import cross_entropy, dice, focal

torch.set_num_threads(1)
Function = Callable[[torch.Tensor, torch.Tensor], Loss]
FUNCTIONS: dict[str, Function] = {
    "cross_entropy": cross_entropy,
    "smoothed": lambda output, target: cross_entropy(output, target, 0.2),
    "focal": focal,
    "dice": dice,
}
TARGET_BHW = torch.tensor(
    [[[0, 2, 1], [1, 255, 2]], [[0, 0, 0], [0, 0, 0]], [[255, 255, 255], [255, 255, 255]]], dtype=torch.uint8
)
"""All classes and a pixel that is not judged; nothing but background; nothing judged."""


def logits() -> torch.Tensor:
    return torch.randn(3, 3, 2, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1)).requires_grad_()


def count(loss: Loss) -> torch.Tensor:
    assert loss.weight_B is not None
    return loss.weight_B


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_pixels_are_examples_of_classification(smoothing: float):
    output, judged = logits().detach(), TARGET_BHW != 255
    pixel_PC, code_P = output.movedim(1, -1)[judged], TARGET_BHW[judged].long()
    for found, expected_P in (
        (cross_entropy(output, TARGET_BHW, smoothing), classification.cross_entropy(pixel_PC, code_P, smoothing)),
        (focal(output, TARGET_BHW, smoothing), classification.focal(pixel_PC, code_P, smoothing)),
    ):
        sums = torch.stack([expected_P[:5].sum(), expected_P[5:].sum(), expected_P[:0].sum()])
        torch.testing.assert_close(found.value_B, sums)
        assert count(found).tolist() == [5, 6, 0]
        torch.testing.assert_close(reduce(found, None), expected_P.mean())


def test_dice_by_hand():
    p_BCHW = torch.tensor([[[[0.8, 0.3]], [[0.2, 0.7]]]], dtype=torch.float64)
    found = dice(p_BCHW.log(), torch.tensor([[[0, 1]]]))
    background, other = 2 * 0.8 / (0.8**2 + 0.3**2 + 1), 2 * 0.7 / (0.2**2 + 0.7**2 + 1)
    assert found.value_B.item() == pytest.approx(2 * (1 - (background + other) / 2))
    assert count(found).item() == 2


def test_dice_of_an_empty_mask_is_that_of_its_background():
    p_BCHW = torch.tensor([[[[0.8, 0.3]], [[0.2, 0.7]]]], dtype=torch.float64)
    found = dice(p_BCHW.log(), torch.zeros(1, 1, 2))
    assert found.value_B.item() == pytest.approx(2 * (1 - 2 * 1.1 / (0.8**2 + 0.3**2 + 2)))


def test_a_perfect_mask_costs_nothing_and_a_wrong_one_all():
    codes_BHW = torch.tensor([[[0, 1], [2, 0]]])
    right = torch.nn.functional.one_hot(codes_BHW, 3).movedim(-1, 1).float() * 200
    assert dice(right, codes_BHW).value_B.item() == pytest.approx(0, abs=1e-6)
    assert dice(right, (codes_BHW + 1) % 3).value_B.item() == pytest.approx(4)
    assert cross_entropy(right, codes_BHW).value_B.item() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_is_not_judged_teaches_nothing(name: str):
    output = logits()
    found = FUNCTIONS[name](output, TARGET_BHW)
    assert found.value_B[2] == 0 and count(found)[2] == 0
    (gradient,) = torch.autograd.grad(found.value_B.sum(), output)
    assert gradient.isfinite().all() and gradient[:2].abs().sum() > 0
    assert not gradient[2].any() and not gradient[0, :, 1, 1].any()
    changed = output.detach().clone()
    changed[2], changed[0, :, 1, 1] = 7, 7
    torch.testing.assert_close(FUNCTIONS[name](changed, TARGET_BHW).value_B, found.value_B.detach())


@pytest.mark.parametrize("name", FUNCTIONS)
def test_extreme_logits_stay_finite(name: str):
    output = (torch.tensor([1e4, -1e4, 0.0])[None, :, None, None] * torch.ones(3, 3, 2, 3)).requires_grad_()
    value_B = FUNCTIONS[name](output, TARGET_BHW).value_B
    (gradient,) = torch.autograd.grad(value_B.sum(), output)
    assert value_B.isfinite().all() and gradient.isfinite().all() and value_B[1] < value_B[0]


def test_codes_may_be_bytes_or_whole_numbers():
    output = logits().detach()
    for function in FUNCTIONS.values():
        assert torch.equal(function(output, TARGET_BHW).value_B, function(output, TARGET_BHW.long()).value_B)


def test_fields_reach_the_functions():
    output = logits().detach()
    assert torch.equal(
        CrossEntropy(label_smoothing=0.1).per_example(output, TARGET_BHW).value_B,
        cross_entropy(output, TARGET_BHW, 0.1).value_B,
    )
    found = Focal(gamma=1).per_example(output, TARGET_BHW)
    assert torch.equal(found.value_B, focal(output, TARGET_BHW, 1).value_B)
    assert torch.equal(Dice().per_example(output, TARGET_BHW).value_B, dice(output, TARGET_BHW).value_B)
    assert math.isfinite(found.value_B.sum())
