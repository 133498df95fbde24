"""Scores by group: whether the network serves every hospital, sex or age band alike."""

from __future__ import annotations

from typing import Any

import torch

from pellucid.metrics.catalogue import metric
from pellucid.report.evidence import Evidence
from pellucid.report.intervals import draws, interval
from pellucid.report.outcome import Outcome, chosen_metric, rows_of, take
from pellucid.report.words import plain

MOST = 10
"""Groups of a column; a column with more different cells names rows, not groups."""
FEWEST = 5
"""Rows of a group of which a score says anything."""


def groups(evidence: Evidence, test: Outcome) -> list[dict[str, Any]]:
    """For every column that groups the rows: the chosen score and the calibration error of each group."""
    rows = rows_of(test.batch)
    found = []
    for name, cells in evidence.groups.items():
        own = [cells[row] for row in rows]
        kinds = sorted(set(own))
        if 2 <= len(kinds) <= MOST and len(kinds) < len(own):
            found.append({"column": name, "groups": [_scored(evidence, test, own, kind) for kind in kinds]})
    return found


def _scored(evidence: Evidence, test: Outcome, own: list[str], kind: str) -> dict[str, Any]:
    index = torch.tensor([place for place, cell in enumerate(own) if cell == kind])
    told: dict[str, Any] = {"name": kind or "(empty)", "rows": len(index)}
    if len(index) < FEWEST:
        return {**told, "value": None, "low": None, "high": None, "calibration_error": None}
    chosen, prediction, truth = chosen_metric(evidence), take(test.prediction, index), test.truth.index_select(0, index)
    drawn = draws([chosen], prediction, truth, evidence.seed)[chosen.name]
    score = interval(chosen.measure(prediction, truth, None), drawn)
    told |= {"value": plain(score.value), "low": plain(score.low), "high": plain(score.high)}
    calibrated = type(evidence.task).answers in metric("calibration_error").targets
    error = metric("calibration_error").measure(prediction, truth, None) if calibrated else float("nan")
    return {**told, "calibration_error": plain(error)}
