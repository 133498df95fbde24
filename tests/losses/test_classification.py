"""Losses of classes and labels: by hand, against torch, and at the extremes."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional as F

from pellucid.losses.classification import binary_cross_entropy, binary_focal, cross_entropy, focal

torch.set_num_threads(1)
CODES = torch.tensor([0, 2, 1, 2])
LABELS = torch.tensor([[0.0, 1.0, 1.0], [1.0, 0.0, 0.0]])


def logits(*shape: int) -> torch.Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1)).requires_grad_()


def test_cross_entropy_by_hand():
    output = torch.log(torch.tensor([[0.2, 0.3, 0.5], [0.1, 0.1, 0.8]])) + 7
    expected = torch.tensor([-math.log(0.2), -math.log(0.8)])
    torch.testing.assert_close(cross_entropy(output, torch.tensor([0, 2])), expected)
    smooth = -0.7 * math.log(0.2) - 0.1 * (math.log(0.2) + math.log(0.3) + math.log(0.5))
    assert cross_entropy(output, torch.tensor([0, 2]), 0.3)[0].item() == pytest.approx(smooth)


def test_binary_cross_entropy_by_hand():
    output = torch.tensor([[math.log(3.0)], [math.log(3.0)]])  # probability 3/4
    loss = binary_cross_entropy(output, torch.tensor([1, 0]))
    torch.testing.assert_close(loss, torch.tensor([math.log(4 / 3), math.log(4.0)]))
    smooth = binary_cross_entropy(output, torch.tensor([1, 0]), 0.2)[0].item()
    assert smooth == pytest.approx(0.9 * math.log(4 / 3) + 0.1 * math.log(4))


def test_labels_are_averaged_over_an_example():
    output = logits(2, 3).detach()
    expected = F.binary_cross_entropy_with_logits(output, LABELS.double(), reduction="none").mean(1)
    torch.testing.assert_close(binary_cross_entropy(output, LABELS), expected)
    torch.testing.assert_close(binary_focal(output, LABELS, 0.0), expected)


def test_focal_by_hand():
    output = torch.log(torch.tensor([[0.2, 0.3, 0.5]], dtype=torch.float64))
    assert focal(output, torch.tensor([2])).item() == pytest.approx(0.25 * math.log(2))
    assert focal(output, torch.tensor([0]), 3.0).item() == pytest.approx(-(0.8**3) * math.log(0.2))
    binary = binary_focal(torch.tensor([[math.log(3.0)]], dtype=torch.float64), torch.tensor([1]))
    assert binary.item() == pytest.approx((1 / 16) * math.log(4 / 3))


def test_focal_without_focus_is_cross_entropy_and_two_classes_are_one_logit():
    output = logits(4, 3).detach()
    torch.testing.assert_close(focal(output, CODES, 0.0), cross_entropy(output, CODES))
    pair, codes = logits(4, 2).detach(), torch.tensor([0, 1, 1, 0])
    one = pair[:, 1:] - pair[:, :1]
    torch.testing.assert_close(focal(pair, codes, 1.5), binary_focal(one, codes, 1.5))
    torch.testing.assert_close(cross_entropy(pair, codes), binary_cross_entropy(one, codes))


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_extreme_logits_stay_finite(gamma: float):
    output = torch.tensor([[1e4, -1e4, 0.0]] * 3, requires_grad=True)
    for loss in (cross_entropy(output, torch.arange(3)), focal(output, torch.arange(3), gamma)):
        (gradient,) = torch.autograd.grad(loss.sum(), output)
        assert loss.isfinite().all() and gradient.isfinite().all()
        assert loss[0] == 0 and loss.max() == 2e4
    single = torch.tensor([[1e4], [-1e4], [1e4], [-1e4]], requires_grad=True)
    target = torch.tensor([1, 0, 0, 1])
    for loss in (binary_cross_entropy(single, target), binary_focal(single, target, gamma)):
        (gradient,) = torch.autograd.grad(loss.sum(), single)
        assert gradient.isfinite().all() and loss.tolist() == [0, 0, 1e4, 1e4]


def test_an_empty_batch_has_no_losses():
    codes = torch.empty(0, dtype=torch.int64)
    assert cross_entropy(torch.empty(0, 3), codes).shape == (0,)
    assert focal(torch.empty(0, 3), codes).shape == (0,)
    assert binary_cross_entropy(torch.empty(0, 1), codes).shape == (0,)
    assert binary_focal(torch.empty(0, 3), torch.empty(0, 3)).shape == (0,)


def test_shapes_are_never_broadcast():
    with pytest.raises(AssertionError, match="differ"):
        binary_cross_entropy(torch.zeros(4, 3), torch.zeros(4, 1))
    with pytest.raises(AssertionError, match="differ"):
        binary_focal(torch.zeros(4, 3), torch.zeros(4))
