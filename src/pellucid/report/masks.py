"""Where segmentation errs: overlap of each class, pixels taken for others, and masks beside their images.

N  images    C  classes    H, W  height and width    a mask holds class codes, 255 where nothing is judged
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from pellucid.forms import UNJUDGED
from pellucid.metrics.curves import confusion_matrix
from pellucid.metrics.metric import Prediction
from pellucid.metrics.segmentation import by_class, counts, dices, ious
from pellucid.report.baselines import Baseline
from pellucid.report.drawing import class_colours, panels
from pellucid.report.evidence import Evidence
from pellucid.report.outcome import Outcome, first, rows_of
from pellucid.report.words import plain, share

SHOWN = 12
"""Images of the grid."""
MATRIX = 12
"""Classes above which the whole matrix is left out."""
NAMED = 3
"""Classes that are named of one mask."""
LEVELS = 64
"""Steps of brightness that the baseline tells apart."""
LEARNT = 2_000
"""Training images that baselines are fitted on."""
CHUNK = 64


def masks_section(evidence: Evidence, valid: Outcome, test: Outcome) -> dict[str, Any]:
    """The masks part of a report."""
    names, count_NS = _names(evidence), counts(test.prediction, test.truth)
    total_S = count_NS.sum(0)
    _, called_C, there_C = (one_C.tolist() for one_C in by_class(total_S))
    rows = zip(names, there_C, called_C, ious(total_S).tolist(), dices(total_S).tolist(), strict=True)
    section: dict[str, Any] = {
        "kind": "mask",
        "names": list(names),
        "judged": plain(sum(there_C) / max(test.truth.numel(), 1)),
        "by_class": [
            {"name": name, "pixels": int(there), "predicted": int(called), "iou": plain(iou), "dice": plain(dice)}
            for name, there, called, iou, dice in rows
        ],
        "pictures": [],
    }
    if len(names) <= MATRIX:
        section["confusion"] = _confusion(test, len(names))
    if evidence.pixels is not None:
        section["pictures"] = [
            {"row": row, "iou": _overlap(count_NS[place]), "image": drawn(evidence, test, place)}
            for place, row in enumerate(rows_of(first(test.batch, SHOWN)))
        ]
    return section


def told(evidence: Evidence, test: Outcome, place: int) -> dict[str, Any]:
    """The area of the classes in the true and in the predicted mask of one image, and both drawn into it."""
    names, truth_HW, prediction = _names(evidence), test.truth[place], test.prediction
    assert prediction.label is not None
    label_HW = prediction.label[place]
    here = prediction._replace(label=label_HW[None])
    overlap_C = ious(counts(here, truth_HW[None])[0]).tolist()
    found: dict[str, Any] = {
        "truth": _areas(truth_HW[truth_HW != UNJUDGED], names),
        "prediction": _areas(label_HW[truth_HW != UNJUDGED], names),
        "confidence": plain(float(torch.softmax(test.output[place], 0).amax(0).mean())),
        "cells": {name: f"IoU {iou:.3f}" for name, iou in zip(names, overlap_C, strict=True) if iou == iou},
    }
    if evidence.pixels is not None:
        found["image"] = drawn(evidence, test, place)
    return found


def drawn(evidence: Evidence, test: Outcome, place: int) -> str:
    """An image, its true mask and the predicted one, side by side as one data URI."""
    assert evidence.pixels is not None and test.prediction.label is not None
    truth_HW, label_HW = (mask[place].numpy().astype(np.uint8) for mask in (test.truth, test.prediction.label))
    colours = class_colours(len(_names(evidence)), background=True)
    return panels(evidence.pixels(rows_of(test.batch)[place]), colours, masks=(None, truth_HW, label_HW))


def baselines(evidence: Evidence, train: Outcome, valid: Outcome, test: Outcome) -> list[Baseline]:
    """What needs no network: the largest class, the usual class of each place, and that of each brightness."""
    classes, everything = len(_names(evidence)), torch.arange(len(test))
    known = first(train.batch, LEARNT)
    truth_NHW = train.truth[: len(known)]
    count_CHW = torch.stack([(truth_NHW == code).sum(0) for code in range(classes)])
    largest = int(count_CHW.sum((1, 2)).argmax())
    place_HW = count_CHW.argmax(0).to(torch.uint8)
    note = f"; learnt from {len(known):,} of {len(train):,} training images" if len(known) < len(train) else ""
    said = (
        ("constant", "Constant", f"calls every pixel {_names(evidence)[largest]}, the largest class",
         torch.full_like(place_HW, largest).expand(len(test), -1, -1)),
        ("place", "Place alone", f"calls each place what it mostly is in the training masks{note}",
         place_HW.expand(len(test), -1, -1)),
        ("brightness", "Brightness alone", f"calls each of {LEVELS} levels of brightness what it mostly is{note}",
         _by_brightness(_brightness(train, len(known)), truth_NHW, _brightness(test, len(test)), classes)),
    )  # fmt: skip
    return [
        Baseline(name, title, note, Prediction(label=label_NHW, classes=classes), everything)
        for name, title, note, label_NHW in said
    ]


def _names(evidence: Evidence) -> tuple[str, ...]:
    assert evidence.signature.target is not None
    return evidence.signature.target.classes


def _overlap(count_S: torch.Tensor) -> float | None:
    """The mean IoU of one image over the classes that occur but the first; None where no other does."""
    return plain(float(ious(count_S)[1:].nanmean()))


def _areas(code_P: torch.Tensor, names: tuple[str, ...]) -> str:
    """Which classes but the first cover how much, largest first; the first alone where nothing else is there."""
    area_C = torch.bincount(code_P.long(), minlength=len(names)).double() / max(len(code_P), 1)
    order = [code for code in area_C.argsort(descending=True).tolist() if code and area_C[code]]
    shown = ", ".join(f"{names[code]} {share(float(area_C[code]))}" for code in order[:NAMED])
    return shown + (f" and {len(order) - NAMED} more" if len(order) > NAMED else "") or names[0]


def _confusion(test: Outcome, classes: int) -> list[list[float | None]]:
    """The share of the pixels of the row's class that were called the column's class."""
    assert test.prediction.label is not None
    matrix_CC = torch.zeros(classes, classes, dtype=torch.float64)
    for true, said in zip(test.truth.split(CHUNK), test.prediction.label.split(CHUNK), strict=True):
        judged = true != UNJUDGED
        matrix_CC += confusion_matrix(said[judged], true[judged], classes=classes)
    return [[plain(cell) for cell in row] for row in (matrix_CC / matrix_CC.sum(1, keepdim=True)).tolist()]


def _brightness(outcome: Outcome, count: int) -> torch.Tensor:
    """The mean over channels of the prepared images."""
    signal = first(outcome.batch, count).ready().input
    assert isinstance(signal, torch.Tensor)
    return signal.mean(1)


def _by_brightness(
    known_NHW: torch.Tensor, truth_NHW: torch.Tensor, asked_NHW: torch.Tensor, classes: int
) -> torch.Tensor:
    """label_NHW: the most frequent class of each level of brightness, the first one where it was never seen."""
    edges = torch.linspace(float(known_NHW.min()), float(known_NHW.max()), LEVELS + 1)[1:-1]
    judged = truth_NHW != UNJUDGED
    cell_P = torch.bucketize(known_NHW[judged], edges) * classes + truth_NHW[judged]
    table_LC = torch.bincount(cell_P, minlength=LEVELS * classes).view(LEVELS, classes)
    return table_LC.argmax(1).to(torch.uint8)[torch.bucketize(asked_NHW, edges)]
