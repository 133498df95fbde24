"""Scores of values: equal to scikit-learn's, with weights and several outputs."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from sklearn import metrics as reference

from pellucid.metrics.catalogue import metric
from pellucid.metrics.metric import Prediction

torch.set_num_threads(1)
REFERENCE = {
    "mse": reference.mean_squared_error,
    "rmse": reference.root_mean_squared_error,
    "mae": reference.mean_absolute_error,
    "r2": reference.r2_score,
}


def measure(name: str, value, target, weight=None) -> float:
    tensor = None if weight is None else torch.tensor(weight)
    return metric(name).measure(Prediction(value=torch.tensor(value)), torch.tensor(target), tensor)


@pytest.mark.parametrize("name", sorted(REFERENCE))
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("outputs", [1, 3])
def test_as_scikit_learn(name: str, weighted: bool, outputs: int):
    for seed in range(20):
        random = np.random.default_rng(seed)
        target = random.normal(1000.0, 3.0, (50, outputs)) * 10.0 ** random.integers(-3, 3)
        value = target + random.normal(size=(50, outputs))
        weight = random.random(50) if weighted else None
        theirs = REFERENCE[name](target, value, sample_weight=weight)
        assert measure(name, value, target, weight) == pytest.approx(theirs, rel=1e-9, abs=1e-9)


def test_by_hand():
    value, target = [[1.0], [2.0], [6.0]], [1.0, 4.0, 4.0]
    assert measure("mse", value, target) == pytest.approx(8 / 3)
    assert measure("rmse", value, target) == pytest.approx((8 / 3) ** 0.5)
    assert measure("mae", value, target) == pytest.approx(4 / 3)
    assert measure("r2", value, target) == pytest.approx(1 - 8 / 6)


def test_constant_targets():
    assert measure("r2", [2.0, 2.0], [2.0, 2.0]) == 1 == reference.r2_score([2.0, 2.0], [2.0, 2.0])
    assert measure("r2", [2.0, 3.0], [2.0, 2.0]) == 0 == reference.r2_score([2.0, 2.0], [2.0, 3.0])
    assert measure("r2", [0.2] * 7, [0.1] * 7) == 0


@pytest.mark.parametrize("name", sorted(REFERENCE))
def test_no_examples_is_undefined(name: str):
    assert math.isnan(measure(name, np.empty((0, 2)), np.empty((0, 2))))
    assert math.isnan(measure("r2", [[1.0]], [[1.0]]))


def test_shapes_must_agree():
    with pytest.raises(AssertionError, match="target"):
        measure("mse", np.zeros((3, 2)), np.zeros(3))
