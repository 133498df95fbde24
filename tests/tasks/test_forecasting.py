"""Forecasting: differences from a base in units of the window, read in those of the data; quantiles never cross."""

from __future__ import annotations

import pytest
import torch

from pellucid.data.batch import Batch
from pellucid.data.signature import Signature, Target
from pellucid.families.gru import GRU
from pellucid.families.mlp import MLP
from pellucid.forms import Paired, Steps, sequence
from pellucid.losses.loss import reduce
from pellucid.losses.parts import MAE, MSE, Huber, LossFunction, Pinball
from pellucid.metrics.catalogue import metric
from pellucid.network.assemble import assemble
from pellucid.tasks.forecasting import Forecasting

torch.set_num_threads(1)
TARGET = Target("future", ("load", "price"))
SIGNATURE = Signature("series", "memory", 6, "", TARGET)
LEVELS = (0.1, 0.5, 0.9)
B, T, H, D = 6, 8, 4, 2


def steps(x_BTD: torch.Tensor) -> Steps:
    return Steps(x_BTD, torch.ones(x_BTD.shape[:2], dtype=torch.bool))


def batch() -> Batch:
    stream = torch.Generator().manual_seed(0)
    base_BHD, unit_BD = 1000 + 50 * torch.randn(B, H, D, generator=stream), 20 + torch.rand(B, D, generator=stream)
    target_BHD = base_BHD + unit_BD[:, None] * torch.randn(B, H, D, generator=stream)
    past, known = torch.randn(B, T, D, generator=stream), torch.randn(B, H, 3, generator=stream)
    return Batch(Paired(steps(past), steps(known)), target_BHD, relative=(base_BHD, unit_BD))


def standard(data: Batch) -> torch.Tensor:
    assert data.relative is not None and data.target is not None
    return (data.target - data.relative[0]) / data.relative[1][:, None]


def test_a_unit_for_each_quantile_of_each_column():
    task = Forecasting(loss=Pinball(quantiles=LEVELS))
    assert task.outputs(SIGNATURE) == 6 and task.levels == LEVELS
    assert task.head(sequence(5, H), SIGNATURE)(torch.zeros(2, H, 5)).shape == (2, H, 6)
    assert Forecasting(loss=MAE()).outputs(SIGNATURE) == 2 and Forecasting(loss=MAE()).levels == ()


def test_losses_compare_with_the_standardised_difference():
    data, output_BHK = batch(), torch.randn(B, H, 6, generator=torch.Generator().manual_seed(1))
    found = Forecasting(loss=Pinball(quantiles=LEVELS)).losses(output_BHK, data).value_B
    error_BHDQ = standard(data)[..., None] - output_BHK.unflatten(2, (D, 3))
    level_Q = torch.tensor(LEVELS)
    expected = torch.where(error_BHDQ > 0, level_Q * error_BHDQ, (level_Q - 1) * error_BHDQ).mean((1, 2, 3))
    torch.testing.assert_close(found, expected)
    mse_B = Forecasting(loss=MSE()).losses(output_BHK[..., :2], data).value_B
    torch.testing.assert_close(mse_B, (output_BHK[..., :2] - standard(data)).square().mean((1, 2)))


def test_forecasts_are_in_the_units_of_the_data():
    data, task = batch(), Forecasting(loss=Pinball(quantiles=LEVELS))
    perfect = standard(data)[..., None] + torch.tensor([-1.0, 0, 1])
    read = task.decode(task.keep(perfect.flatten(2), data), SIGNATURE, None)
    assert read.value is not None and read.quantile_NHDQ is not None and read.naive_NHD is not None
    assert data.target is not None and data.relative is not None and read.levels == LEVELS
    torch.testing.assert_close(read.value.float(), data.target)
    torch.testing.assert_close(read.naive_NHD.float(), data.relative[0])
    width = (read.quantile_NHDQ[..., 2] - read.quantile_NHDQ[..., 0]).float()
    torch.testing.assert_close(width, 2 * data.relative[1][:, None].expand(B, H, D), atol=1e-3, rtol=0)
    assert metric("coverage").measure(read, data.target, None) == 1
    assert metric("skill").measure(read, data.target, None) == pytest.approx(1, abs=1e-5)


def test_nothing_learnt_is_the_seasonal_naive_forecast():
    data, task = batch(), Forecasting(loss=MAE())
    read = task.decode(task.keep(torch.zeros(B, H, D), data), SIGNATURE, None)
    assert read.quantile_NHDQ is None and read.value is not None and read.naive_NHD is not None
    assert torch.equal(read.value, read.naive_NHD)
    assert data.target is not None and metric("skill").measure(read, data.target, None) == 0


def test_quantiles_never_cross_and_sorting_makes_the_loss_no_larger():
    data, task = batch(), Forecasting(loss=Pinball(quantiles=LEVELS))
    crossed = torch.randn(B, H, 6, generator=torch.Generator().manual_seed(1))
    read = task.decode(task.keep(crossed, data), SIGNATURE, None)
    assert read.quantile_NHDQ is not None and (read.quantile_NHDQ.diff(dim=3) >= 0).all()
    assert read.value is not None and torch.equal(read.value, read.quantile_NHDQ[..., 1])
    in_order = crossed.unflatten(2, (D, 3)).sort(3).values.flatten(2)
    assert (task.losses(in_order, data).value_B <= task.losses(crossed, data).value_B + 1e-6).all()


@pytest.mark.parametrize("family", [GRU(width=16), MLP(widths=(32,))], ids=["continues", "joined"])
@pytest.mark.parametrize("loss", [Pinball(quantiles=LEVELS), MAE(), MSE(), Huber()], ids=lambda loss: loss.kind)
def test_six_windows_are_learnt_by_heart(family: GRU | MLP, loss: LossFunction):
    task, data = Forecasting(loss=loss), batch()
    form = sequence(D, T, even=True, context=sequence(3, H, even=True))
    made = assemble(form, (), signature=SIGNATURE, family=family, task=task, seed=0)
    optimizer = torch.optim.Adam(made.parameters(), 0.05)
    for _ in range(80):
        optimizer.zero_grad()
        reduce(task.losses(made(data.input), data), None).backward()
        optimizer.step()
    read = task.decode(task.keep(made(data.input), data), SIGNATURE, None)
    assert data.target is not None and metric("skill").measure(read, data.target, None) > 0.8


def test_what_the_plan_fills_in():
    assert Forecasting().loss_for(TARGET).value == "pinball" and Forecasting().asks(TARGET) == "future"
    assert Forecasting().metrics_for(TARGET).value == ("mae", "rmse", "skill", "pinball", "coverage")
    assert Forecasting(loss=MAE()).metrics_for(TARGET).value == ("mae", "rmse", "skill")
