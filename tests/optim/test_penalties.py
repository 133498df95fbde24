"""The penalties: value, slope, soft threshold, and that the three are one."""

from __future__ import annotations

import pytest
import torch
from pydantic import ValidationError

from pellucid.optim.penalties import L1, L2, ElasticNet, shrink
from pellucid.optim.regularize import Penalty
from pellucid.parts import concrete


def weights() -> list[torch.Tensor]:
    return [torch.tensor([[1.0, -2.0], [0.0, 0.5]]), torch.tensor([[-3.0]])]


def test_values_by_hand() -> None:
    assert L1(alpha=0.1).value(weights()).item() == pytest.approx(0.65)
    assert L2(alpha=0.1).value(weights()).item() == pytest.approx(0.1 / 2 * 14.25)
    assert ElasticNet(l1=0.1, l2=0.2).value(weights()).item() == pytest.approx(0.65 + 0.2 / 2 * 14.25)
    for part in (L1(alpha=0.1), L2(alpha=0.0), ElasticNet(l1=0.1, l2=0.2)):
        assert part.value([]).shape == ()
    assert L1(alpha=0.0).value(weights()).item() == 0.0


@pytest.mark.parametrize("part", [L2(alpha=0.3), ElasticNet(l1=0.0, l2=0.3)], ids=str)
def test_the_slope_is_the_gradient_of_the_value(part: Penalty) -> None:
    params = [param.double().requires_grad_() for param in weights()]
    slopes = torch.autograd.grad(part.value(params), params)
    grads = [torch.ones_like(param) for param in params]
    with torch.no_grad():
        part.before_step(params, grads)
    for grad, slope in zip(grads, slopes, strict=True):
        torch.testing.assert_close(grad, 1 + slope)


def test_the_soft_threshold_by_hand_and_by_torch() -> None:
    params = weights()
    L1(alpha=2.0).after_step(params, 0.3)
    torch.testing.assert_close(params, [torch.tensor([[0.4, -1.4], [0.0, 0.0]]), torch.tensor([[-2.4]])])
    wide = torch.randn(50, 20, generator=torch.Generator().manual_seed(0))
    mine = [wide.clone()]
    shrink(mine, 0.4)
    torch.testing.assert_close(mine[0], torch.nn.functional.softshrink(wide, 0.4))
    assert torch.equal(mine[0] == 0, wide.abs() <= 0.4)


def test_the_threshold_minimises_the_price_plus_half_the_squared_move() -> None:
    start = [torch.tensor([[0.7]])]
    L1(alpha=1.0).after_step(start, 0.2)
    grid = torch.linspace(-1, 1, 20001)
    best = grid[(0.2 * grid.abs() + (grid - 0.7) ** 2 / 2).argmin()]
    assert start[0].item() == pytest.approx(best.item(), abs=1e-4)


def test_l1_and_l2_are_the_ends_of_the_elastic_net() -> None:
    for single, net in ((L1(alpha=0.3), ElasticNet(l1=0.3, l2=0)), (L2(alpha=0.3), ElasticNet(l1=0, l2=0.3))):
        mine, other = weights(), weights()
        grads, other_grads = weights(), weights()
        assert torch.equal(single.value(mine), net.value(other))
        single.before_step(mine, grads)
        net.before_step(other, other_grads)
        single.after_step(mine, 0.1)
        net.after_step(other, 0.1)
        assert all(torch.equal(a, b) for a, b in zip([*mine, *grads], [*other, *other_grads], strict=True))


def test_nothing_to_penalise_and_impossible_strengths() -> None:
    part = ElasticNet(l1=0.1, l2=0.1)
    part.before_step([], [])
    part.after_step([], 0.1)
    with pytest.raises(ValidationError):
        concrete(Penalty, {"kind": "l1", "alpha": -1})
    with pytest.raises(ValidationError):
        concrete(Penalty, "l2")
