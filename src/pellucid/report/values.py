"""Where a regression errs: predictions against truth, the spread of residuals, errors from low to high truths."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch

from pellucid import seeds
from pellucid.report.drawing import rgb
from pellucid.report.evidence import Evidence
from pellucid.report.outcome import Outcome, rows_of
from pellucid.report.pictures import png
from pellucid.report.words import plain

TARGETS = 5
POINTS = 800
BINS = 30
"""Bars of a residual histogram at most; fewer rows get fewer, by the rule of Rice."""
QUANTILES = 5


def told(evidence: Evidence, test: Outcome, place: int) -> dict[str, Any]:
    """The true and the predicted values of one example."""
    assert test.prediction.value is not None
    truth = test.truth.reshape(len(test), -1)[place].tolist()
    said = test.prediction.value[place].tolist()
    shown: dict[str, Any] = {"truth": list(map(plain, truth)), "prediction": list(map(plain, said))}
    if evidence.redraw is not None and evidence.pixels is not None:
        # what was seen, and what the predicted numbers look like
        beside = [rgb(evidence.pixels(rows_of(test.batch)[place])), rgb(evidence.redraw(*said))]
        pixels = np.concatenate([beside[0], np.full_like(beside[0][:, :1], 255), beside[1]], axis=1)
        shown["image"] = png(pixels.tobytes(), pixels.shape[1], pixels.shape[0], channels=3)
    return shown


def values_section(evidence: Evidence, valid: Outcome, test: Outcome) -> dict[str, Any]:
    """The values part of a report: one entry for each of the first targets."""
    target, value = evidence.signature.target, test.prediction.value
    assert target is not None and value is not None
    truth = test.truth.to(torch.float64).reshape(len(test), -1)
    order = torch.randperm(len(test), generator=seeds.generator(evidence.seed, "report"))[:POINTS].sort().values
    shown = [
        {
            "name": name,
            "points": [
                [plain(a), plain(b)] for a, b in zip(truth[order, at].tolist(), value[order, at].tolist(), strict=True)
            ],
            **_residuals(value[:, at] - truth[:, at]),
            "quantiles": _quantiles(truth[:, at], value[:, at] - truth[:, at]),
        }
        for at, name in enumerate(target.names[:TARGETS])
    ]
    return {"kind": "values", "targets": shown, "left_out": max(0, len(target.names) - TARGETS)}


def _residuals(error: torch.Tensor) -> dict[str, Any]:
    """Histogram, mean and spread of prediction minus truth; outliers beyond the 0.5 % at each end join the end bins."""
    ends = (
        error.quantile(torch.tensor([0.005, 0.995], dtype=error.dtype)) if len(error) < 1_000_000 else error.aminmax()
    )
    low, high = float(ends[0]), float(ends[1])
    if high <= low:
        low, high = low - 0.5, high + 0.5
    bins = min(BINS, max(5, math.ceil(2 * len(error) ** (1 / 3))))
    counts = torch.histc(error.clamp(low, high), bins, low, high)
    edges = torch.linspace(low, high, bins + 1, dtype=torch.float64)
    return {
        "histogram": {
            "edges": [plain(edge) for edge in edges.tolist()],
            "counts": [int(count) for count in counts.tolist()],
        },
        "bias": plain(float(error.mean())),
        "spread": plain(float(error.std(correction=0))),
        "half_within": plain(float(error.abs().median())),
    }


def _quantiles(truth: torch.Tensor, error: torch.Tensor) -> list[dict[str, Any]]:
    """Errors in fifths of the rows, from the lowest true values to the highest."""
    order = torch.argsort(truth, stable=True)
    rows = []
    for piece in order.tensor_split(QUANTILES):
        if len(piece):
            rows.append(
                {
                    "low": plain(float(truth[piece].min())),
                    "high": plain(float(truth[piece].max())),
                    "rows": len(piece),
                    "mean_error": plain(float(error[piece].mean())),
                    "mean_absolute_error": plain(float(error[piece].abs().mean())),
                }
            )
    return rows
