"""Scores of values, in float64 and in the units of the data, equal to scikit-learn's; several outputs count alike.

Of forecasts, value_NHD, every time ahead counts as a row.
"""

from __future__ import annotations

import torch

from pellucid.metrics.curves import weights
from pellucid.metrics.metric import Metric, Prediction, Sums, mean_of


def mse(prediction: Prediction, target: torch.Tensor, weight_N: torch.Tensor | None = None) -> float:
    """Mean squared error."""
    return _mean(_error(prediction, target).square(), weight_N).mean().item()


def mae(prediction: Prediction, target: torch.Tensor, weight_N: torch.Tensor | None = None) -> float:
    """Mean absolute error."""
    return _mean(_error(prediction, target).abs(), weight_N).mean().item()


def r2(prediction: Prediction, target: torch.Tensor, weight_N: torch.Tensor | None = None) -> float:
    """1 - squared error / squared distance from the mean: 1 is perfect, 0 is what the mean gives, below is worse.

    For a target that is constant: 1 if it is met exactly, else 0. NaN for fewer than two examples.
    """
    error_ND, target_ND = _error(prediction, target), _columns(target)
    if len(target_ND) < 2:
        return torch.nan
    left_D = _mean(error_ND.square(), weight_N)
    spread_D = _mean((target_ND - _mean(target_ND, weight_N)).square(), weight_N)
    # Told by the extremes: the spread of a constant that is no binary fraction is rounding noise, not 0.
    constant_D = target_ND.amax(dim=0) == target_ND.amin(dim=0)
    return torch.where(constant_D, (left_D == 0).double(), 1 - left_D / spread_D).mean().item()


def _squared(prediction: Prediction, target: torch.Tensor) -> torch.Tensor:
    return _error(prediction, target).square().mean(dim=1)


def _squares(prediction: Prediction, target: torch.Tensor) -> torch.Tensor:
    """sum_NS with S = D + 1: the squared error of each output, of forecasts the mean over the times ahead; then 1."""
    square = _error(prediction, target).square()
    square_ND = square.mean(dim=1) if square.ndim == 3 else square
    return torch.nn.functional.pad(square_ND, (0, 1), value=1.0)


def _root(total_S: torch.Tensor) -> torch.Tensor:
    """Root of the mean squared error of each output, then the mean over outputs."""
    return (total_S[..., :-1] / total_S[..., -1:]).sqrt().mean(-1)


def _absolute(prediction: Prediction, target: torch.Tensor) -> torch.Tensor:
    return _error(prediction, target).abs().flatten(1).mean(dim=1)


def _columns(tensor: torch.Tensor) -> torch.Tensor:
    """tensor_ND (or tensor_NHD) in float64, from that or from tensor_N."""
    return (tensor.unsqueeze(1) if tensor.ndim == 1 else tensor).double()


def _error(prediction: Prediction, target: torch.Tensor) -> torch.Tensor:
    assert prediction.value is not None
    value_ND, target_ND = _columns(prediction.value), _columns(target)
    assert value_ND.shape == target_ND.shape, f"values {tuple(value_ND.shape)}, target {tuple(target_ND.shape)}"
    return value_ND - target_ND


def _mean(value_ND: torch.Tensor, weight_N: torch.Tensor | None) -> torch.Tensor:
    value_ND = value_ND if value_ND.ndim == 2 else value_ND.mean(dim=1)
    weight_N = weights(value_ND, weight_N)
    return (value_ND * weight_N.unsqueeze(1)).sum(dim=0) / weight_N.sum()


_RMSE = Sums(_squares, _root)
_VALUES, _BOTH = frozenset({"values"}), frozenset({"values", "future"})

MSE = Metric("mse", "lower", _VALUES, "mean squared error", mse, mean_of(_squared))
RMSE = Metric("rmse", "lower", _BOTH, "root mean squared error", _RMSE.measure, _RMSE)
MAE = Metric("mae", "lower", _BOTH, "mean absolute error", mae, mean_of(_absolute))
R2 = Metric("r2", "higher", _VALUES, "R2", r2)
