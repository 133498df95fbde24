"""Where detection errs: precision of each class, kinds of errors, and boxes beside the true ones.

N  images    D, G  predicted boxes in all, true ones    C  classes    T  overlaps from 0.5 to 0.95
"""

from __future__ import annotations

from typing import Any

import torch

from pellucid.metrics.detection import MOST, OVERLAPS, RECALLS, average_precisions, intersection_over_union, match
from pellucid.metrics.metric import Prediction
from pellucid.report.baselines import Baseline
from pellucid.report.classes import CURVES
from pellucid.report.drawing import class_colours, panels
from pellucid.report.evidence import Evidence
from pellucid.report.outcome import Outcome, first, rows_of
from pellucid.report.words import plain

SURE = 0.3
"""Score from which a box counts as said, where errors are counted and boxes are drawn."""
LOOSE = 0.1
"""Overlap under which a box has nothing to do with a true one."""
SHOWN = 12
"""Images of the grid."""
NAMED = 4
"""Classes that are named of one image."""
HALF = OVERLAPS[0]


def boxes_section(evidence: Evidence, valid: Outcome, test: Outcome) -> dict[str, Any]:
    """The boxes part of a report."""
    names = _names(evidence)
    matches = match(_boxes(test), test.truth)
    precision_CTR, total_C = average_precisions(matches, torch.ones(len(test), dtype=torch.float64), len(names))
    sure_D = matches.score_D >= SURE
    said_C = torch.bincount(matches.code_D[sure_D], minlength=len(names)).tolist()
    right_C = torch.bincount(matches.code_D[sure_D & matches.right_DT[:, 0]], minlength=len(names)).tolist()
    by_class = [
        {
            "name": name,
            "boxes": int(there),
            "predicted": said,
            "precision": plain(right / said) if said else None,
            "recall": plain(right / there) if there else None,
            "ap50": plain(float(precision_TR[0].mean())),
            "ap": plain(float(precision_TR.mean())),
        }
        for name, there, said, right, precision_TR in zip(
            names, total_C.tolist(), said_C, right_C, precision_CTR, strict=True
        )
    ]
    curves = total_C.argsort(descending=True, stable=True)[:CURVES].sort().values.tolist()
    return {
        "kind": "boxes",
        "names": list(names),
        "score": SURE,
        "by_class": by_class,
        "curves": [
            {"name": names[code], "ap50": by_class[code]["ap50"], "pr": _curve(precision_CTR[code, 0])}
            for code in curves
            if total_C[code]
        ],
        "kinds": kinds(_sure(_boxes(test)), test.truth),
        "pictures": [
            {"row": row, "image": drawn(evidence, test, place)}
            for place, row in enumerate(rows_of(first(test.batch, SHOWN)) if evidence.pixels is not None else [])
        ],
    }


def kinds(box_NK6: torch.Tensor, target_NM5: torch.Tensor) -> dict[str, int]:
    """How many boxes are right, and what the others are, after Bolya et al. 2020, arXiv:2008.08115, simplified.

    `duplicate`: its object was found by a better box; `class`: on an object of another class; `place`: near an object
    of its class, but overlapping it by less than 0.5; `nothing`: on no object. `missed`: true boxes with none of these.
    """
    counts: dict[str, int] = dict.fromkeys(("right", "duplicate", "class", "place", "nothing", "missed"), 0)
    matches = match(box_NK6, target_NM5, (HALF,))
    for image in range(len(box_NK6)):
        right_D = matches.right_DT[matches.image_D == image, 0]
        found_G = matches.found_GT[matches.image_G == image, 0]
        box_D6 = box_NK6[image][box_NK6[image, :, 4] >= 0][:MOST]
        true_G5 = target_NM5[image][target_NM5[image, :, 4] >= 0].to(box_D6)
        overlap_DG = intersection_over_union(box_D6[:, None], true_G5[None])
        same_DG = box_D6[:, None, 4] == true_G5[None, :, 4]
        is_DG = {
            "duplicate": same_DG & (overlap_DG >= HALF),
            "class": ~same_DG & (overlap_DG >= HALF),
            "place": same_DG & (overlap_DG >= LOOSE),
        }
        left_D = ~right_D
        touched_G = found_G.clone()
        counts["right"] += int(right_D.sum())
        for kind, pair_DG in is_DG.items():
            here_D = left_D & pair_DG.any(1)
            counts[kind] += int(here_D.sum())
            touched_G |= pair_DG[here_D].any(0)
            left_D &= ~here_D
        counts["nothing"] += int(left_D.sum())
        counts["missed"] += int((~touched_G).sum())
    return counts


