"""New series against the signature a model was trained on, and the rows behind the last one of any series."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from pellucid.data.new_rows import outside
from pellucid.data.series_grid import filled
from pellucid.data.series_items import cut, require_labels
from pellucid.data.series_prepare import reach_of
from pellucid.data.series_raw import SeriesRaw
from pellucid.data.series_read import from_anything
from pellucid.data.series_roles import VALUE, Asked
from pellucid.data.series_windows import origins
from pellucid.data.signature import Clock, Signature
from pellucid.errors import DataError, SchemaError
from pellucid.findings import Finding


def read(source: Any, asked: Asked, missing: tuple[str, ...], signature: Signature) -> SeriesRaw:
    """Series for prediction, without blank cells.

    Raises: SchemaError naming what is missing, is too short, or does not go in the steps the model knows.
    """
    try:
        raw = from_anything(source, asked, missing)
        made = _future(raw, asked, signature) if asked.asks == "future" else _whole(raw, asked, signature)
        return _with_outside(made, signature)
    except DataError as fault:
        raise SchemaError(fault.code, fault.message, place=fault.place, hint=fault.hint) from None


def _with_outside(raw: SeriesRaw, signature: Signature) -> SeriesRaw:
    """With the rows counted that hold values far from those the model was made with."""
    known = {column.name: (column.low, column.high) for column in signature.columns}
    found: list[Finding] = []
    for at, name in enumerate(raw.channels):
        if name in known:
            found += outside(name, raw.value_NC[:, at], known[name])
        elif raw.channels[0] == VALUE:  # every series is a column
            for series, start, count in zip(raw.series, raw.start_S, raw.count_S, strict=True):
                found += outside(series, raw.value_NC[start : start + count, at], known.get(series, (None, None)))
    return replace(raw, findings=(*raw.findings, *found))


def beyond(raw: SeriesRaw, signature: Signature) -> SeriesRaw:
    """The last rows of every series, from which what comes after them is forecast; `raw` has no blank cells."""
    assert signature.clock is not None
    return raw.tail(reach_of(signature.clock))


def _future(raw: SeriesRaw, asked: Asked, signature: Signature) -> SeriesRaw:
    clock = signature.clock
    assert clock is not None
    if raw.stamps is not None:
        raw = replace(raw, stamps=raw.stamps.at(clock.zone))
    if clock.step and str(raw.step) != clock.step:
        message = f"rows are {raw.step} apart, and the model learnt from rows {clock.step} apart"
        raise SchemaError("SCHEMA-TYPE", message, place=raw.place())
    if asked.labelled:
        row_O = origins(raw, np.zeros(len(raw.value_NC), np.uint8), 0, clock)
        _require(raw, clock, reach_of(clock) + clock.horizon, len(row_O) == 0)
        return replace(filled(raw, asked.gaps), origin_O=row_O)
    _require(raw, clock, reach_of(clock), True)
    return filled(raw, asked.gaps).tail(reach_of(clock))


def _require(raw: SeriesRaw, clock: Clock, least: int, needed: bool) -> None:
    short = np.flatnonzero(raw.past_S < least)
    if needed and len(short):
        series = int(short[0])
        whose = f'series "{raw.series[series]}" has' if len(raw.series) > 1 else "there are"
        what = f"a window of {clock.window} rows" + (f", and a season of {clock.season}" if clock.season > 1 else "")
        message = f"{whose} {int(raw.past_S[series])} rows, and {least} are needed: the model reads {what}"
        raise SchemaError("SCHEMA-TYPE", message, place=raw.place(int(raw.start_S[series])))


def _whole(raw: SeriesRaw, asked: Asked, signature: Signature) -> SeriesRaw:
    clock, target = signature.clock, signature.target
    assert clock is not None and target is not None
    if len(raw.channels) != len(clock.channels):
        message = f"the series have {len(raw.channels)} channels, and the model learnt from {len(clock.channels)}"
        raise SchemaError("SCHEMA-TYPE", message, place=raw.place())
    if asked.labelled:
        require_labels(raw, target)
    return cut(replace(filled(raw, asked.gaps), channels=clock.channels), signature.length)
