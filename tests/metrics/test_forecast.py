"""Scores of forecasts: by hand, against scikit-learn, and as sums over windows."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from sklearn import metrics as reference

from pellucid.metrics.catalogue import metric
from pellucid.metrics.metric import Prediction

torch.set_num_threads(1)
LEVELS = (0.1, 0.5, 0.9)
NAMES = ("mae", "rmse", "skill", "pinball", "coverage")


def case(rows: int = 12, columns: int = 2) -> tuple[Prediction, torch.Tensor]:
    stream = np.random.default_rng(0)
    shape = (rows, 5, columns)
    truth = 100.0 + 10 * stream.normal(size=shape)
    quantile_NHDQ = torch.tensor(np.sort(truth[..., None] + stream.normal(size=(*shape, 3)), 3))
    naive_NHD = torch.tensor(truth + 3 * stream.normal(size=shape))
    made = Prediction(value=quantile_NHDQ[..., 1], quantile_NHDQ=quantile_NHDQ, naive_NHD=naive_NHD, levels=LEVELS)
    return made, torch.tensor(truth)


@pytest.mark.parametrize("weighted", [False, True])
def test_errors_are_those_of_all_times_ahead_as_rows(weighted: bool):
    prediction, target = case()
    assert prediction.value is not None
    weight_N = torch.arange(12.0) if weighted else None
    sample = None if weight_N is None else weight_N.repeat_interleave(5).numpy()
    rows = [tensor.flatten(0, 1).numpy() for tensor in (target, prediction.value)]
    for name, theirs in (("mae", reference.mean_absolute_error), ("rmse", reference.root_mean_squared_error)):
        assert metric(name).measure(prediction, target, weight_N) == pytest.approx(theirs(*rows, sample_weight=sample))


def test_pinball_equals_scikit_learn():
    prediction, target = case(columns=1)
    assert prediction.quantile_NHDQ is not None and prediction.value is not None
    rows = target.flatten().numpy()
    losses = [
        reference.mean_pinball_loss(rows, prediction.quantile_NHDQ[..., place].flatten().numpy(), alpha=level)
        for place, level in enumerate(LEVELS)
    ]
    assert metric("pinball").measure(prediction, target, None) == pytest.approx(sum(losses) / 3)
    point = Prediction(value=prediction.value)
    half = reference.mean_absolute_error(rows, prediction.value.flatten().numpy()) / 2
    assert metric("pinball").measure(point, target, None) == pytest.approx(half), "a point is its median"


def test_coverage_and_skill_by_hand():
    band = torch.tensor([[[[1.0, 2, 3]], [[1, 2, 3]]], [[[1, 2, 3]], [[4, 5, 6]]]], dtype=torch.float64)
    naive = torch.tensor([[[4.0], [4]], [[4], [4]]], dtype=torch.float64)
    prediction = Prediction(value=band[..., 1], quantile_NHDQ=band, naive_NHD=naive, levels=LEVELS)
    target = torch.tensor([[[1.0], [3.5]], [[2], [7]]])
    assert metric("coverage").measure(prediction, target, None) == 0.5
    assert metric("skill").measure(prediction, target, None) == pytest.approx(1 - (1 + 1.5 + 0 + 2) / (3 + 0.5 + 2 + 3))
    assert metric("skill").measure(prediction._replace(value=naive), target, None) == 0


def test_columns_count_alike_and_one_that_is_met_by_the_rule_is_left_out():
    prediction, target = case()
    assert prediction.value is not None and prediction.naive_NHD is not None
    one, both = [1000.0, 1.0], torch.tensor([1000.0, 1.0], dtype=torch.float64)
    large = prediction._replace(value=prediction.value * both, naive_NHD=prediction.naive_NHD * both)
    chosen = metric("skill")
    assert chosen.measure(large, target * torch.tensor(one), None) == pytest.approx(
        chosen.measure(prediction, target, None), rel=1e-4
    )
    naive_NHD = prediction.naive_NHD.clone()
    naive_NHD[..., 1] = target[..., 1]
    left = prediction._replace(naive_NHD=naive_NHD)
    first = prediction._replace(value=prediction.value[..., :1], naive_NHD=naive_NHD[..., :1])
    assert chosen.measure(left, target, None) == pytest.approx(chosen.measure(first, target[..., :1], None))
    assert math.isnan(chosen.measure(first._replace(naive_NHD=target[..., :1]), target[..., :1], None))


@pytest.mark.parametrize("name", NAMES)
def test_what_rows_add_is_the_score_of_the_drawn_rows(name: str):
    prediction, target = case()
    index, chosen = torch.tensor([0, 0, 3, 7, 9, 11, 11, 2, 1, 4, 4, 4]), metric(name)
    assert chosen.sums is not None
    times_N = torch.bincount(index, minlength=12).double()
    summed = chosen.sums.score(torch.stack([times_N @ chosen.sums.of(prediction, target)] * 2))
    taken = {key: value[index] for key, value in prediction._asdict().items() if isinstance(value, torch.Tensor)}
    assert summed.tolist() == pytest.approx([chosen.measure(prediction._replace(**taken), target[index], None)] * 2)


def test_without_a_band_or_rows_there_is_nothing_to_say():
    prediction, target = case()
    assert math.isnan(metric("coverage").measure(prediction._replace(quantile_NHDQ=None), target, None))
    none, nothing = case(0)
    for name in NAMES:
        assert math.isnan(metric(name).measure(none, nothing, None))
