"""Scores of forecasts, in float64, each a function of sums over the windows that were forecast.

N  windows    H  times ahead    D  columns that are forecast    Q  quantiles
"""

from __future__ import annotations

import torch

from pellucid.metrics.metric import Metric, Prediction, Sums, mean_of


def skill_sums(prediction: Prediction, target_NHD: torch.Tensor) -> torch.Tensor:
    """sum_NS with S = 2 D: the absolute errors of the forecast of each column, then those of the seasonal-naive one."""
    assert prediction.value is not None and prediction.naive_NHD is not None
    assert prediction.value.shape == prediction.naive_NHD.shape == target_NHD.shape
    error_NHD, naive_NHD = (said - target_NHD.double() for said in (prediction.value, prediction.naive_NHD))
    return torch.cat([error_NHD.abs().sum(1), naive_NHD.abs().sum(1)], 1)


def skill(total_S: torch.Tensor) -> torch.Tensor:
    """1 - error / error of the seasonal-naive forecast, the mean over columns: 0 is as good, 1 is perfect.

    NaN for a column that the seasonal-naive forecast meets exactly; the mean is over the others.
    """
    error_D, naive_D = total_S.unflatten(-1, (2, -1)).unbind(-2)
    return torch.where(naive_D > 0, 1 - error_D / naive_D, torch.nan).nanmean(-1)


def _pinball(prediction: Prediction, target_NHD: torch.Tensor) -> torch.Tensor:
    """Of a forecast without quantiles, as if it were the median."""
    assert prediction.value is not None
    banded = prediction.quantile_NHDQ is not None
    said_NHDQ = prediction.quantile_NHDQ if prediction.quantile_NHDQ is not None else prediction.value.unsqueeze(3)
    level_Q = torch.tensor(prediction.levels if banded else (0.5,), dtype=torch.float64)
    error_NHDQ = target_NHD.double().unsqueeze(3) - said_NHDQ
    return torch.maximum(level_Q * error_NHDQ, (level_Q - 1) * error_NHDQ).flatten(1).mean(1)


def _covered(prediction: Prediction, target_NHD: torch.Tensor) -> torch.Tensor:
    """NaN where there is no band."""
    band = prediction.quantile_NHDQ
    if band is None or band.shape[3] < 2:
        return torch.full((len(target_NHD),), torch.nan, dtype=torch.float64)
    target_NHD = target_NHD.double()
    return ((band[..., 0] <= target_NHD) & (target_NHD <= band[..., -1])).double().flatten(1).mean(1)


_FUTURE = frozenset({"future"})
_SKILL, _PINBALL, _COVERAGE = Sums(skill_sums, skill), mean_of(_pinball), mean_of(_covered)

SKILL = Metric("skill", "higher", _FUTURE, "skill over seasonal-naive", _SKILL.measure, _SKILL)
PINBALL = Metric("pinball", "lower", _FUTURE, "pinball loss", _PINBALL.measure, _PINBALL)
COVERAGE = Metric("coverage", "higher", _FUTURE, "share inside the band", _COVERAGE.measure, _COVERAGE)
"""Good is near what the outermost quantiles promise (0.9 for 0.05 and 0.95): too wide a band has more, and a worse
pinball loss."""
