"""The averages of the weights against the sums they stand for."""

from __future__ import annotations

import pytest
import torch

from pellucid.optim.averaging import EMA, SWA
from pellucid.optim.regularize import Averaging
from pellucid.parts import concrete, kinds

STEPS = 20


def path() -> list[torch.Tensor]:
    """The weights before the first step and after each."""
    return list(torch.randn(STEPS + 1, 3, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(2)))


def averages(part: Averaging) -> list[torch.Tensor]:
    """The average before the first step and after each."""
    points = path()
    average = [points[0].clone()]
    seen = [points[0].clone()]
    for step, weight in enumerate(points[1:], start=1):
        part.update(average, [weight], step, STEPS)
        seen.append(average[0].clone())
    return seen


def test_ema_by_hand() -> None:
    expected = path()[0]
    for step, weight in enumerate(path()[1:], start=1):
        decay = min(0.5, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * weight
        torch.testing.assert_close(averages(EMA(decay=0.5))[step], expected)


def test_ema_first_steps_and_no_memory() -> None:
    points = path()
    torch.testing.assert_close(averages(EMA())[1], 2 / 11 * points[0] + 9 / 11 * points[1])
    torch.testing.assert_close(averages(EMA(decay=0.0))[7], points[7])


@pytest.mark.parametrize(("start", "first"), [(0.75, 16), (0.0, 1), (0.5, 11), (0.99, 20)])
def test_swa_is_the_mean_of_the_last_part(start: float, first: int) -> None:
    seen, points = averages(SWA(start=start)), path()
    for step in range(1, first):
        assert torch.equal(seen[step], points[step])
    for step in range(first, STEPS + 1):
        torch.testing.assert_close(seen[step], torch.stack(points[first : step + 1]).mean(0))


def test_averages_take_parameters_and_leave_them_alone() -> None:
    layer = torch.nn.Linear(3, 2)
    params = list(layer.parameters())
    for kind in kinds(Averaging):
        average = [param.detach().clone() for param in params]
        with torch.no_grad():
            concrete(Averaging, kind).update(average, params, 1, STEPS)
        assert not any(tensor.requires_grad for tensor in average)
        for tensor, param in zip(average, params, strict=True):
            torch.testing.assert_close(tensor, param.detach())
