"""What the curves of a report are drawn from, and scores summed from; float64, equal to scikit-learn's functions."""

from __future__ import annotations

from typing import NamedTuple

import torch


class Roc(NamedTuple):
    """Points of a ROC curve, P of them, from (0, 0) to (1, 1)."""

    false_share_P: torch.Tensor
    """False positives among negatives."""
    true_share_P: torch.Tensor
    """True positives among positives."""
    threshold_P: torch.Tensor
    """A score from here on counts as positive; infinite at the first point, then falling."""


class PrecisionRecall(NamedTuple):
    """Points of a precision-recall curve, in order of rising threshold; one more point than thresholds."""

    precision: torch.Tensor
    """Positives among those called positive; 1 at the last point."""
    recall: torch.Tensor
    """Those called positive among positives; 0 at the last point."""
    threshold: torch.Tensor


class Calibration(NamedTuple):
    """Bins of a calibration curve that hold any weight, P of them, in order."""

    predicted_P: torch.Tensor
    """Mean predicted probability."""
    observed_P: torch.Tensor
    """Share that came true."""
    weight_P: torch.Tensor
    """Examples, or their summed weights."""


def confusion_matrix(
    label_N: torch.Tensor, target_N: torch.Tensor, *, classes: int, weight_N: torch.Tensor | None = None
) -> torch.Tensor:
    """matrix_CC in float64: the weight of examples of the row's class that were called the column's class."""
    cell_N = target_N.long() * classes + label_N.long()
    return torch.bincount(cell_N, weights(target_N, weight_N), classes * classes).view(classes, classes)


def roc_curve(score_N: torch.Tensor, target_N: torch.Tensor, weight_N: torch.Tensor | None = None) -> Roc:
    """The ROC curve of scores for a target of 0 and 1, one point for each distinct score (Fawcett 2006).

    NaN shares where a class is absent.
    """
    true_P, false_P, threshold_P = _counts(score_N, target_N, weight_N)
    true_P, false_P = (torch.cat([count_P.new_zeros(1), count_P]) for count_P in (true_P, false_P))
    threshold_P = torch.cat([threshold_P.new_full((1,), torch.inf), threshold_P])
    return Roc(false_P / _positive(false_P[-1]), true_P / _positive(true_P[-1]), threshold_P)


def precision_recall_curve(
    score_N: torch.Tensor, target_N: torch.Tensor, weight_N: torch.Tensor | None = None
) -> PrecisionRecall:
    """The precision-recall curve of scores for a target of 0 and 1, one point for each distinct score.

    NaN recall where no example is positive.
    """
    true_P, false_P, threshold_P = _counts(score_N, target_N, weight_N)
    one, zero = true_P.new_ones(1), true_P.new_zeros(1)
    precision_P = true_P / (true_P + false_P)
    recall_P = true_P / _positive(torch.cat([zero, true_P])[-1])
    return PrecisionRecall(
        torch.cat([precision_P.flip(0), one]), torch.cat([recall_P.flip(0), zero]), threshold_P.flip(0)
    )


def calibration_curve(
    probability_N: torch.Tensor, target_N: torch.Tensor, *, bins: int = 10, weight_N: torch.Tensor | None = None
) -> Calibration:
    """How often what was predicted came true, by equal bins (m-1)/M < p <= m/M; those without weight are left out."""
    probability_N = probability_N.double()
    weight_N = weights(target_N, weight_N)
    edges = torch.arange(1, bins, dtype=torch.float64) * (1 / bins)
    bin_N = torch.searchsorted(edges, probability_N)
    weight_M = torch.bincount(bin_N, weight_N, bins)
    predicted_M = torch.bincount(bin_N, weight_N * probability_N, bins)
    observed_M = torch.bincount(bin_N, weight_N * target_N.double(), bins)
    used_M = weight_M > 0
    weight_P = weight_M[used_M]
    return Calibration(predicted_M[used_M] / weight_P, observed_M[used_M] / weight_P, weight_P)


def weights(target: torch.Tensor, weight_N: torch.Tensor | None) -> torch.Tensor:
    """weight_N in float64; 1 for every example where none are given."""
    return torch.ones(len(target), dtype=torch.float64) if weight_N is None else weight_N.double()


def _counts(
    score_N: torch.Tensor, target_N: torch.Tensor, weight_N: torch.Tensor | None
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """(true_P, false_P, threshold_P): positives called by each distinct score or a higher one, highest first."""
    weight_N = weights(target_N, weight_N)
    kept_N = weight_N > 0
    score_N, order_N = score_N.double()[kept_N].sort(descending=True, stable=True)
    target_N, weight_N = target_N.double()[kept_N][order_N], weight_N[kept_N][order_N]
    # Equal scores are called together: only the last of each run of ties is a point.
    last_N = torch.ones(len(score_N), dtype=torch.bool)
    last_N[:-1] = score_N.diff() != 0
    true_N, false_N = (target_N * weight_N).cumsum(0), ((1 - target_N) * weight_N).cumsum(0)
    return true_N[last_N], false_N[last_N], score_N[last_N]


def _positive(total: torch.Tensor) -> torch.Tensor:
    """`total`, or NaN for 0: nothing is a share of nothing."""
    return torch.where(total > 0, total, torch.nan)
