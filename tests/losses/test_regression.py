"""Losses of values: by hand, against torch, and at the extremes."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from pellucid.losses.regression import huber, mae, mse

torch.set_num_threads(1)
OUTPUT, TARGET = torch.tensor([[1.0, 2.0], [0.0, -4.0]]), torch.tensor([[1.5, 0.0], [0.0, 0.0]])


def test_by_hand():
    assert mse(OUTPUT, TARGET).tolist() == [(0.25 + 4) / 2, 8]
    assert mae(OUTPUT, TARGET).tolist() == [1.25, 2]
    assert huber(OUTPUT, TARGET).tolist() == [(0.125 + 1.5) / 2, 3.5 / 2]
    assert huber(OUTPUT, TARGET, 10.0).tolist() == (mse(OUTPUT, TARGET) / 2).tolist()


def test_as_torch():
    output, target = torch.randn(6, 3), torch.randn(6, 3)
    for ours, theirs in ((mse, F.mse_loss), (mae, F.l1_loss), (huber, F.smooth_l1_loss)):
        torch.testing.assert_close(ours(output, target).mean(), theirs(output, target))


@pytest.mark.parametrize("loss", [mse, mae, huber])
def test_extremes_empty_and_shapes(loss):
    far = torch.tensor([[1e4], [-1e4]], requires_grad=True)
    (gradient,) = torch.autograd.grad(loss(far, torch.zeros(2)).sum(), far)
    assert gradient.isfinite().all()
    exact = torch.zeros(1, 1, requires_grad=True)
    assert torch.autograd.grad(loss(exact, torch.zeros(1, 1)).sum(), exact)[0].item() == 0
    assert loss(torch.empty(0, 2), torch.empty(0, 2)).shape == (0,)
    with pytest.raises(AssertionError, match="differ"):
        loss(torch.zeros(4, 2), torch.zeros(4))
