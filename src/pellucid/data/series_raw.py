"""Series as read: the rows of all of them one after another, each in the order of its time.

N  rows of all series together    S  series    C  channels: targets of a forecast first, columns known ahead last
O  origins: the rows that forecasts begin with
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import polars as pl

from pellucid.data.series_time import Stamps, Step
from pellucid.data.signature import Column, Signature
from pellucid.errors import Place
from pellucid.findings import Finding

Asks = Literal["future", "series", "steps"]
"""`future`: what comes next; `series`: a class or values for each series; `steps`: a class for each row."""
INSERTED = -1
"""Instead of a row number: a row that no file has, with every cell blank."""


@dataclass(frozen=True)
class SeriesRaw:
    """Series, and what is known of their rows."""

    asks: Asks
    value_NC: np.ndarray
    """float64; NaN where a cell is blank."""
    channels: tuple[str, ...]
    count_S: np.ndarray
    """int64: rows of each series."""
    series: tuple[str, ...]
    """Names; a number, counted from 1, where nothing names a series."""
    fingerprint: str
    source: str = ""
    stamps: Stamps | None = None
    """Of all rows; None where rows only follow one another."""
    step: Step | None = None
    """None where stamps are not even, or there are none."""
    targets: int = 0
    """How many of the first channels are forecast."""
    known: int = 0
    """How many of the last channels are known ahead."""
    coming_S: np.ndarray | None = None
    """int64: rows at the end of each series that are still to come, so that their targets are blank."""
    origin_O: np.ndarray | None = None
    """int64: the rows that forecasts begin with, whose truth is known; None: the first row to come of each series."""
    label: pl.DataFrame | None = None
    """The target cells: one row for each series, or for each row (`steps`)."""
    cells: Mapping[str, np.ndarray] = field(default_factory=dict)
    """Other columns by which a split may go, as objects: of each series, or of each row (`future`)."""
    row_S: np.ndarray | None = None
    """uint64: hash of each series (not of `future`)."""
    line_N: np.ndarray | None = None
    """int64: line or number of each row in the source, 0 for an inserted one."""
    unit: Literal["line", "row"] = "line"
    columns: tuple[Column, ...] = ()
    findings: tuple[Finding, ...] = ()
    """What was noticed: rows out of order, cells that were filled, rows to come."""
    notes: Mapping[str, str] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Rows of all series where the future is asked for, else series."""
        return len(self.value_NC) if self.asks == "future" else len(self.series)

    @property
    def start_S(self) -> np.ndarray:
        """int64: the first row of each series."""
        return np.cumsum(self.count_S) - self.count_S

    @property
    def past_S(self) -> np.ndarray:
        """int64: rows of each series that are not still to come."""
        return self.count_S if self.coming_S is None else self.count_S - self.coming_S

    @property
    def origins(self) -> np.ndarray:
        """int64: the rows that forecasts begin with."""
        return self.start_S + self.past_S if self.origin_O is None else self.origin_O

    def series_of(self, row_O: np.ndarray) -> np.ndarray:
        """int64: the series that each row is of, the row behind the last one counted to it."""
        return np.searchsorted(self.start_S, row_O - 1, side="right") - 1

    def stamp(self, row: int) -> str:
        """When a row is: its stamp, or its number in its series, counted from 1."""
        if self.stamps is not None:
            return self.stamps.text(self.stamps.second_N[row : row + 1])[0]
        return str(row - int(self.start_S[int(self.series_of(np.array([row + 1]))[0])]) + 1)

    def stamps_from(self, origin: int, count: int) -> list[str]:
        """The stamps of `count` rows from an origin on, also of those that are still to come."""
        series = int(self.series_of(np.array([origin]))[0])
        start = int(self.start_S[series])
        if self.stamps is None:
            return [str(origin - start + at + 1) for at in range(count)]
        if self.step is not None:
            return self.stamps.text(self.step.after(float(self.stamps.second_N[origin - 1]), count))
        end = min(origin + count, start + int(self.count_S[series]))
        return self.stamps.text(self.stamps.second_N[origin:end])

    def place(self, row: int | None = None) -> Place:
        """Where a row is; the source itself without one, and for a row that was inserted."""
        if row is None or self.line_N is None or not self.line_N[row]:
            return Place(self.source or None)
        number = int(self.line_N[row])
        return (
            Place(self.source or None, number)
            if self.unit == "line"
            else Place(self.source or None, path=f"row {number}")
        )

    def names_of_rows(self, signature: Signature) -> dict[str, list[str | None]]:
        """The name of each series that has a class or values; forecasts name their series and rows themselves."""
        if self.asks == "future" or not (signature.clock and signature.clock.series):
            return {}
        return {signature.clock.series: list(self.series)}

    def rearranged(self, index_N: np.ndarray, count_S: np.ndarray, second_N: np.ndarray | None) -> SeriesRaw:
        """The rows at `index_N` (of all series, in order; `INSERTED` for blank ones), with these stamps."""
        new_N = index_N == INSERTED
        value_NC = self.value_NC[index_N]
        value_NC[new_N] = np.nan
        cells = {name: cell_N[index_N] for name, cell_N in self.cells.items()} if self.asks == "future" else self.cells
        return replace(
            self,
            value_NC=value_NC,
            count_S=count_S,
            stamps=self.stamps and replace(self.stamps, second_N=np.zeros(0) if second_N is None else second_N),
            cells=cells,
            line_N=None if self.line_N is None else np.where(new_N, 0, self.line_N[index_N]),
        )

    def tail(self, count: int) -> SeriesRaw:
        """The last `count` rows of the past of each series, and all that are still to come; none is judged."""
        first_S = self.start_S + np.maximum(self.past_S - count, 0)
        index_N = np.concatenate([np.arange(a, b) for a, b in zip(first_S, self.start_S + self.count_S, strict=True)])
        second_N = None if self.stamps is None else self.stamps.second_N[index_N]
        kept = self.rearranged(index_N, self.start_S + self.count_S - first_S, second_N)
        return replace(kept, origin_O=None)

    def lengthened(self, horizon: int) -> SeriesRaw:
        """With blank rows to come, where a series has fewer than `horizon` of them."""
        coming_S = np.maximum(self.count_S - self.past_S, horizon)
        count_S = self.past_S + coming_S
        index: list[np.ndarray] = []
        second: list[np.ndarray] = []
        for start, had, count in zip(self.start_S, self.count_S, count_S, strict=True):
            index.append(np.append(np.arange(start, start + had), np.full(count - had, INSERTED)))
            if self.stamps is not None:
                own_N = self.stamps.second_N[start : start + had]
                second.append(own_N)
                if count > had and self.step is not None:
                    second.append(self.step.after(float(own_N[-1]), int(count - had)))
        made = self.rearranged(np.concatenate(index), count_S, np.concatenate(second) if second else None)
        return replace(made, coming_S=coming_S)


def extended(raw: SeriesRaw, value_SHD: np.ndarray) -> SeriesRaw:
    """`raw` with forecasts as its next rows; other channels keep their last value, those known ahead their own."""
    horizon = value_SHD.shape[1]
    made = raw.lengthened(horizon)
    value_NC = made.value_NC.copy()
    for series, origin in enumerate(made.start_S + made.past_S):
        rows = slice(origin, origin + horizon)
        value_NC[rows] = np.where(np.isnan(value_NC[rows]), value_NC[origin - 1], value_NC[rows])
        value_NC[rows, : raw.targets] = value_SHD[series]
    coming_S = made.count_S - made.past_S - horizon
    return replace(made, value_NC=value_NC, coming_S=coming_S, origin_O=None)
