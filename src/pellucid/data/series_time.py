"""When: the stamps of series as text and as numbers, the step between them, and the stamps still to come.

moment    2024-01-31, 2024-01-31 13:30, 2024-01-31T13:30:00+01:00      quarter   2024-Q1
month     2024-01                                                      year      2024
epoch     seconds or milliseconds since 1970                           number    any other count
local     31/12/2024, 12/31/2024 and others (`series_dates`), of which the cells must say which it is

Stamps are held as seconds since 1970 at one fixed offset from UTC, so that no hour is there twice or missing when the
clocks change; numbers stay as they are. Months, quarters and years are steps of the calendar, however long they are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import polars as pl

from pellucid.data import cells as grammar
from pellucid.data import series_dates
from pellucid.data.table_raw import TableRaw
from pellucid.errors import DataError, quote

Written = Literal["date", "moment", "month", "quarter", "year", "epoch", "milliseconds", "number", "local"]
DAY, YEAR = 86400.0, 365.2425 * 86400.0
MONTH = r"^[0-9]{4}-(?:0[1-9]|1[0-2])$"
QUARTER = r"^([0-9]{4})[- ]?[Qq]([1-4])$"
NOUNS = {
    "moment": "a date or a moment (2024-12-31 or 2024-12-31 23:30)",
    "month": "a month (2024-12)",
    "quarter": "a quarter (2024-Q4)",
    "year": "a year (2024)",
    "epoch": "a count of seconds since 1970",
    "milliseconds": "a count of milliseconds since 1970",
    "number": "a number",
}
ISO = "write 2024-12-31, 2024-12-31 23:30, 2024-12, 2024-Q4, 2024, or a number"
EPOCH, MILLISECONDS = 1e8, 1e11
"""Whole numbers from which stamps are seconds, or milliseconds, since 1970."""
UNITS = ((7 * DAY, "week"), (DAY, "day"), (3600.0, "hour"), (60.0, "minute"), (1.0, "second"))
WEEKDAYS = 5
EVEN = 1e-3
"""How far a stamp may be off the grid, in steps."""


@dataclass(frozen=True)
class Stamps:
    """The cells of a time column."""

    second_N: np.ndarray
    """float64: seconds since 1970 at the offset `zone`, or the numbers themselves."""
    written: Written
    zone: str = ""
    """The offset from UTC, such as +01:00; empty where the stamps name none."""
    rule: str = ""
    """How dates were read that can be read in several ways."""

    def text(self, second_N: np.ndarray) -> list[str]:
        """Stamps as these are written."""
        return [_text(float(second), self.written, self.zone) for second in second_N]

    def at(self, zone: str) -> Stamps:
        """The same moments at another offset; as they are where one of both offsets is not known."""
        if not self.zone or not zone:
            return self
        return replace(self, second_N=self.second_N + offset(zone) - offset(self.zone), zone=zone)


@dataclass(frozen=True)
class Step:
    """The time from one row to the next."""

    size: float
    """So many months, weekdays or seconds; or the difference of two numbers."""
    unit: Literal["month", "weekday", "second", "number"]
    last_day: bool = False
    """Whether stamps are the last day of their month."""

    def __str__(self) -> str:
        size, name = self.size, str(self.unit)
        if self.unit == "number":
            return f"{size:g}"
        if self.unit == "month" and size % 12 == 0:
            size, name = size / 12, "year"
        if self.unit == "second":
            length, name = next((unit for unit in UNITS if size % unit[0] == 0), UNITS[-1])
            size /= length
        return f"{size:g} {name}{'' if size == 1 else 's'}"

    @property
    def seconds(self) -> float:
        """How long it is, roughly; 0 where it is a mere number."""
        return {"month": YEAR / 12, "weekday": DAY, "second": 1.0, "number": 0.0}[self.unit] * self.size

    def places(self, second_N: np.ndarray) -> np.ndarray:
        """float64: steps from some fixed moment to each stamp, whole where it is on the grid of the others."""
        if self.unit == "month":
            return _months(second_N) / self.size
        if self.unit == "weekday":
            week_N, day_N = np.divmod(np.floor(second_N / DAY) + 3, 7)  # 1970 began on a Thursday
            return week_N * WEEKDAYS + np.minimum(day_N, WEEKDAYS - 1)
        return second_N / self.size

    def after(self, second: float, count: int) -> np.ndarray:
        """float64: the `count` stamps that follow one."""
        steps = np.arange(1, count + 1)
        if self.unit == "month":
            return self._in_months(second, steps)
        if self.unit == "weekday":
            place_H = float(self.places(np.array([second]))[0]) + steps
            return (place_H // WEEKDAYS * 7 + place_H % WEEKDAYS - 3) * DAY
        return second + self.size * steps

    def _in_months(self, second: float, steps: np.ndarray) -> np.ndarray:
        month = int(_months(np.array([second]))[0])
        month_H = month + np.round(self.size * steps).astype(np.int64)
        first_H = _of_month(month_H)
        if self.last_day:
            return _of_month(month_H + 1) - DAY
        within = second - float(_of_month(np.array([month]))[0])
        return np.minimum(first_H + within, _of_month(month_H + 1) - DAY + within % DAY)


def offset(zone: str) -> float:
    """Seconds that the clocks of a zone such as +01:00 are ahead of UTC."""
    sign = -1.0 if zone.startswith("-") else 1.0
    return sign * (int(zone[1:3]) * 3600 + int(zone[4:6]) * 60)


def read_stamps(raw: TableRaw, name: str, step: str = "") -> Stamps:
    """The stamps of a column; `step` is the time between two rows where that is known.

    Raises: DataError with the line of the first cell that is blank, is written differently, or is in another zone.
    """
    cells = raw.column(name)
    written = most_written(cells)
    if written == "local":
        return _local(raw, name, step)
    second_N = _seconds(cells, written)
    numbers = written == "number" and bool(np.isnan(second_N[cells.is_not_null().to_numpy()]).mean() > 0.5)
    _refuse_unread(raw, name, second_N, "a date, moment, month, quarter, year or number" if numbers else NOUNS[written])
    if written != "moment":
        return Stamps(second_N, written)
    zone = _zone(raw, name, cells)
    second_N = second_N + (offset(zone) if zone else 0.0)
    dates = not zone and bool((second_N % DAY == 0).all()) and not bool(cells.str.contains(":").any())
    return Stamps(second_N, "date" if dates else "moment", zone)


def _refuse_unread(raw: TableRaw, name: str, second_N: np.ndarray, noun: str) -> None:
    lacking = np.flatnonzero(np.isnan(second_N))
    if not len(lacking):
        return
    row = int(lacking[0])
    cell = raw.frame[name][row]
    said = "the stamp is blank" if cell is None else f"{quote(cell)} is not {noun}"
    more = f"; {len(lacking) - 1} more rows" if len(lacking) > 1 else ""
    hint = f"every row needs its time, and all are written alike: {ISO}"
    raise DataError("DATA-TIME", f'column "{name}": {said}{more}', place=raw.place(row), hint=hint)


def _local(raw: TableRaw, name: str, step: str) -> Stamps:
    """Dates such as 31/12/2024. Raises: DataError where nothing says what is the day and what the month."""
    cells = raw.frame[name]
    there = series_dates.orders(cells)
    order: series_dates.Order = there[0]
    why = "a number above 12 says what is the day"
    if order == "year":
        why = "the year stands first"
    elif len(there) > 1:
        even: list[series_dates.Order] = [one for one in there if _is_even(series_dates.seconds(cells, one), step)]
        if len(even) != 1:
            row = int(np.flatnonzero(cells.is_not_null().to_numpy())[0])
            message = f'column "{name}": {quote(cells[row])} may be day first or month first, and no row says which'
            raise DataError("DATA-TIME", message, place=raw.place(row), hint=f"{ISO}: none of these is read wrongly")
        order = even[0]
        why = f"only so rows are {step} apart" if step else "only so the rows come in even steps"
    second_N = series_dates.seconds(cells, order)
    example = series_dates.EXAMPLES[order]
    _refuse_unread(raw, name, second_N, f"a date written {order} first ({example}), as the others are")
    dates = bool((second_N % DAY == 0).all()) and not bool(cells.str.contains(":").any())
    return Stamps(second_N, "date" if dates else "moment", rule=f"{order} first ({example}): {why}")


def _is_even(second_N: np.ndarray, wanted: str) -> bool:
    """Whether stamps follow one another in even steps; in those that are wanted, if any are."""
    second_U = np.unique(second_N[~np.isnan(second_N)])
    step = find_step([second_U], "moment", weekdays=wanted == "1 weekday")
    if step is None or wanted:
        return str(step) == wanted
    return bool((np.abs(np.diff(step.places(second_U)) - 1) <= EVEN).all())


def most_written(cells: pl.Series) -> Written:
    """How most filled cells of a column write the time; `number` where they do not."""
    filled = cells.drop_nulls()
    shares = {"moment": grammar.DATE, "month": MONTH, "quarter": QUARTER}
    found = {form: int(filled.str.contains(pattern).sum()) for form, pattern in shares.items()}
    local = series_dates.share(filled) * len(filled)
    if local * 2 > len(filled) and local > found["moment"]:
        return "local"
    best = max(found, key=lambda form: found[form])
    if found[best] * 2 > len(filled):
        return {"moment": "moment", "month": "month", "quarter": "quarter"}[best]  # type: ignore[return-value]
    number = grammar.numbers(filled)
    number = number[number == number]
    whole = len(number) > 0 and bool((number % 1 == 0).all())
    if whole and bool(((number >= 1000) & (number < 3000)).all()):
        return "year"
    if whole and bool((number >= EPOCH).all()):
        return "milliseconds" if bool((number >= MILLISECONDS).all()) else "epoch"
    return "number"


def find_step(seconds: list[np.ndarray], written: Written, *, weekdays: bool = False) -> Step | None:
    """The step that most rows of all series have; None where no series has two rows.

    Days without a weekend among them are `weekdays` where that is known, or where there are more than a week of them.
    """
    apart = np.concatenate([np.diff(second_N) for second_N in seconds] or [np.zeros(0)])
    if not len(apart):
        return None
    whole_N = np.concatenate(seconds)
    size = _usual(np.round(apart, 6))
    months = _monthly(whole_N) if written not in ("number", "year", "month", "quarter") and size >= 28 * DAY else None
    if written in ("year", "month", "quarter") or months is not None:
        size = _usual(np.concatenate([np.diff(_months(second_N)) for second_N in seconds]))
        return Step(size, "month", months == "last")
    if written == "number":
        return Step(size, "number")
    span = max(float(second_N[-1] - second_N[0]) for second_N in seconds if len(second_N))
    weekday_N = (np.floor(whole_N / DAY) + 3) % 7
    if (
        size == DAY
        and (weekdays or span > 7 * DAY)
        and bool((whole_N % DAY == 0).all())
        and bool((weekday_N < WEEKDAYS).all())
    ):
        return Step(1, "weekday")
    return Step(size, "second")


CYCLES = ("hour of the day", "day of the week", "time of the year")


def cycles(step: Step | None, span: float) -> tuple[bool, bool, bool]:
    """Which of `CYCLES` vary from row to row, and come round at least once in `span` seconds."""
    if step is None or not step.seconds:
        return (False, False, False)
    long = step.seconds
    return (long < DAY, long <= DAY and span >= 7 * DAY, long < 0.5 * YEAR and span >= YEAR - 31 * DAY)


def calendar(second_N: np.ndarray, used: tuple[bool, bool, bool]) -> np.ndarray:
    """float64 (N, 2 for each cycle used): sine and cosine of where each stamp is in it."""
    day_N = second_N / DAY
    moment_N = np.array(np.floor(second_N), "datetime64[s]")
    year_N = moment_N.astype("datetime64[Y]")
    start_N, end_N = (edge.astype("datetime64[s]").astype(np.float64) for edge in (year_N, year_N + 1))
    turns = (day_N % 1, (np.floor(day_N) + 3) % 7 / 7, (second_N - start_N) / (end_N - start_N))
    chosen = [2 * np.pi * turn_N for turn_N, wanted in zip(turns, used, strict=True) if wanted]
    columns = [wave(turn_N) for turn_N in chosen for wave in (np.sin, np.cos)]
    return np.stack(columns, 1) if columns else np.zeros((len(second_N), 0))


def _seconds(cells: pl.Series, written: Written) -> np.ndarray:
    """float64, NaN for what is blank or written differently; moments in UTC."""
    if written == "moment":
        return grammar.dates(cells)
    if written == "month":
        return grammar.dates(pl.select(pl.lit(cells).str.replace(r"$", "-01")).to_series())
    if written == "quarter":
        year_N, quarter_N = (
            cells.str.extract(QUARTER, group).cast(pl.Float64, strict=False).fill_null(float("nan")).to_numpy()
            for group in (1, 2)
        )
        good_N = ~np.isnan(year_N)
        month_N = np.where(good_N, (year_N - 1970) * 12 + (quarter_N - 1) * 3, 0).astype(np.int64)
        return np.where(good_N, _of_month(month_N), np.nan)
    number_N = grammar.numbers(cells)
    if written == "year":
        good_N = ~np.isnan(number_N)
        return np.where(good_N, _of_month(np.where(good_N, (number_N - 1970) * 12, 0).astype(np.int64)), np.nan)
    return number_N / 1000 if written == "milliseconds" else number_N


def _zone(raw: TableRaw, name: str, cells: pl.Series) -> str:
    """The offset of all stamps; where the clocks changed by up to an hour, that of winter."""
    named = cells.str.extract(grammar.DATE, 5).str.replace("Z", "+00:00").str.replace(r"^(.\d\d):?(\d\d)$", "$1:$2")
    there = named.is_not_null().to_numpy()
    if not there.any():
        return ""
    if not there.all():
        row = int(np.flatnonzero(there != there[0])[0])
        said = "names a time zone and those before do not" if there[row] else "names no time zone and those before do"
        raise _mixed(raw, name, row, said)
    zones = named.unique(maintain_order=True).to_list()
    if len(zones) > 2 or abs(offset(zones[0]) - offset(zones[-1])) > 3600:
        other = next(zone for zone in zones if abs(offset(zone) - offset(zones[0])) > 3600 or zone == zones[-1])
        row = named.to_list().index(other)
        raise _mixed(raw, name, row, f"is at {other} from UTC and the first at {zones[0]}")
    return min(zones, key=offset)


def _mixed(raw: TableRaw, name: str, row: int, said: str) -> DataError:
    hint = "write all stamps in one time zone; two offsets an hour apart are one zone whose clocks change"
    message = f'column "{name}": the stamp {quote(raw.frame[name][row])} {said}'
    return DataError("DATA-TIME", message, place=raw.place(row), hint=hint)


def _months(second_N: np.ndarray) -> np.ndarray:
    """float64: months since January 1970 in which each stamp is."""
    return np.array(np.floor(second_N), "datetime64[s]").astype("datetime64[M]").astype(np.float64)


def _of_month(month_N: np.ndarray) -> np.ndarray:
    """float64: the second with which each month since 1970 begins."""
    return month_N.astype("datetime64[M]").astype("datetime64[s]").astype(np.float64)


def _monthly(second_N: np.ndarray) -> Literal["same", "last"] | None:
    """Whether stamps are the same day of their months, or the last one; None: neither."""
    month_N = _months(second_N).astype(np.int64)
    within_N = second_N - _of_month(month_N)
    if bool((within_N == within_N[0]).all()):
        return "same"
    return "last" if bool((second_N + DAY == _of_month(month_N + 1)).all()) else None


def _usual(apart: np.ndarray) -> float:
    """The most frequent difference; of equally frequent ones the smallest."""
    found, count = np.unique(apart, return_counts=True)
    return float(found[count.argmax()])


def _text(second: float, written: Written, zone: str) -> str:
    if written in ("number", "epoch", "milliseconds"):
        number = second * 1000 if written == "milliseconds" else second
        return f"{number:.0f}" if number % 1 == 0 else repr(round(number, 9))
    moment = np.datetime64(int(np.floor(second)), "s")
    if written == "quarter":
        year, month = str(moment.astype("datetime64[M]")).split("-")
        return f"{year}-Q{(int(month) + 2) // 3}"
    if written != "moment":
        return str(moment.astype({"date": "datetime64[D]", "month": "datetime64[M]", "year": "datetime64[Y]"}[written]))
    day, clock = str(moment).split("T")
    return f"{day} {clock.removesuffix(':00')}{zone}"
