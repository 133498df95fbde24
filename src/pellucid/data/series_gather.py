"""From a table to series: long (a column says which series) or wide (channels, or a series in every column)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b

import numpy as np
import polars as pl

from pellucid.data.series_grid import evened, find_coming, refuse_blanks
from pellucid.data.series_raw import Asks, SeriesRaw
from pellucid.data.series_roles import VALUE, Asked, Roles, find_roles, numbers_of
from pellucid.data.series_time import Stamps, read_stamps
from pellucid.data.table_raw import TableRaw
from pellucid.data.targets import MOST_NUMBER_CLASSES
from pellucid.errors import DataError, Place, quote
from pellucid.findings import Finding


@dataclass(frozen=True)
class Rows:
    """Rows of series in their order: which row of the table, of which series, and when."""

    row_N: np.ndarray
    """int64: into the table."""
    code_N: np.ndarray
    """int64: which series, ascending."""
    names: tuple[str, ...]
    stamps: Stamps | None

    @property
    def count_S(self) -> np.ndarray:
        """int64: rows of each series."""
        return np.bincount(self.code_N, minlength=len(self.names))

    def take(self, keep_N: np.ndarray) -> Rows:
        """The rows where `keep_N` is true, or in this order."""
        stamps = self.stamps and replace(self.stamps, second_N=self.stamps.second_N[keep_N])
        return replace(self, row_N=self.row_N[keep_N], code_N=self.code_N[keep_N], stamps=stamps)


def gather(raw: TableRaw, asked: Asked) -> SeriesRaw:
    """The series of a table.

    Raises: DataError with the line of the first thing that cannot be used; SchemaError for what new data lacks.
    """
    roles = find_roles(raw, asked)
    stamps = read_stamps(raw, roles.time, asked.step) if roles.time else None
    if asked.wide:
        return _future(_wide(raw, roles, asked, stamps), asked)
    rows, findings = _ordered(raw, roles, _long(raw, roles, stamps))
    asks = asked.asks or _asks(raw, roles, asked, rows)
    targets = _of_future(raw, roles) if asks == "future" else ()
    channels = (*targets, *(name for name in roles.channels if name not in targets))
    if not channels:
        message = "no column of numbers is left to read"
        raise DataError("DATA-NO-INPUT", message, place=raw.place())
    columns = [numbers_of(raw.frame[name], roles.type(name)).to_numpy()[rows.row_N] for name in channels]
    made = SeriesRaw(
        asks,
        np.stack(columns, 1),
        channels,
        rows.count_S,
        rows.names,
        raw.fingerprint,
        raw.files[0] if raw.files else "",
        rows.stamps,
        targets=len(targets),
        known=len(asked.known),
        cells=_cells(raw, roles, rows, asks),
        line_N=raw.line_N[rows.row_N],
        unit=raw.unit,
        columns=roles.columns,
        findings=findings,
    )
    if asks == "future":
        return _future(made, asked)
    label = raw.frame.select(roles.targets) if roles.targets else None
    if label is not None:
        first_S = rows.row_N[made.start_S]
        label = label[rows.row_N] if asks == "steps" else label[first_S]
    return replace(refuse_blanks(made, asked.gaps), label=label, row_S=hashes(made))


def hashes(raw: SeriesRaw) -> np.ndarray:
    """uint64: a hash of the values of each series."""
    pairs = zip(raw.start_S, raw.count_S, strict=True)
    digests = [blake2b(raw.value_NC[a : a + n].tobytes(), digest_size=8).digest() for a, n in pairs]
    return np.frombuffer(b"".join(digests), "<u8").astype(np.uint64)


def _future(raw: SeriesRaw, asked: Asked) -> SeriesRaw:
    return refuse_blanks(find_coming(evened(raw, asked.gaps, weekdays=asked.step == "1 weekday")), asked.gaps)


def _long(raw: TableRaw, roles: Roles, stamps: Stamps | None) -> Rows:
    row_N = np.arange(raw.rows)
    if roles.series is None:
        return Rows(row_N, np.zeros(raw.rows, np.int64), ("1",), stamps)
    cells = raw.frame[roles.series]
    blank = np.flatnonzero(cells.is_null().to_numpy())
    if len(blank):
        message = f'column "{roles.series}": the cell is blank, so nothing says which series the row is of'
        raise DataError("DATA-SERIES", message, place=raw.place(int(blank[0])))
    names = cells.unique(maintain_order=True).to_list()
    codes = cells.replace_strict(names, list(range(len(names))), return_dtype=pl.Int64)
    return Rows(row_N, codes.to_numpy(), tuple(names), stamps)


def _wide(raw: TableRaw, roles: Roles, asked: Asked, stamps: Stamps | None) -> SeriesRaw:
    """Every column of numbers as a series of its own, with the columns known ahead beside each."""
    names = roles.targets or tuple(name for name in roles.channels if name not in asked.known)
    if not names:
        raise DataError("DATA-NO-INPUT", "no column of numbers is left to be a series", place=raw.place())
    row_N = np.tile(np.arange(raw.rows), len(names))
    stamps = stamps and replace(stamps, second_N=np.tile(stamps.second_N, len(names)))
    rows, findings = _ordered(raw, roles, Rows(row_N, np.repeat(np.arange(len(names)), raw.rows), names, stamps))
    own = {name: numbers_of(raw.frame[name], roles.type(name)).to_numpy() for name in (*names, *asked.known)}
    value_N = np.stack([own[name] for name in names])[rows.code_N, rows.row_N]
    begun_N = np.zeros(len(value_N), bool)
    for code in range(len(names)):
        here_N = rows.code_N == code
        begun_N[here_N] = np.cumsum(~np.isnan(value_N[here_N])) > 0
    rows = rows.take(begun_N)
    columns = [value_N[begun_N], *(own[name][rows.row_N] for name in asked.known)]
    return SeriesRaw(
        "future",
        np.stack(columns, 1),
        (VALUE, *asked.known),
        rows.count_S,
        names,
        raw.fingerprint,
        raw.files[0] if raw.files else "",
        rows.stamps,
        targets=1,
        known=len(asked.known),
        cells=_cells(raw, roles, rows, "future"),
        line_N=raw.line_N[rows.row_N],
        unit=raw.unit,
        columns=roles.columns,
        findings=findings,
    )


def _ordered(raw: TableRaw, roles: Roles, rows: Rows) -> tuple[Rows, tuple[Finding, ...]]:
    """Sorted by series and time. Raises: DataError where a series has two rows for one stamp."""
    if rows.stamps is None:
        return rows.take(np.argsort(rows.code_N, kind="stable")), roles.findings
    second_N = rows.stamps.second_N
    order = np.lexsort((second_N, rows.code_N))
    made = rows.take(order)
    assert made.stamps is not None
    same = np.flatnonzero((np.diff(made.stamps.second_N) == 0) & (np.diff(made.code_N) == 0))
    if len(same):
        raise _twice(raw, roles, made, same)
    plain = rows.take(np.argsort(rows.code_N, kind="stable"))
    assert plain.stamps is not None
    late = int(((np.diff(plain.stamps.second_N) < 0) & (np.diff(plain.code_N) == 0)).sum())
    found: list[Finding] = []
    if rows.stamps.rule:
        message = f"dates are read {rows.stamps.rule}."
        cure = "Dates written 2024-12-31 can be read in one way only."
        found.append(Finding("dates-read", "info", message, roles.time or "", {}, cure))
    if late:
        message = f"{late} rows stand before an earlier one; they were put in the order of their time."
        found.append(Finding("rows-sorted", "info", message, roles.time or "", {"rows": late}))
    return made, tuple(found)


def _twice(raw: TableRaw, roles: Roles, rows: Rows, same: np.ndarray) -> DataError:
    first, second = (int(row) for row in rows.row_N[same[0] : same[0] + 2])
    assert roles.time is not None
    stamp = quote(raw.frame[roles.time][second])
    whose = f"series {quote(rows.names[int(rows.code_N[same[0]])])} has" if roles.series else "there are"
    lines = f"{raw.unit}s {int(raw.line_N[first])} and {int(raw.line_N[second])}"
    more = f"; {len(same) - 1} more pairs" if len(same) > 1 else ""
    hint = "take one of them out; of clocks that were put back, write the offset from UTC with each stamp"
    if not roles.series:
        hint = "where the table holds several series, data.series names the column that says which; else take one out"
    message = f'column "{roles.time}": {whose} two rows for {stamp}, in {lines}{more}'
    return DataError("DATA-TIME", message, place=raw.place(second), hint=hint)


def _asks(raw: TableRaw, roles: Roles, asked: Asked, rows: Rows) -> Asks:
    """What is wanted, by the target and by what the recipe says of the future."""
    if asked.horizon is not None or asked.known:
        return "future"
    if not roles.targets:
        return "future"
    if len(rows.names) > 1 and all(_constant(raw.frame[name], rows) for name in roles.targets):
        return "series"
    name = roles.targets[0]
    words = roles.type(name) not in ("number",)
    cells = raw.frame[name].drop_nulls()
    whole = words or bool((numbers_of(cells, "number").to_numpy() % 1 == 0).all())
    return "steps" if words or (whole and cells.n_unique() <= MOST_NUMBER_CLASSES) else "future"


def _constant(cells: pl.Series, rows: Rows) -> bool:
    """Whether a column says one thing for all rows of each series."""
    same = pl.DataFrame({"code": rows.code_N, "cell": cells.fill_null("\0")[rows.row_N]})
    return bool((same.group_by("code").agg(pl.col("cell").n_unique())["cell"] == 1).all())


def _of_future(raw: TableRaw, roles: Roles) -> tuple[str, ...]:
    """The columns to forecast; the only one of numbers where none is named."""
    if roles.targets:
        for name in roles.targets:
            if roles.type(name) not in ("number", "boolean"):
                message = f'the target column "{name}" holds words, and what is forecast is numbers'
                hint = "leave data.horizon and data.known out to learn a class of each row or series"
                raise DataError("DATA-TARGET", message, place=raw.place(), hint=hint)
        return roles.targets
    if len(roles.channels) == 1:
        return roles.channels
    listed = ", ".join(quote(name) for name in raw.names[:30])
    message = f"data.target does not say which column is to be forecast; the columns are {listed}"
    raise DataError(
        "DATA-TARGET", message, place=Place(raw.place().file), hint=f"for example data.target: {raw.names[-1]}"
    )


def _cells(raw: TableRaw, roles: Roles, rows: Rows, asks: Asks) -> Mapping[str, np.ndarray]:
    """Columns by which a split may go: that of ready-made parts, and those that are the same within each series."""
    first_S = rows.row_N[np.cumsum(rows.count_S) - rows.count_S]
    found: dict[str, np.ndarray] = {}
    for column in roles.columns:
        cells = raw.frame[column.name]
        if asks == "future":
            if column.role == "split":
                found[column.name] = cells.to_numpy()[rows.row_N]
        elif column.name in (roles.series, *roles.targets) or _constant(cells, rows):
            found[column.name] = cells.to_numpy()[first_S]
    return found
