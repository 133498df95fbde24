"""Forecasts: rules and errors by hand, a linear model that must be found, bands."""

from __future__ import annotations

import pytest
import torch

from pellucid.metrics.catalogue import metric
from pellucid.metrics.metric import Prediction
from pellucid.report.forecasts import Band, bands, baselines, forecasts_section, pasts, rules
from pellucid.report.outcome import Outcome, outcome


def test_rules_by_hand():
    past = torch.tensor([[0.0, 1.0, 2.0, 4.0, 2.0, 5.0]], dtype=torch.float64)[..., None]
    found = {name: value[0, :, 0].tolist() for name, value in rules(past, 3, 2).items()}
    assert found["last"] == [5, 5, 5] and found["drift"] == [6, 7, 8]
    assert found["mean"] == [pytest.approx(4 / 3), pytest.approx(10 / 3), pytest.approx(4 / 3)]
    assert rules(past, 2, 1)["mean"][0, :, 0].tolist() == [pytest.approx(14 / 6)] * 2
    assert rules(past[:, :1], 2, 4)["drift"].flatten().tolist() == [0, 0]


def test_bands_are_pairs_around_the_median():
    assert bands((0.05, 0.25, 0.5, 0.75, 0.95)) == [Band(0, 4, 0.9), Band(1, 3, 0.5)]
    assert bands((0.5,)) == [] and bands(()) == []


def test_errors_by_horizon_and_coverage_by_hand(sequence) -> None:
    evidence = sequence("airline")
    test = outcome(evidence, "test")
    truth = test.truth.double()
    step = torch.arange(1.0, truth.shape[1] + 1).double()[None, :, None].expand_as(truth)
    quantile = torch.stack([truth - 1, truth + step - 3, truth + step], 3)
    said = Prediction(value=truth + step, naive_NHD=truth - 2, quantile_NHDQ=quantile, levels=(0.1, 0.5, 0.9))
    found = forecasts_section(evidence, test, Outcome("test", test.batch, test.output, said, test.truth))
    assert found["by_horizon"]["network"] == step[0, :, 0].tolist() and set(found["by_horizon"]["naive"]) == {2.0}
    assert found["by_horizon"]["coverage"] == [{"share": 0.8, "covered": [1.0] * truth.shape[1]}]
    assert not found["scaled"] and not found["by_series"] and sum(one["worst"] for one in found["windows"]) == 1
    first = found["windows"][0]
    before = pasts(evidence, test.batch)[0, :, 0].tolist()
    assert first["past"] == before and first["stamp"].startswith("195")


def test_rungs_share_the_origins_of_the_network(sequence) -> None:
    evidence = sequence("airline")
    valid, test = outcome(evidence, "valid"), outcome(evidence, "test")
    rungs = {rung.name: rung for rung in baselines(evidence, valid, valid, test)}
    assert list(rungs) == ["last", "drift", "mean", "seasonal", "linear"]
    assert metric("skill").measure(rungs["seasonal"].prediction, test.truth, None) == 0
    assert metric("skill").measure(rungs["linear"].prediction, test.truth, None) > 0.3
    last = pasts(evidence, test.batch)[:, -1:]
    torch.testing.assert_close(rungs["last"].prediction.value, last.expand(-1, test.truth.shape[1], -1))
    # seasonal naive repeats the last 12 months
    torch.testing.assert_close(rungs["seasonal"].prediction.value, pasts(evidence, test.batch)[:, -12:])
    for rung in rungs.values():
        quantile = rung.prediction.quantile_NHDQ
        assert quantile is not None and bool((quantile.diff(dim=3) >= -1e-9).all())
