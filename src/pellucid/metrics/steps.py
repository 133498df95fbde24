"""Scores of classes at the positions of sequences, each a function of counts over rows; a target of -1 is not judged.

Undefined (nothing is judged, no span is there and none was found) is NaN.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from pellucid.forms import UNJUDGED_STEP
from pellucid.metrics.metric import Metric, Prediction, Sums


def counts(prediction: Prediction, target_NT: torch.Tensor) -> torch.Tensor:
    """count_NS with S = 3 C: the positions of each row that are right as each class, called so, and truly so."""
    label_NT, classes = prediction.label, prediction.classes
    assert label_NT is not None and classes is not None and label_NT.shape == target_NT.shape
    judged = target_NT != UNJUDGED_STEP
    each = ((target_NT, judged & (label_NT == target_NT)), (label_NT, judged), (target_NT, judged))
    return torch.cat([_count(code, counted, classes) for code, counted in each], 1)


def f1s(total_S: torch.Tensor) -> torch.Tensor:
    """f1_C: twice what is right, among what is there and what is called so; NaN for a class that does not occur."""
    right_C, called_C, there_C = total_S.unflatten(-1, (3, -1)).unbind(-2)
    return 2 * right_C / (called_C + there_C)


def spans(names: Sequence[str]) -> set[tuple[int, int, str]]:
    """(first place, place behind the last, type) of the spans that tags such as B-PER, I-PER and O make.

    As conlleval.pl reads them (Tjong Kim Sang and De Meulder 2003, cs/0306050): a span also begins at an I- that does
    not go on with a span of its type.
    """
    found: set[tuple[int, int, str]] = set()
    start, kind = 0, ""
    for place, name in enumerate([*names, "O"]):
        tag, _, here = name.partition("-")
        if kind and not (tag == "I" and here == kind):
            found.add((start, place, kind))
            kind = ""
        if tag in ("B", "I") and here and not kind:
            start, kind = place, here
    return found


def span_counts(prediction: Prediction, target_NT: torch.Tensor) -> torch.Tensor:
    """count_N3: spans that are right (place and type), spans that were found, and spans that are there."""
    assert prediction.label is not None
    name_of, rows = prediction.names, []
    judged_NT = target_NT != UNJUDGED_STEP
    for label_T, target_T, judged_T in zip(prediction.label, target_NT, judged_NT, strict=True):
        said, true = (spans([name_of[code] for code in code_T[judged_T].tolist()]) for code_T in (label_T, target_T))
        rows.append([len(said & true), len(said), len(true)])
    return torch.tensor(rows, dtype=torch.float64).view(-1, 3)


def _count(code_NT: torch.Tensor, counted_NT: torch.Tensor, classes: int) -> torch.Tensor:
    """count_NC in float64 of the positions of each class among those counted."""
    rows = len(code_NT)
    place_NT = code_NT + torch.arange(rows)[:, None] * classes
    return torch.bincount(place_NT[counted_NT], minlength=rows * classes).view(rows, classes).double()


def _accuracy(total_S: torch.Tensor) -> torch.Tensor:
    right_C, _, there_C = total_S.unflatten(-1, (3, -1)).unbind(-2)
    return right_C.sum(-1) / there_C.sum(-1)


_STEPS = frozenset({"steps"})
_ACCURACY = Sums(counts, _accuracy)
_F1 = Sums(counts, lambda total_S: f1s(total_S).nanmean(-1))
_SPAN = Sums(span_counts, lambda total_3: 2 * total_3[..., 0] / (total_3[..., 1] + total_3[..., 2]))

STEP_ACCURACY = Metric("step_accuracy", "higher", _STEPS, "accuracy of positions", _ACCURACY.measure, _ACCURACY)
STEP_F1 = Metric("step_f1", "higher", _STEPS, "F1 of positions", _F1.measure, _F1)
SPAN_F1 = Metric("span_f1", "higher", _STEPS, "F1 of spans", _SPAN.measure, _SPAN)
