"""Permutation importance: how much worse the network gets when one input is shuffled among the examples.

Breiman 2001, "Random forests", section 10; on rows the network did not learn from. An input that others can stand in
for seems unimportant, which the report says.
"""

from __future__ import annotations

import math
from typing import Any

import torch

from pellucid import forms, seeds
from pellucid.data.batch import Batch, Rows
from pellucid.forms import Steps, Tokens
from pellucid.metrics.metric import Metric
from pellucid.report.dropped import words_that_matter
from pellucid.report.evidence import Evidence
from pellucid.report.outcome import Outcome, chosen_metric, first, one_thread, predict, replaced
from pellucid.report.words import plain, plural

REPEATS = 5
ROWS = 2_000
WIDE = 100
"""Columns above which fewer rows and repeats are used."""
MOST = 400
"""Columns that are measured at most."""
PATCHES = 7
WORK = 2e10
"""Multiply-adds that the map of an image network may cost: a few seconds on two cores."""


def importance(evidence: Evidence, test: Outcome) -> dict[str, Any] | None:
    """The drop of the chosen metric for every column or image patch, or None where it cannot be measured."""
    if len(test) < 2 or type(evidence.task).answers not in ("classes", "labels", "values"):
        return None
    signal = test.batch.input
    if isinstance(signal, torch.Tensor) and signal.ndim == 4:
        return _patches(evidence, test, signal)
    if isinstance(signal, Tokens):
        return words_that_matter(evidence, test)
    if isinstance(signal, Steps):
        return _channels(evidence, test, signal) if evidence.signature.kind == "series" else None
    if not evidence.columns:
        return None
    with one_thread():
        return _columns(evidence, test)


def _columns(evidence: Evidence, test: Outcome) -> dict[str, Any]:
    wide = len(evidence.columns) > WIDE
    repeats, rows = (2, 500) if wide else (REPEATS, ROWS)
    batch, chosen = first(test.batch, rows), chosen_metric(evidence)
    base = _score(evidence, batch, chosen)
    table: list[dict[str, Any]] = []
    for position, name in enumerate(evidence.columns[:MOST]):
        drops = []
        for repeat in range(repeats):
            stream = seeds.generator(evidence.seed, "importance", name, repeat)
            shuffled = shuffle_column(batch, position, torch.randperm(len(batch), generator=stream))
            drops.append(_drop(chosen, base, _score(evidence, shuffled, chosen)))
        table.append({"column": name, **_spread(drops)})
    table.sort(key=lambda row: -(row["drop"] or 0.0))
    note = f"Each column was shuffled {repeats} times among {plural(len(batch), f'{test.part} row')}."
    if len(evidence.columns) > MOST:
        note += f" Only the first {MOST} of {len(evidence.columns)} columns were measured."
    return {"kind": "columns", "metric": chosen.name, "base": plain(base), "rows": table, "note": note}


def _channels(evidence: Evidence, test: Outcome, signal: Steps) -> dict[str, Any] | None:
    """Channels of series exchanged between rows, one at a time; what is no number of a row any more is 0."""
    width, clock = signal.x_BTD.shape[2], evidence.signature.clock
    work = max(1.0, float(sum(layer.get("work") or 0 for layer in evidence.layers)))
    rows, repeats = int(min(500, len(test), WORK / (work * width * 2))), 2
    if width < 2 or rows < min(16, len(test)):
        return None
    names = clock.channels if clock is not None and len(clock.channels) == width else ()
    batch, chosen = first(test.batch, rows), chosen_metric(evidence)
    base, table = _score(evidence, batch, chosen), []
    for channel in range(width):
        drops = []
        for repeat in range(repeats):
            order = torch.randperm(rows, generator=seeds.generator(evidence.seed, "importance", channel, repeat))
            mixed_BTD = signal.x_BTD[:rows].clone()
            mixed_BTD[:, :, channel] = mixed_BTD[order.to(mixed_BTD.device), :, channel]
            mixed = Steps(mixed_BTD * signal.mask_BT[:rows].unsqueeze(2), signal.mask_BT[:rows])
            drops.append(_drop(chosen, base, _score(evidence, replaced(batch, mixed), chosen)))
        table.append({"column": names[channel] if names else f"channel {channel + 1}", **_spread(drops)})
    table.sort(key=lambda row: -(row["drop"] or 0.0))
    note = f"Each channel was exchanged between {plural(rows, f'{test.part} row')}, {plural(repeats, 'time')}."
    return {"kind": "columns", "metric": chosen.name, "base": plain(base), "rows": table, "note": note}


def shuffle_column(batch: Batch, position: int, order: torch.Tensor) -> Batch:
    """`batch` with one prepared column (numbers first, then codes) in another order."""
    if not isinstance(batch.input, tuple):
        return replaced(batch, _shuffled(batch.input, position, order))
    number_BD, code_BK = Rows(*forms.tensors(batch.input))
    width = number_BD.shape[1]
    if position < width:
        return replaced(batch, Rows(_shuffled(number_BD, position, order), code_BK))
    return replaced(batch, Rows(number_BD, _shuffled(code_BK, position - width, order)))


def _shuffled(table: torch.Tensor, position: int, order: torch.Tensor) -> torch.Tensor:
    table = table.clone()
    table[:, position] = table[order, position]
    return table


def _patches(evidence: Evidence, test: Outcome, image_BCHW: torch.Tensor) -> dict[str, Any] | None:
    """Patches of the image exchanged between examples, one place at a time: no grey boxes the network never saw."""
    high, wide = image_BCHW.shape[2:]
    side = min(PATCHES, high, wide)
    work = max(1.0, float(sum(layer.get("work") or 0 for layer in evidence.layers)))
    repeats = 2
    rows = int(min(256, len(test), WORK / (work * side * side * repeats)))
    if rows < 32 <= len(test):
        side, repeats = min(4, high, wide), 1
        rows = int(min(256, len(test), WORK / (work * side * side)))
    if rows < min(16, len(test)):
        return None
    batch, chosen = first(test.batch, rows), chosen_metric(evidence)
    image = image_BCHW[:rows]
    base = _score(evidence, batch, chosen)
    grid: list[list[float | None]] = []
    for row in range(side):
        grid.append([])
        for column in range(side):
            vertical = slice(row * high // side, (row + 1) * high // side)
            across = slice(column * wide // side, (column + 1) * wide // side)
            drops = []
            for repeat in range(repeats):
                order = torch.randperm(
                    rows, generator=seeds.generator(evidence.seed, "importance", row, column, repeat)
                )
                mixed = image.clone()
                mixed[:, :, vertical, across] = image[order][:, :, vertical, across]
                drops.append(_drop(chosen, base, _score(evidence, replaced(batch, mixed), chosen)))
            grid[-1].append(plain(sum(drops) / repeats))
    note = f"Each patch was exchanged between {plural(rows, f'{test.part} image')}, {plural(repeats, 'time')}."
    return {"kind": "patches", "metric": chosen.name, "base": plain(base), "grid": grid, "note": note}


def _score(evidence: Evidence, batch: Batch, chosen: Metric) -> float:
    return chosen.measure(predict(evidence, batch), evidence.truth(batch), None)


def _drop(chosen: Metric, base: float, value: float) -> float:
    return base - value if chosen.better == "higher" else value - base


def _spread(drops: list[float]) -> dict[str, float | None]:
    """Mean, lowest and highest; None where the metric is undefined on these rows."""
    if not all(math.isfinite(drop) for drop in drops):
        return {"drop": None, "low": None, "high": None}
    return {"drop": plain(sum(drops) / len(drops)), "low": plain(min(drops)), "high": plain(max(drops))}
