"""Clipping by the norm of the whole gradient."""

from __future__ import annotations

import math

import torch

from pellucid.optim.clipping import clip_gradients, gradient_norm


def test_the_norm_is_that_of_one_long_vector() -> None:
    grads = [torch.tensor([[3.0, 0.0]]), torch.tensor([4.0]), torch.tensor([12.0])]
    assert gradient_norm(grads).item() == 13.0
    assert gradient_norm(grads[:1]).item() == 3.0
    assert gradient_norm([]).item() == 0.0


def test_long_gradients_are_scaled_to_the_limit() -> None:
    grads = [torch.tensor([3.0, 0.0]), torch.tensor([[4.0]])]
    assert clip_gradients(grads, 1.0).item() == 5.0
    torch.testing.assert_close(grads[0], torch.tensor([0.6, 0.0]))
    torch.testing.assert_close(grads[1], torch.tensor([[0.8]]))
    torch.testing.assert_close(gradient_norm(grads), torch.tensor(1.0))


def test_short_gradients_keep_their_bits() -> None:
    grads = [torch.randn(7, 5), torch.randn(3)]
    before = [grad.clone() for grad in grads]
    clip_gradients(grads, 100.0)
    assert all(torch.equal(a, b) for a, b in zip(grads, before, strict=True))


def test_equals_torch() -> None:
    params = [torch.randn(7, 5, requires_grad=True), torch.randn(3, requires_grad=True)]
    for param in params:
        param.grad = torch.randn_like(param)
    grads = [param.grad.clone() for param in params if param.grad is not None]
    theirs = torch.nn.utils.clip_grad_norm_(params, 0.5)
    torch.testing.assert_close(clip_gradients(grads, 0.5), theirs)
    for mine, param in zip(grads, params, strict=True):
        torch.testing.assert_close(mine, param.grad, rtol=1e-5, atol=1e-6)


def test_zero_empty_and_broken_gradients() -> None:
    zero = [torch.zeros(3)]
    assert clip_gradients(zero, 1.0).item() == 0.0 and not zero[0].any()
    assert clip_gradients([], 1.0).item() == 0.0
    broken = [torch.tensor([1.0, math.nan]), torch.ones(2)]
    assert math.isnan(clip_gradients(broken, 1.0).item())
