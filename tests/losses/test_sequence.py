"""Losses of sequences: by hand, against those of classes, with nothing to judge, and their slopes in float64."""

from __future__ import annotations

import pytest
import torch
from pydantic import ValidationError

from pellucid.losses import classification
from pellucid.losses.loss import Loss, reduce, terms
from pellucid.losses.parts import MAE, MSE, CrossEntropy, Huber, Pinball, SkipGram
from pellucid.losses.sequence import around, cross_entropy, pinball, skip_gram

torch.set_num_threads(1)
TARGET_BT = torch.tensor([[0, 2, 1, 1], [3, -1, 0, -1], [-1, -1, -1, -1]])
AROUND_BTN = torch.tensor([[[1, 2], [0, -1]], [[-1, -1], [3, 3]], [[-1, -1], [-1, -1]]])


def numbers(*shape: int) -> torch.Tensor:
    stream = torch.Generator().manual_seed(1)
    return torch.randn(*shape, dtype=torch.float64, generator=stream).requires_grad_()


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_positions_are_examples_of_classification(smoothing: float):
    output = numbers(3, 4, 5).detach()
    judged_BT = TARGET_BT != -1
    value_B, count_B = cross_entropy(output, TARGET_BT, smoothing)
    expected_P = classification.cross_entropy(output[judged_BT], TARGET_BT[judged_BT], smoothing)
    torch.testing.assert_close(value_B, torch.stack([expected_P[:4].sum(), expected_P[4:].sum(), expected_P[:0].sum()]))
    assert count_B.tolist() == [4, 2, 0]
    torch.testing.assert_close(reduce(Loss(value_B, count_B), None), expected_P.mean())
    weighted = reduce(Loss(value_B, count_B), torch.tensor([0.0, 3.0, 1.0]))
    torch.testing.assert_close(weighted, expected_P[4:].mean())


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_what_is_not_judged_teaches_nothing(smoothing: float):
    output = numbers(3, 4, 5)
    value_B, count_B = cross_entropy(output, TARGET_BT, smoothing)
    (gradient_BTC,) = torch.autograd.grad(value_B.sum(), output)
    assert gradient_BTC.isfinite().all() and value_B[2] == 0
    assert torch.equal(gradient_BTC.abs().sum(2) > 0, TARGET_BT != -1)
    nothing, none = terms(Loss(value_B[2:], count_B[2:]), None)
    assert nothing == 0 and none == 0


def test_a_batch_without_a_judged_position_is_no_nan():
    output = numbers(2, 3, 5)
    value_B, count_B = CrossEntropy().per_example(output, torch.full((2, 3), -1))
    assert count_B is not None and value_B.tolist() == [0, 0] == count_B.tolist()
    (gradient_BTC,) = torch.autograd.grad(value_B.sum(), output)
    assert not gradient_BTC.any()


def test_skip_gram_by_hand():
    output = numbers(3, 2, 4)
    value_B, count_B = skip_gram(output, AROUND_BTN)
    log_BTC = output.log_softmax(2)
    first, second = -(log_BTC[0, 0, 1] + log_BTC[0, 0, 2] + log_BTC[0, 1, 0]), -2 * log_BTC[1, 1, 3]
    torch.testing.assert_close(value_B, torch.stack([first, second, first * 0]))
    assert count_B.tolist() == [3, 2, 0]
    assert around(output, AROUND_BTN)[0, 1].tolist() == [log_BTC[0, 1, 0].item(), 0]
    (gradient_BTC,) = torch.autograd.grad(value_B.sum(), output)
    assert gradient_BTC.isfinite().all() and not gradient_BTC[2].any() and not gradient_BTC[1, 0].any()


def test_pinball_by_hand_and_its_best_constant_is_the_quantile():
    output_BHDQ, target_BHD = torch.tensor([[[[1.0, 2.0, 5.0]]]]), torch.tensor([[[3.0]]])
    assert pinball(output_BHDQ, target_BHD, (0.1, 0.5, 0.9)).item() == pytest.approx((0.2 + 0.5 + 0.2) / 3)
    values = torch.arange(100.0).view(100, 1, 1)
    costs = [pinball(torch.full((100, 1, 1, 1), at + 0.5), values, (0.9,)).sum() for at in range(100)]
    assert 88 <= int(torch.stack(costs).argmin()) <= 90


@pytest.mark.parametrize(
    ("loss", "output", "target"),
    [
        (CrossEntropy(), (3, 4, 5), TARGET_BT),
        (CrossEntropy(label_smoothing=0.2), (3, 4, 5), TARGET_BT),
        (SkipGram(), (3, 2, 4), AROUND_BTN),
        (Pinball(), (2, 3, 2, 5), (2, 3, 2)),
        (MSE(), (2, 3, 2), (2, 3, 2)),
        (MAE(), (2, 3, 2), (2, 3, 2)),
        (Huber(delta=0.5), (2, 3, 2), (2, 3, 2)),
    ],
    ids=lambda value: value.kind if hasattr(value, "kind") else "",
)
def test_slopes_are_those_of_small_steps(loss, output, target):
    target = target if isinstance(target, torch.Tensor) else numbers(*target).detach() * 2 + 0.1
    assert torch.autograd.gradcheck(lambda x: loss.per_example(x, target).value_B, (numbers(*output),))


def test_losses_of_values_take_forecasts():
    output, target = numbers(2, 3, 2).detach(), numbers(2, 3, 2).detach() + 1
    for loss in (MSE(), MAE(), Huber()):
        value_B = loss.per_example(output, target).value_B
        torch.testing.assert_close(value_B, loss.per_example(output.flatten(1), target.flatten(1)).value_B)
        assert value_B.shape == (2,)
        with pytest.raises(AssertionError):
            loss.per_example(output, target[:, :, :1])


@pytest.mark.parametrize("wrong", [(0.1, 0.9), (0.5, 0.1), (0.5, 0.5), (0.0, 0.5), (0.5, 1.0), ()])
def test_quantiles_rise_inside_of_nought_and_one_through_the_median(wrong: tuple[float, ...]):
    with pytest.raises(ValidationError):
        Pinball(quantiles=wrong)
