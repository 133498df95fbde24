"""Losses of embeddings: by hand, against loops, and at the extremes."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional as F

from pellucid.losses import embedding
from pellucid.losses.embedding import angular_margin, cosine_margin, triplet, with_means

torch.set_num_threads(1)
CODES = torch.tensor([0, 2, 1, 2, 0])


def vectors(count: int = 5, width: int = 3, seed: int = 1) -> torch.Tensor:
    return F.normalize(torch.randn(count, width, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)))


def test_a_margin_by_hand():
    cosine_BC = torch.tensor([[0.8, 0.5]], dtype=torch.float64)
    expected = math.log(1 + math.exp(10 * (0.5 - (0.8 - 0.2))))
    assert cosine_margin(cosine_BC, torch.tensor([0]), 10.0, 0.2).item() == pytest.approx(expected)
    turned = math.cos(math.acos(0.8) + 0.2)
    expected = math.log(1 + math.exp(10 * (0.5 - turned)))
    assert angular_margin(cosine_BC, torch.tensor([0]), 10.0, 0.2).item() == pytest.approx(expected)


def test_without_a_margin_both_are_cross_entropy():
    cosine_BC = vectors() @ vectors(4, seed=2).T
    expected = F.cross_entropy(7 * cosine_BC, CODES, reduction="none")
    torch.testing.assert_close(cosine_margin(cosine_BC, CODES, 7.0, 0.0), expected)
    torch.testing.assert_close(angular_margin(cosine_BC, CODES, 7.0, 0.0), expected)


def test_more_margin_costs_more_even_behind_half_a_turn():
    cosine = torch.linspace(-1, 1, 21, dtype=torch.float64)
    cosine_BC = torch.stack([cosine, torch.zeros(21, dtype=torch.float64)], 1)
    target = torch.zeros(21, dtype=torch.int64)
    for loss in (cosine_margin, angular_margin):
        plain, wider = loss(cosine_BC, target, 5.0, 0.0), loss(cosine_BC, target, 5.0, 0.5)
        assert (wider > plain).all()
        assert (wider.diff() < 0).all()


def test_the_hardest_triplet_as_loops_find_it():
    vector, margin = vectors(8, 3), 0.3
    codes = torch.tensor([0, 1, 0, 2, 1, 0, 3, 2])
    loss, weight = triplet(vector, codes, margin)
    for at in range(8):
        apart = [(vector[at] - vector[other]).square().sum().item() for other in range(8)]
        same = [apart[other] for other in range(8) if other != at and codes[other] == codes[at]]
        rest = [apart[other] for other in range(8) if codes[other] != codes[at]]
        assert weight[at] == (1 if same else 0)
        expected = max(0.0, max(same) - min(rest) + margin) if same else 0.0
        assert loss[at].item() == pytest.approx(expected)


def test_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch):
    vector, codes = vectors(9), torch.arange(9) % 3
    whole = triplet(vector, codes)
    monkeypatch.setattr(embedding, "CHUNK", 4)
    for one, other in zip(whole, triplet(vector, codes), strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("codes", [torch.zeros(4, dtype=torch.int64), torch.arange(4), torch.zeros(0).long()])
def test_a_batch_without_triplets_teaches_nothing(codes: torch.Tensor):
    vector = vectors(len(codes)).requires_grad_()
    loss, weight = triplet(vector, codes)
    assert loss.tolist() == weight.tolist() == [0.0] * len(codes)
    (gradient,) = torch.autograd.grad(loss.sum(), vector)
    assert gradient.isfinite().all() and not gradient.any()


def test_means_leave_the_example_itself_out():
    vector = vectors()
    cosine, code, weight = with_means(vector, CODES + 10)
    assert cosine.shape == (5, 3) and code.tolist() == CODES.tolist() and weight.tolist() == [1, 1, 0, 1, 1]
    assert cosine[0, 0].item() == pytest.approx(float(vector[0] @ vector[4]))
    both = F.normalize(vector[1] + vector[3], dim=0)
    assert cosine[0, 2].item() == pytest.approx(float(vector[0] @ both))


def test_the_gradient_of_means_equals_the_numeric_one():
    raw = torch.randn(5, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(3), requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: with_means(F.normalize(x, dim=1), CODES)[0], raw)


def test_cosines_of_one_have_finite_slopes():
    cosine_BC = torch.tensor([[1.0, -1.0], [-1.0, 1.0]], requires_grad=True)
    loss = angular_margin(cosine_BC, torch.tensor([0, 0]), 64.0, 0.5)
    (gradient,) = torch.autograd.grad(loss.sum(), cosine_BC)
    assert loss.isfinite().all() and gradient.isfinite().all()


def test_an_empty_batch_has_no_losses():
    codes = torch.empty(0, dtype=torch.int64)
    assert cosine_margin(torch.empty(0, 3), codes).shape == angular_margin(torch.empty(0, 3), codes).shape == (0,)
    assert [part.shape[0] for part in with_means(torch.empty(0, 3), codes)] == [0, 0, 0]
