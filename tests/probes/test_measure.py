from __future__ import annotations

import pytest
import torch
from torch import nn

from pellucid.probes import measure


def numbers(kind: str, value: torch.Tensor) -> dict[str, float]:
    return {name: float(number) for name, number in measure.activation(kind, value).items()}


def test_mean_deviation_and_the_largest_are_read():
    found = numbers("Linear", torch.tensor([[1.0, -5.0], [3.0, 1.0]]))
    assert found == pytest.approx({"mean": 0.0, "deviation": 3.0, "largest": 5.0})


@pytest.mark.parametrize(("layer", "flat"), [(nn.Sigmoid(), 6.0), (nn.Tanh(), 3.0)])
def test_flat_ends_are_counted(layer: nn.Module, flat: float):
    x = torch.tensor([[0.0, 1.0, flat, -flat]])
    assert numbers(type(layer).__name__, layer(x))["saturated"] == 0.5
    assert "saturated" not in numbers("ReLU", layer(x)) and "silent" not in numbers("Tanh", layer(x))


def test_units_are_silent_that_put_out_nothing():
    x_BCHW = torch.zeros(2, 3, 4, 4)
    x_BCHW[1, 2, 0, 3] = 0.1
    assert measure.silent_units(x_BCHW).tolist() == [True, True, False]
    assert measure.silent_units(x_BCHW[:, :, 0, 0]).tolist() == [True, True, True]
    x_BTD = torch.tensor([[[0.0, 1.0], [0.0, 0.0]]])
    assert measure.silent_units(x_BTD).tolist() == [True, False]
    assert numbers("ReLU", x_BTD)["silent"] == 0.75


@pytest.mark.parametrize(
    "shape", [(500, 7), (40, 3), (64, 16, 100, 100), (3, 3000, 40), (2, 200_000), (2, 3, 8, 99, 99)]
)
def test_of_large_outputs_some_places_are_read(shape: tuple[int, ...]):
    some = measure.part(torch.rand(shape, requires_grad=True).to(torch.bfloat16))
    assert some.dtype == torch.float32 and not some.requires_grad
    assert 0 < some.numel() <= max(1.25 * measure.MOST, shape[-1]) and len(some) <= measure.ROWS
    unit = measure.units(some)
    assert some.shape[unit] == shape[unit]