def told(evidence: Evidence, test: Outcome, place: int) -> dict[str, Any]:
    """The true and the predicted boxes of one image by class, and both drawn into it."""
    names = _names(evidence)
    said_K6 = _sure(_boxes(test)[place])
    found: dict[str, Any] = {
        "truth": _counted(test.truth[place, :, 4], names),
        "prediction": _counted(said_K6[:, 4], names),
        "right": bool((test.truth[place, :, 4] >= 0).sum() == (said_K6[:, 4] >= 0).sum())
        and bool(match(said_K6[None], test.truth[place][None], (HALF,)).right_DT.all()),
    }
    if evidence.pixels is not None:
        found["image"] = drawn(evidence, test, place)
    return found


def drawn(evidence: Evidence, test: Outcome, place: int) -> str:
    """An image with its true boxes and with the predicted ones, side by side as one data URI."""
    assert evidence.pixels is not None
    both = [boxes.numpy() for boxes in (test.truth[place], _sure(_boxes(test)[place]))]
    return panels(evidence.pixels(rows_of(test.batch)[place]), class_colours(len(_names(evidence))), boxes=both)


def baselines(evidence: Evidence, train: Outcome, valid: Outcome, test: Outcome) -> list[Baseline]:
    """What needs no network: the mean box of every class, the most frequent class first."""
    box_G5 = train.truth[train.truth[:, :, 4] >= 0].double()
    usual = []
    for code in range(len(_names(evidence))):
        own_G5 = box_G5[box_G5[:, 4] == code]
        if len(own_G5):
            usual.append(torch.cat([own_G5.mean(0), own_G5.new_tensor([len(own_G5) / len(box_G5)])]))
    usual.sort(key=lambda box_6: -float(box_6[5]))
    box_K6 = torch.stack(usual[:MOST]) if usual else torch.tensor([[0.0, 0, 0, 0, -1, 0]], dtype=torch.float64)
    note = "says the mean box of every class for every image, with the share of the class as its score"
    prediction = Prediction(box_NK6=box_K6.expand(len(test), -1, -1).contiguous())
    return [Baseline("constant", "Constant", note, prediction, torch.arange(len(test)))]


def _names(evidence: Evidence) -> tuple[str, ...]:
    assert evidence.signature.target is not None
    return evidence.signature.target.classes


def _boxes(outcome: Outcome) -> torch.Tensor:
    assert outcome.prediction.box_NK6 is not None
    return outcome.prediction.box_NK6


def _sure(box_K6: torch.Tensor) -> torch.Tensor:
    """Boxes with a lower score than `SURE` only fill up."""
    return torch.where(box_K6[..., 5:] >= SURE, box_K6, box_K6.new_tensor([0, 0, 0, 0, -1, 0]))


def _counted(code_K: torch.Tensor, names: tuple[str, ...]) -> str:
    """How many boxes of each class, the most frequent first."""
    count_C = torch.bincount(code_K[code_K >= 0].long(), minlength=len(names))
    order = [code for code in count_C.argsort(descending=True, stable=True).tolist() if count_C[code]]
    shown = ", ".join(f"{int(count_C[code])} {names[code]}" for code in order[:NAMED])
    return shown + (f" and {len(order) - NAMED} classes more" if len(order) > NAMED else "") or "no box"


def _curve(precision_R: torch.Tensor) -> list[list[float]]:
    """Points of recall and the precision that is reached there."""
    return [[round(recall, 4), round(value, 4)] for recall, value in zip(RECALLS, precision_R.tolist(), strict=True)]
