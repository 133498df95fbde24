"""Scores of masks over all judged pixels together, in float64, equal to scikit-learn's.

Of two classes IoU and Dice are those of class 1, which is not the background; of more classes the mean over those that
occur, in the truth or in what was said, background included. Undefined (no judged pixel, or no pixel of class 1 and
none called so) is NaN. Every score is a function of counts that add up over images.
"""

from __future__ import annotations

import torch

from pellucid.forms import UNJUDGED
from pellucid.metrics.metric import Metric, Prediction, Sums

CHUNK = 64
"""Images that are counted at once: a pixel takes eight bytes while it is."""


def counts(prediction: Prediction, target_NHW: torch.Tensor) -> torch.Tensor:
    """count_NS with S = 3 C: the pixels of each image that are right as each class, called so, and truly so."""
    label_NHW, classes = prediction.label, prediction.classes
    assert label_NHW is not None and classes is not None and label_NHW.shape == target_NHW.shape
    parts = []
    for said, true in zip(label_NHW.split(CHUNK), target_NHW.split(CHUNK), strict=True):
        judged = true != UNJUDGED
        each = ((true, judged & (said == true)), (said, judged), (true, judged))
        parts.append(torch.cat([_count(code, counted, classes) for code, counted in each], 1))
    return torch.cat(parts)


def by_class(total_S: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """(right_C, called_C, there_C) from sums of `counts`; dimensions before the last stay."""
    right_C, called_C, there_C = total_S.unflatten(-1, (3, -1)).unbind(-2)
    return right_C, called_C, there_C


def ious(total_S: torch.Tensor) -> torch.Tensor:
    """iou_C: pixels that truth and prediction share, among those of either; NaN for a class that does not occur."""
    right_C, called_C, there_C = by_class(total_S)
    return right_C / (called_C + there_C - right_C)


def dices(total_S: torch.Tensor) -> torch.Tensor:
    """dice_C: twice the shared pixels, among those of truth and of prediction; NaN for a class that does not occur."""
    right_C, called_C, there_C = by_class(total_S)
    return 2 * right_C / (called_C + there_C)


def _count(code_NHW: torch.Tensor, counted_NHW: torch.Tensor, classes: int) -> torch.Tensor:
    """count_NC in float64 of the pixels of each class among those counted."""
    images = len(code_NHW)
    place_NHW = code_NHW + torch.arange(images)[:, None, None] * classes
    return torch.bincount(place_NHW[counted_NHW], minlength=images * classes).view(images, classes).double()


def _over_classes(score_C: torch.Tensor) -> torch.Tensor:
    return score_C[..., 1] if score_C.shape[-1] == 2 else score_C.nanmean(-1)


def _pixel_accuracy(total_S: torch.Tensor) -> torch.Tensor:
    right_C, _, there_C = by_class(total_S)
    return right_C.sum(-1) / there_C.sum(-1)


_MASK = frozenset({"mask"})
_IOU = Sums(counts, lambda total_S: _over_classes(ious(total_S)))
_DICE = Sums(counts, lambda total_S: _over_classes(dices(total_S)))
_ACCURACY = Sums(counts, _pixel_accuracy)

IOU = Metric("iou", "higher", _MASK, "IoU", _IOU.measure, _IOU)
DICE = Metric("dice", "higher", _MASK, "Dice", _DICE.measure, _DICE)
PIXEL_ACCURACY = Metric("pixel_accuracy", "higher", _MASK, "pixel accuracy", _ACCURACY.measure, _ACCURACY)
