"""Scores of classes and labels, in float64, equal to scikit-learn's.

For two classes precision, recall, F1, ROC AUC, average precision and Brier score are those of class 1, the second. For
more classes they are the mean over classes (each against the rest), for labels the mean over labels. Where a score is
undefined (no example, or one class only) it is NaN; scikit-learn warns there and gives NaN or 0.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

from pellucid.metrics.curves import calibration_curve, precision_recall_curve, roc_curve, weights
from pellucid.metrics.metric import Metric, Prediction, mean_of

CALIBRATION_BINS = 15
"""As in Guo et al. 2017, arXiv:1706.04599, section 5."""
SMALLEST = torch.finfo(torch.float64).eps
"""Probabilities are kept this far from 0 and 1 before the logarithm, as scikit-learn does."""


def accuracy(prediction: Prediction, target: torch.Tensor, weight_N: torch.Tensor | None = None) -> float:
    """Share of examples called right; of labels, of examples with every label right."""
    return _mean(_right(prediction, target), weight_N)


def top5_accuracy(prediction: Prediction, target: torch.Tensor, weight_N: torch.Tensor | None = None) -> float:
    """Share of examples whose class is among the five most probable ones."""
    among_N5 = _probability(prediction).topk(min(5, _probability(prediction).shape[1]), dim=1).indices
    return _mean((among_N5 == target[:, None]).any(dim=1).double(), weight_N)


def balanced_accuracy(prediction: Prediction, target: torch.Tensor, weight_N: torch.Tensor | None = None) -> float:
    """Mean over the classes that occur of the share called right."""
    label_N, weight_N = _label(prediction), weights(target, weight_N)
    classes = int(target.max()) + 1 if len(target) else 0
    total_C = torch.bincount(target, weight_N, classes)
    right_C = torch.bincount(target, weight_N * (label_N == target), classes)
    return (right_C / total_C)[total_C > 0].mean().item()


def precision(prediction: Prediction, target: torch.Tensor, weight_N: torch.Tensor | None = None) -> float:
    """True positives among those called positive, 0 where none is."""
    true_C, called_C, _ = _counts(prediction, target, weight_N)
    return _ratio(true_C, called_C).mean().item()


def recall(prediction: Prediction, target: torch.Tensor, weight_N: torch.Tensor | None = None) -> float:
    """True positives among positives, 0 where there are none."""
    true_C, _, positive_C = _counts(prediction, target, weight_N)
    return _ratio(true_C, positive_C).mean().item()


def f1(prediction: Prediction, target: torch.Tensor, weight_N: torch.Tensor | None = None) -> float:
    """2 true positives / (called positive + positives), 0 where there are neither."""
    true_C, called_C, positive_C = _counts(prediction, target, weight_N)
    return _ratio(2 * true_C, called_C + positive_C).mean().item()


def roc_auc(prediction: Prediction, target: torch.Tensor, weight_N: torch.Tensor | None = None) -> float:
    """Area under the ROC curve: how often a positive scores higher than a negative, ties counted half."""
    return _over_columns(_roc_area, prediction, target, weight_N)


def average_precision(prediction: Prediction, target: torch.Tensor, weight_N: torch.Tensor | None = None) -> float:
    """Sum over thresholds of precision times the step in recall."""
    return _over_columns(_precision_recall_area, prediction, target, weight_N)


def log_loss(prediction: Prediction, target: torch.Tensor, weight_N: torch.Tensor | None = None) -> float:
    """-log of the probability given to what is true; of labels, averaged over labels."""
    return _mean(_surprise(prediction, target), weight_N)


def brier(prediction: Prediction, target: torch.Tensor, weight_N: torch.Tensor | None = None) -> float:
    """Squared distance of the probabilities from what is true (Brier 1950).

    Two classes: (p - y)^2 of class 1, from 0 to 1. More classes: summed over classes, from 0 to 2. Labels: the mean.
    """
    return _mean(_distance(prediction, target), weight_N)


def calibration_error(prediction: Prediction, target: torch.Tensor, weight_N: torch.Tensor | None = None) -> float:
    """Expected calibration error of the likeliest class: sum over 15 bins of share * |accuracy - confidence|.

    Naeini et al. 2015 (AAAI), with the bins of Guo et al. 2017, arXiv:1706.04599, equation 3.
    """
    probability_NC = _probability(prediction)
    if not len(target):
        return torch.nan
    confidence_N, label_N = probability_NC.max(dim=1)
    curve = calibration_curve(confidence_N, label_N == target, bins=CALIBRATION_BINS, weight_N=weight_N)
    gap_P = (curve.observed_P - curve.predicted_P).abs()
    return ((curve.weight_P * gap_P).sum() / curve.weight_P.sum()).item()


def _right(prediction: Prediction, target: torch.Tensor) -> torch.Tensor:
    right = _label(prediction) == target
    return (right.all(dim=1) if right.ndim == 2 else right).double()


def _surprise(prediction: Prediction, target: torch.Tensor) -> torch.Tensor:
    probability = _probability(prediction)
    if target.ndim == 1:
        true = probability.gather(1, target.unsqueeze(1))
    else:
        true = torch.where(target > 0.5, probability, 1 - probability)
    return -true.clamp(SMALLEST, 1 - SMALLEST).log().mean(dim=1)


def _distance(prediction: Prediction, target: torch.Tensor) -> torch.Tensor:
    probability = _probability(prediction)
    if target.ndim == 2:
        return (probability - target).square().mean(dim=1)
    if probability.shape[1] == 2:
        return (probability[:, 1] - target).square()
    true_NC = torch.nn.functional.one_hot(target, probability.shape[1])
    return (probability - true_NC).square().sum(dim=1)


def _label(prediction: Prediction) -> torch.Tensor:
    assert prediction.label is not None
    return prediction.label


def _probability(prediction: Prediction) -> torch.Tensor:
    assert prediction.probability is not None
    return prediction.probability.double()


def _mean(value_N: torch.Tensor, weight_N: torch.Tensor | None) -> float:
    weight_N = weights(value_N, weight_N)
    return ((value_N * weight_N).sum() / weight_N.sum()).item()


def _ratio(part_C: torch.Tensor, whole_C: torch.Tensor) -> torch.Tensor:
    return torch.where(whole_C > 0, part_C / whole_C, 0.0)


def _counts(
    prediction: Prediction, target: torch.Tensor, weight_N: torch.Tensor | None
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """(true positives, called positive, positives) of what is averaged over: class 1, classes present, or labels."""
    label, weight_N = _label(prediction), weights(target, weight_N)
    if not len(target):
        return weight_N, weight_N, weight_N
    if target.ndim == 2:
        label_NC, target_NC = label.double(), target.double()
        return weight_N @ (label_NC * target_NC), weight_N @ label_NC, weight_N @ target_NC
    seen = int(torch.maximum(label.max(), target.max())) + 1
    classes = max(2, seen if prediction.probability is None else prediction.probability.shape[1])
    true_C = torch.bincount(target, weight_N * (label == target), classes)
    called_C, positive_C = torch.bincount(label, weight_N, classes), torch.bincount(target, weight_N, classes)
    if classes == 2:
        return true_C[1:], called_C[1:], positive_C[1:]
    present_C = (torch.bincount(label, minlength=classes) + torch.bincount(target, minlength=classes)) > 0
    return true_C[present_C], called_C[present_C], positive_C[present_C]


def _roc_area(score_N: torch.Tensor, target_N: torch.Tensor, weight_N: torch.Tensor) -> float:
    curve = roc_curve(score_N, target_N, weight_N)
    return torch.trapezoid(curve.true_share_P, curve.false_share_P).item()


def _precision_recall_area(score_N: torch.Tensor, target_N: torch.Tensor, weight_N: torch.Tensor) -> float:
    curve = precision_recall_curve(score_N, target_N, weight_N)
    return -(curve.recall.diff() * curve.precision[:-1]).sum().item()


def _over_columns(
    score: Callable[[torch.Tensor, torch.Tensor, torch.Tensor], float],
    prediction: Prediction,
    target: torch.Tensor,
    weight_N: torch.Tensor | None,
) -> float:
    """`score` of class 1 for two classes, else its mean over the classes, each against the rest, or over the labels."""
    probability_NC, weight_N = _probability(prediction), weights(target, weight_N)
    columns = range(probability_NC.shape[1])
    if not weight_N.any():
        return torch.nan
    if target.ndim == 2:
        scores = [score(probability_NC[:, column], target[:, column], weight_N) for column in columns]
    elif len(columns) == 2:
        return score(probability_NC[:, 1], target, weight_N)
    else:
        scores = [score(probability_NC[:, column], target == column, weight_N) for column in columns]
    return sum(scores) / len(scores)


_CLASSES, _BOTH = frozenset({"classes"}), frozenset({"classes", "labels"})

ACCURACY = Metric("accuracy", "higher", _BOTH, "accuracy", accuracy, mean_of(_right))
TOP5_ACCURACY = Metric("top5_accuracy", "higher", _CLASSES, "top-5 accuracy", top5_accuracy)
BALANCED_ACCURACY = Metric("balanced_accuracy", "higher", _CLASSES, "balanced accuracy", balanced_accuracy)
PRECISION = Metric("precision", "higher", _BOTH, "precision", precision)
RECALL = Metric("recall", "higher", _BOTH, "recall", recall)
F1 = Metric("f1", "higher", _BOTH, "F1", f1)
ROC_AUC = Metric("roc_auc", "higher", _BOTH, "ROC AUC", roc_auc)
AVERAGE_PRECISION = Metric("average_precision", "higher", _BOTH, "average precision", average_precision)
LOG_LOSS = Metric("log_loss", "lower", _BOTH, "log loss", log_loss, mean_of(_surprise))
BRIER = Metric("brier", "lower", _BOTH, "Brier score", brier, mean_of(_distance))
CALIBRATION_ERROR = Metric("calibration_error", "lower", _CLASSES, "calibration error", calibration_error)
