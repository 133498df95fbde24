"""The worst mistakes: the test examples with the largest loss, as a person can look at them."""

from __future__ import annotations

from typing import Any

import torch

from pellucid.forms import Steps
from pellucid.report.answers import answer, tell
from pellucid.report.evidence import Evidence
from pellucid.report.outcome import Outcome, rows_of
from pellucid.report.pictures import png
from pellucid.report.words import plain

SHOWN = 12
CELL = 400
"""Characters of a cell that are kept."""
POINTS, CHANNELS = 200, 3
"""Rows and channels of a series that are drawn."""
CELLS = 40
"""Cells of a row that are kept."""


def mistakes(evidence: Evidence, test: Outcome) -> list[dict[str, Any]]:
    """The `SHOWN` examples with the largest loss, worst first; none where the section on errors shows them."""
    if not len(test) or test.batch.target is None or answer(evidence).told is None:
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
    shown = tell(evidence, test, place)
    if evidence.cells is not None:
        cells = list(evidence.cells(row).items())
        shown["cells"] = {name: cell[:CELL] for name, cell in cells[:CELLS]}
    if evidence.pixels is not None and "image" not in shown:
        shown["image"] = _image(evidence.pixels(row))
    signal = test.batch.part(place, place + 1).ready().input
    if isinstance(signal, Steps):
        x_TD = signal.x_BTD[0].float().cpu()
        if evidence.signature.kind == "audio":
            shown["image"] = _spectrum(x_TD)
        else:
            shown["lines"] = [list(map(plain, x_T[:POINTS].tolist())) for x_T in x_TD.T[:CHANNELS]]
    return shown


def _spectrum(x_TD: torch.Tensor) -> str:
    """Low pitches below, time from left to right, loud is white."""
    low, high = float(x_TD.min()), float(x_TD.max())
    pixel_DT = ((x_TD.T.flip(0) - low) * (255 / max(high - low, 1e-9))).round().to(torch.uint8)
    return _image(pixel_DT.numpy())


def _image(pixels: Any) -> str:
    """A uint8 array HWC or HW as a data URI."""
    height, width = pixels.shape[:2]
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    return png(pixels.tobytes(), width, height, channels=channels)
