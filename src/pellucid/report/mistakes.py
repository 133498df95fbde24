"""The worst mistakes: the test examples with the largest loss, as a person can look at them."""

from __future__ import annotations

from typing import Any

import torch

from pellucid.report.answers import answer
from pellucid.report.evidence import Evidence
from pellucid.report.outcome import Outcome, rows_of
from pellucid.report.pictures import png
from pellucid.report.words import plain

SHOWN = 12
CELL = 200
"""Characters of a cell that are kept."""
CELLS = 40
"""Cells of a row that are kept."""


def mistakes(evidence: Evidence, test: Outcome) -> list[dict[str, Any]]:
    """The `SHOWN` examples with the largest loss, worst first."""
    if not len(test) or test.batch.target is None:
        return []
    loss = evidence.task.losses(test.output, test.batch)
    value_B = loss.value_B if loss.weight_B is None else loss.value_B / loss.weight_B.clamp_min(1)
    worst = torch.argsort(value_B.detach(), descending=True, stable=True)[:SHOWN].tolist()
    rows = rows_of(test.batch)
    return [
        {"row": rows[place], "loss": plain(float(value_B[place])), **_shown(evidence, test, place)} for place in worst
    ]


def _shown(evidence: Evidence, test: Outcome, place: int) -> dict[str, Any]:
    row = rows_of(test.batch.part(place, place + 1))[0] if test.batch.row_B is not None else place
    shown = answer(evidence).told(evidence, test, place)
    if evidence.cells is not None:
        cells = list(evidence.cells(row).items())
        shown["cells"] = {name: cell[:CELL] for name, cell in cells[:CELLS]}
    if evidence.pixels is not None and "image" not in shown:
        shown["image"] = _image(evidence.pixels(row))
    return shown


def _image(pixels: Any) -> str:
    """A uint8 array HWC or HW as a data URI."""
    height, width = pixels.shape[:2]
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    return png(pixels.tobytes(), width, height, channels=channels)
