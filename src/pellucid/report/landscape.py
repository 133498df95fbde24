"""The decision map: what a network of two numeric inputs predicts everywhere in the plane of its data."""

from __future__ import annotations

from typing import Any

import torch

from pellucid.data.batch import Batch
from pellucid.report.evidence import Evidence
from pellucid.report.outcome import Outcome, predict, rows_of
from pellucid.report.words import plain

SIDE = 64
POINTS = 400
CHECKED = 25
"""Rows that must agree before an axis is given in the units of the source."""


def landscape(evidence: Evidence, train: Outcome) -> dict[str, Any] | None:
    """Predictions on a grid with the training points, or None where the inputs are not exactly two numbers."""
    signal, target = train.batch.input, evidence.signature.target
    assert target is not None
    if (
        isinstance(signal, tuple)
        or signal.ndim != 2
        or signal.shape[1] != 2
        or not len(train)
        or len(evidence.columns) != 2
    ):
        return None
    if type(evidence.task).answers not in ("classes", "values") or (target.kind == "values" and len(target.names) > 1):
        return None
    low, high = signal.amin(0), signal.amax(0)
    margin = 0.1 * (high - low).clamp(min=1e-6)
    low, high = low - margin, high + margin
    steps = torch.linspace(0, 1, SIDE)
    x, y = low[0] + steps * (high[0] - low[0]), low[1] + steps * (high[1] - low[1])
    # rows of the map from the bottom up, as a plane is drawn
    plane = torch.cartesian_prod(y, x).flip(1).to(signal.dtype)
    prediction = predict(evidence, Batch(plane, None))
    units = [_units(evidence, train.batch, column) for column in (0, 1)]
    found: dict[str, Any] = {
        "axes": [
            {
                "name": evidence.columns[at],
                "low": plain(a + b * float(low[at])),
                "high": plain(a + b * float(high[at])),
                "units": units[at] is not None,
            }
            for at, (a, b) in enumerate(unit or (0.0, 1.0) for unit in units)
        ],
        "side": SIDE,
    }
    shown = signal[:POINTS].to(torch.float64)
    scaled = torch.stack([a + b * shown[:, at] for at, (a, b) in enumerate(unit or (0.0, 1.0) for unit in units)], 1)
    truth = train.truth.reshape(len(train), -1)[:POINTS, 0].tolist()
    points = [[plain(across), plain(up)] for across, up in scaled.tolist()]
    if target.kind == "values":
        assert prediction.value is not None
        found |= {
            "kind": "values",
            "grid": [[plain(v) for v in row] for row in prediction.value[:, 0].reshape(SIDE, SIDE).tolist()],
        }
        found["points"] = [[*point, plain(value)] for point, value in zip(points, truth, strict=True)]
        return found
    assert prediction.label is not None and prediction.probability is not None
    found |= {"kind": "classes", "names": list(target.classes), "grid": prediction.label.reshape(SIDE, SIDE).tolist()}
    sure = prediction.probability.max(1).values.reshape(SIDE, SIDE)
    found["confidence"] = [[round(value, 2) for value in row] for row in sure.tolist()]
    found["points"] = [[*point, int(code)] for point, code in zip(points, truth, strict=True)]
    return found


def _units(evidence: Evidence, batch: Batch, column: int) -> tuple[float, float] | None:
    """(a, b) with source value = a + b * prepared value, or None where the rows do not say so.

    The preparation of a number is linear unless it was told otherwise (ranks, logarithms); rather than trust that, a
    line is drawn through the two rows furthest apart and must meet the others.
    """
    if evidence.cells is None or isinstance(batch.input, tuple):
        return None
    prepared = batch.input[:CHECKED, column].tolist()
    read = [_number(evidence.cells(row).get(evidence.columns[column], "")) for row in rows_of(batch)[:CHECKED]]
    pairs = sorted((there, here) for there, here in zip(prepared, read, strict=True) if here is not None)
    if len(pairs) < 3 or pairs[-1][0] - pairs[0][0] < 1e-6:
        return None
    (x0, y0), (x1, y1) = pairs[0], pairs[-1]
    slope = (y1 - y0) / (x1 - x0)
    start = y0 - slope * x0
    tolerance = 1e-3 * abs(y1 - y0) + 1e-9
    return (start, slope) if all(abs(start + slope * x - y) <= tolerance for x, y in pairs) else None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
