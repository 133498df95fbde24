"""The gauge of one update: what was moved, how far, and whether down the loss."""

from __future__ import annotations

import pytest
import torch

from pellucid.probes.gauge import Gauge, Later, read


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.complex64])
def test_an_update_is_measured(dtype: torch.dtype) -> None:
    weight = torch.nn.Parameter(torch.tensor([3.0, 4.0]).to(dtype))
    weight.grad = torch.tensor([1.0, 2.0]).to(dtype)
    gauge = Gauge(["w"], [weight])
    gauge.before()
    with torch.no_grad():
        weight -= 0.5 * weight.grad
    (told,) = read([gauge.after()])
    assert told["w"]["norm"] == pytest.approx(5.0) and told["w"]["along"] == pytest.approx(-2.5)
    assert told["w"]["update"] == pytest.approx(1.25**0.5 / 5, rel=1e-2) and told["w"]["largest"] == 2.0
    assert weight.tolist() == [2.5, 3.0] and weight.grad.tolist() == [1.0, 2.0]


def test_what_has_no_gradient_has_a_norm_and_an_update() -> None:
    gauge = Gauge(["w"], [torch.ones(4)])
    gauge.before()
    assert read([gauge.after()]) == [{"w": {"norm": 2.0, "update": 0.0}}]


def test_numbers_of_several_instruments_come_at_once() -> None:
    later = [Later([torch.tensor(1.0), torch.tensor(2)], list), Later([], list), Later([torch.tensor(True)], list)]
    assert read(later) == [[1.0, 2.0], [], [1.0]]


@pytest.mark.parametrize("shape", [(2048, 640), (3, 1_000_001), (1_500_000,), (64, 3, 100, 100)])
def test_of_a_large_tensor_some_numbers_say_what_all_do(shape: tuple[int, ...]) -> None:
    draw = torch.Generator().manual_seed(0)
    param = torch.nn.Parameter(torch.randn(shape, generator=draw))
    param.grad = torch.randn(shape, generator=draw) * 0.1
    gauge = Gauge(["weight"], [param])
    gauge.before()
    with torch.no_grad():
        param -= 0.5 * param.grad
    (told,) = read([gauge.after()])
    assert told["weight"]["norm"] == pytest.approx(param.numel() ** 0.5, rel=0.02)
    assert told["weight"]["gradient"] == pytest.approx(0.1, rel=0.02)
    assert told["weight"]["update"] == pytest.approx(0.05, rel=0.02)
    assert told["weight"]["along"] < 0 and told["weight"]["largest"] > 0.3
