"""Forecasts as a table: one row for each series, time, target and quantile.

S  series    H  rows to come    D  targets    Q  quantiles
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch

from pellucid.data.series_raw import SeriesRaw, extended
from pellucid.findings import Finding
from pellucid.ship.bundle import Model
from pellucid.ship.decoding import decoded


class Ahead(NamedTuple):
    """The rows behind the last one of each series."""

    value_SHDQ: torch.Tensor
    """Quantiles in rising order, or one number where there are none."""
    levels: tuple[float, ...]


def ahead(model: Model, raw: SeriesRaw, horizon: int) -> Ahead:
    """So many rows; beyond the horizon that was learnt, forecasts are read as if they had come true."""
    blocks: list[torch.Tensor] = []
    levels: tuple[float, ...] = ()
    while sum(block.shape[1] for block in blocks) < horizon:
        prediction = decoded(model, raw)
        assert prediction.value is not None
        levels = prediction.levels
        banded = prediction.quantile_NHDQ
        blocks.append(prediction.value.unsqueeze(3) if banded is None else banded)
        raw = extended(raw, prediction.value.numpy())
    return Ahead(torch.cat(blocks, 1)[:, :horizon], levels)


def written(model: Model, raw: SeriesRaw, horizon: int | None = None) -> tuple[dict[str, list[Any]], list[Finding]]:
    """`series` and `time` (if they are named), `step`, `target` (of several), `quantile` (if any), `prediction`.

    `step` counts the rows behind the last one, from 1. Without `horizon`, as many rows as were learnt.
    """
    clock, target = model.signature.clock, model.signature.target
    assert clock is not None and target is not None
    wanted = horizon or clock.horizon
    value_SHDQ, levels = ahead(model, raw, wanted)
    columns: dict[str, list[Any]] = {
        name: [] for name in ("series", "time", "step", "target", "quantile", "prediction")
    }
    for series, origin in enumerate(raw.origins.tolist()):
        times = raw.stamps_from(origin, wanted)
        times += [""] * (wanted - len(times))  # rows that do not come evenly say when only where they are there
        for step, time in enumerate(times):
            for place, name in enumerate(target.names):
                for quantile, value in zip(levels or (None,), value_SHDQ[series, step, place], strict=True):
                    row = (raw.series[series], time, step + 1, name, quantile, _short(value))
                    for cells, cell in zip(columns.values(), row, strict=True):
                        cells.append(cell)
    if not clock.series and len(raw.series) == 1:
        del columns["series"]
    if not clock.time:
        del columns["time"]
    if len(target.names) == 1:
        del columns["target"]
    if not levels:
        del columns["quantile"]
    return columns, [_fed_back(clock.horizon, wanted, bool(levels))] if wanted > clock.horizon else []


def _short(value: torch.Tensor) -> float:
    """The shortest decimal that is the same float32, which is what networks calculate in."""
    return float(str(value.float().numpy()))


def _fed_back(learnt: int, wanted: int, banded: bool) -> Finding:
    message = f"the run learnt to look {learnt} rows ahead; rows {learnt + 1} to {wanted} are forecast from forecasts"
    message += ", and their quantiles are too near to one another." if banded else "."
    evidence: dict[str, float | int | str] = {"learnt": learnt, "asked": wanted}
    return Finding("fed-back", "warning", message, "horizon", evidence, f"Train with data.horizon={wanted}.")
