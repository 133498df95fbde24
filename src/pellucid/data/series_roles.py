"""What each column of a table of series is: when, which series, what is asked for, what is read."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import polars as pl

from pellucid.data import cells as grammar
from pellucid.data import series_dates
from pellucid.data.columns import misfits, values
from pellucid.data.series_raw import Asks
from pellucid.data.series_time import ISO, most_written
from pellucid.data.signature import Column, ColumnType, Role
from pellucid.data.splitting import PART_NAMES
from pellucid.data.table_raw import TableRaw
from pellucid.errors import DataError, SchemaError, nearest, quote
from pellucid.findings import Finding

Gaps = Literal["error", "interpolate", "forward"]
TIME_NAMES = frozenset(
    {"time", "date", "datetime", "timestamp", "stamp", "ds", "when", "day", "month", "quarter", "year"}
)
SERIES_NAMES = frozenset({"series", "series_id", "unique_id"})
SPLIT_NAMES = frozenset({"split", "part"})
MOSTLY = 0.8
"""Share of numbers from which a column is of numbers, so that its other cells are faults."""
VALUE = "value"
"""The channel of a table whose columns are series."""


@dataclass(frozen=True)
class Asked:
    """What a recipe, or a signature, says of the columns and of what is wanted."""

    targets: tuple[str, ...] = ()
    time: str | None = None
    series: str | None = None
    wide: bool = False
    """Every column of numbers is a series of its own."""
    horizon: int | None = None
    known: tuple[str, ...] = ()
    channels: tuple[str, ...] | None = None
    gaps: Gaps = "error"
    split: str | None = None
    """A column by which a split goes."""
    asks: Asks | None = None
    """At prediction: what the model answers."""
    step: str = ""
    """At prediction: the time between two rows that the model knows."""
    new: bool = False
    """For prediction: only named columns are read."""
    labelled: bool = False
    """At prediction: the targets must be there."""

    @property
    def untargeted(self) -> bool:
        """Whether the target columns may be missing."""
        return self.new and not self.labelled and self.asks != "future"


@dataclass(frozen=True)
class Roles:
    """The columns by what they are for."""

    time: str | None
    series: str | None
    targets: tuple[str, ...]
    channels: tuple[str, ...]
    """Columns of numbers that are read: targets of a forecast are not among them, columns known ahead are."""
    columns: tuple[Column, ...]
    findings: tuple[Finding, ...] = ()

    def type(self, name: str) -> ColumnType:
        """What a column holds."""
        return next(column.type for column in self.columns if column.name == name)


def find_roles(raw: TableRaw, asked: Asked) -> Roles:
    """The role of every column.

    Raises: DataError for a column that is missing or of the wrong type, with the line of a cell that does not fit;
    SchemaError for a column that new data lacks.
    """
    _require(raw, asked)
    kinds: dict[str, ColumnType] = {name: _kind(raw.frame[name], asked) for name in raw.names}
    time = asked.time or (None if asked.new else _time(raw, asked, kinds))
    series = asked.series or (None if asked.new or asked.wide else _series(raw, asked))
    taken = {time, series, *asked.targets}
    columns: list[Column] = []
    for name in raw.names:
        role, why = _role(raw, name, asked, kinds[name], (time, series))
        columns.append(_column(raw, name, kinds[name], role, why))
    wanted = asked.channels
    there = [column.name for column in columns if column.role == "input"]
    channels = there if wanted is None else [name for name in (*wanted, *asked.known) if name in there]
    told = next((name for name in asked.known if name in asked.targets), None)
    if told is not None:
        message = f"{quote(told)} is to be forecast, so it is not known ahead"
        raise DataError("DATA-COLUMN", message, place=raw.place(), hint="take it out of data.known")
    for name in (*(wanted or ()), *asked.known):
        if name in taken and name not in asked.targets:
            raise DataError("DATA-COLUMN", f"{quote(name)} says when or which; it is no channel", place=raw.place())
        if kinds[name] not in ("number", "boolean"):
            message = f'column "{name}" holds no numbers; a channel is a column of numbers'
            raise DataError("DATA-COLUMN", message, place=raw.place())
    _refuse_misfits(raw, [column for column in columns if column.role in ("input", "target")])
    ordered = [name for name in dict.fromkeys(channels) if name not in asked.known] + list(asked.known)
    targets = tuple(name for name in asked.targets if name in raw.names)
    unread = () if time or asked.new else _unread(raw, asked, kinds)
    return Roles(time, series, targets, tuple(ordered), tuple(columns), unread)


def numbers_of(cells: pl.Series, type_: ColumnType) -> pl.Series:
    """A column of numbers or of yes and no as Float64, NaN where it is blank."""
    return pl.Series(cells.name, values(cells, "boolean" if type_ == "boolean" else "number"))


def _require(raw: TableRaw, asked: Asked) -> None:
    needed = [asked.time, asked.series, asked.split, *asked.known, *(asked.channels or ())]
    needed += [] if asked.untargeted else asked.targets
    lacking = [name for name in needed if name is not None and name not in raw.names]
    if not lacking:
        return
    if not asked.new:
        raw.column(lacking[0])
    close = nearest(lacking[0], raw.names)
    others = f" (and {len(lacking) - 1} more)" if len(lacking) > 1 else ""
    hint = f"is it '{close}'? rename it" if close else f"the columns here are: {', '.join(raw.names[:20])}"
    message = f"column {quote(lacking[0])} is missing{others}; the model needs it"
    raise SchemaError("SCHEMA-MISSING", message, place=raw.place(), hint=hint)


def _kind(cells: pl.Series, asked: Asked) -> ColumnType:
    filled = cells.drop_nulls()
    if not len(filled):
        return "number"
    words = set(filled.str.to_lowercase().unique().to_list())
    if any(words <= set(pair) for pair in grammar.BOOLEAN_PAIRS):
        return "boolean"
    told = cells.name in (*asked.known, *(asked.channels or ()))
    number, date = (float((found == found).mean()) for found in (grammar.numbers(filled), grammar.dates(filled)))
    if number >= (0.5 if told else MOSTLY):
        return "number"
    return "date" if max(date, series_dates.share(filled)) >= MOSTLY else "category"


def _time(raw: TableRaw, asked: Asked, kinds: dict[str, ColumnType]) -> str | None:
    """The column that says when: one of dates, else one whose name says so and whose cells can be stamps."""
    free = [name for name in raw.names if name not in (*asked.targets, *asked.known, asked.series)]
    dates = [name for name in free if kinds[name] == "date"]
    named = [name for name in free if name.casefold() in TIME_NAMES]
    chosen = [name for name in named if name in dates] or dates
    chosen = chosen or [name for name in named if kinds[name] == "number" or most_written(raw.frame[name]) != "number"]
    return chosen[0] if chosen else None


def _unread(raw: TableRaw, asked: Asked, kinds: dict[str, ColumnType]) -> tuple[Finding, ...]:
    """A column that is called a time and holds words, which say nothing of the order of rows: Monday, January.

    Raises: DataError where the words have digits, as stamps do.
    """
    for name in raw.names:
        called = name.casefold() in TIME_NAMES
        cells = raw.frame[name].drop_nulls()
        if kinds[name] != "category" or name in (*asked.targets, *asked.known, asked.series):
            continue
        digits = bool(cells.str.contains("[0-9]").mean() > 0.5)  # type: ignore[operator]
        if not called and not (digits and TIME_NAMES & set(re.split("[^a-z]+", name.casefold()))):
            continue
        row = int(np.flatnonzero(raw.frame[name].is_not_null().to_numpy())[0])
        if called and digits:
            message = f'column "{name}": {quote(cells[0])} is no stamp that can be read'
            hint = f"{ISO}; or data.time names the column that says when; or rename this one if it says something else"
            raise DataError("DATA-TIME", message, place=raw.place(row), hint=hint)
        message = f"it is called a time, and {quote(cells[0])} is no stamp: the rows are taken in their order."
        cure = f"If it says when, {ISO}; else data.time names the column that does."
        return (Finding("time-unread", "warning", message, name, {"first place": str(raw.place(row))}, cure),)
    return ()


def _series(raw: TableRaw, asked: Asked) -> str | None:
    names = [name for name in raw.names if name.casefold() in SERIES_NAMES and name not in asked.targets]
    return names[0] if names else None


def _role(
    raw: TableRaw, name: str, asked: Asked, kind: ColumnType, found: tuple[str | None, str | None]
) -> tuple[Role, str]:
    if name == found[0]:
        return "time", "as data.time says" if asked.time else "it says when"
    if name == found[1]:
        return "id", "as data.series says" if asked.series else "it says which series"
    if name in asked.targets:
        return "target", "as data.target says"
    if name == asked.split or (name.casefold() in SPLIT_NAMES and _parts(raw.frame[name])):
        return "split", "as data.split says" if name == asked.split else "its cells say train, valid and test"
    if kind not in ("number", "boolean"):
        return "dropped", "it holds no numbers"
    if name in asked.known:
        return "input", "known of the future, as data.known says"
    if asked.channels is not None and name not in asked.channels:
        return "dropped", "data.channels does not name it"
    return "input", "a column of numbers"


def _parts(cells: pl.Series) -> bool:
    """Whether a column says which part a row belongs to."""
    return {PART_NAMES.get(cell.casefold(), -1) for cell in cells.drop_nulls().unique().to_list()} >= {0, 2}


def _column(raw: TableRaw, name: str, kind: ColumnType, role: Role, why: str) -> Column:
    filled = raw.frame[name].drop_nulls()
    column = Column(name, kind, role, why, missing=raw.rows - len(filled), distinct=filled.n_unique())
    if kind == "number" and role in ("input", "target"):
        number = grammar.numbers(filled)
        number = number[number == number]
        share = len(number) / max(1, len(filled))
        column = replace(column, confidence=round(share, 4))
        if len(number):
            column = replace(column, low=float(number.min()), high=float(number.max()))
    return replace(column, example=str(filled[0])[:40] if len(filled) else "")


def _refuse_misfits(raw: TableRaw, columns: list[Column]) -> None:
    bad = [cells for column in columns for cells in misfits(raw, replace(column, confidence=1.0))]
    if bad:
        first = min(bad, key=lambda cells: cells.rows[0])
        cell = quote(str(raw.frame[first.column][first.rows[0]])[:20])[1:-1]
        hint = f"mend the cell; or data.missing: [{cell}] if it means that nothing was measured"
        raise replace(first, hint=hint).error(raw)
