"""The activation modules: exact values, and the trial of a person's own function."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from pellucid.nn.activations import Own, Softmax, Threshold, fault

torch.set_num_threads(1)


def test_threshold_is_one_from_zero_on():
    x = torch.tensor([-1e30, -1.0, -1e-20, 0.0, 1e-20, 1.0, 1e30])
    expected = torch.tensor([0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0])
    for straight_through in (False, True):
        assert torch.equal(Threshold(straight_through)(x), expected)


def test_threshold_keeps_dtype_and_has_no_gradient():
    x = torch.randn(3, dtype=torch.float64, requires_grad=True)
    y = Threshold()(x)
    assert y.dtype == torch.float64 and not y.requires_grad


def test_straight_through_has_gradient_one():
    x = torch.randn(5, requires_grad=True)
    (gradient,) = torch.autograd.grad((3 * Threshold(straight_through=True)(x)).sum(), x)
    assert torch.equal(gradient, torch.full((5,), 3.0))


def test_softmax_by_hand():
    y = Softmax()(torch.tensor([[0.0, torch.log(torch.tensor(3.0))]]))
    torch.testing.assert_close(y, torch.tensor([[0.25, 0.75]]))


@pytest.mark.parametrize(("shape", "dim"), [((4, 3), 1), ((2, 5, 3), 2), ((2, 3, 4, 5), 1)])
def test_softmax_is_over_features_or_channels(shape: tuple[int, ...], dim: int):
    torch.testing.assert_close(Softmax()(torch.randn(shape)).sum(dim), torch.ones(shape).sum(dim) / shape[dim])


def test_softmax_of_large_logits_and_of_no_rows():
    assert torch.equal(Softmax()(torch.tensor([[1e4, -1e4, 0.0]])), torch.tensor([[1.0, 0.0, 0.0]]))
    assert Softmax()(torch.empty(0, 3)).shape == (0, 3)


def test_own_holds_the_parameters_of_a_module():
    assert len(list(Own("mine", nn.PReLU()).parameters())) == 1
    assert "bent" in repr(Own("bent", torch.tanh))


@pytest.mark.parametrize("function", [torch.tanh, torch.relu, nn.PReLU(), lambda x: x * x.sigmoid(), torch.sin])
def test_good_functions_have_no_fault(function):
    assert fault(function) is None
    with torch.no_grad():
        assert fault(function) is None


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (torch.log, "not finite at x = -10"),
        (lambda x: torch.where(x.abs() < 5, x, torch.inf), "not finite"),
        (lambda x: torch.where(x > 0, x.sqrt(), 0.0), "gradient that is not finite"),
        (torch.sign, "gradient 0 everywhere"),
        (lambda x: x.detach(), "no gradient"),
        (lambda x: x.sum(), "shape ()"),
        (lambda x: x[:1], "shape (1, 134)"),
        (lambda x: x.numpy(), "RuntimeError"),
        (lambda x: 3.0, "gives float"),
        (lambda x: x > 0, "torch.bool"),
        (lambda x: 1 / 0, "ZeroDivisionError"),
    ],
)
def test_bad_functions_are_told_apart(function, words: str):
    assert words in (fault(function) or "")
