"""Dates as people write them: 31/12/2024, 12/31/2024 1:30 PM, 31.12.2024, 2024/12/31, 2024-1-5, 20241231.

A number above 12 says which one is the day. Where none is, the dates are those that come in even steps.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import polars as pl

Order = Literal["day", "month", "year"]
"""What stands first."""
CLOCK = r"(?:[ T]+([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}(?:\.[0-9]+)?))?(?: ?([AaPp])\.?[Mm]\.?)?)?$"
YEAR_LAST = r"^([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})" + CLOCK
YEAR_FIRST = r"^([0-9]{4})[/.-]([0-9]{1,2})[/.-]([0-9]{1,2})" + CLOCK
COMPACT = r"^((?:19|20)[0-9]{2})(0[1-9]|1[0-2])([0-3][0-9])()()()()$"
PLACES: dict[Order, tuple[int, int, int]] = {"day": (3, 2, 1), "month": (3, 1, 2), "year": (1, 2, 3)}
"""Where year, month and day stand."""
EXAMPLES: dict[Order, str] = {"day": "31/12/2024", "month": "12/31/2024", "year": "2024/12/31"}


def share(cells: pl.Series) -> float:
    """Share of the filled cells that are such dates; of whole numbers 1, if all of them are, else 0."""
    filled = cells.drop_nulls()
    if not len(filled):
        return 0.0
    if bool(filled.str.contains(COMPACT).all()):
        return float((~np.isnan(seconds(filled, "year"))).all())
    return max(float(filled.str.contains(pattern).to_numpy().mean()) for pattern in (YEAR_LAST, YEAR_FIRST))


def orders(cells: pl.Series) -> list[Order]:
    """The orders in which most cells are dates of the calendar: one, or two where no cell says which it is."""
    filled = cells.drop_nulls()
    read = {order: int((~np.isnan(seconds(filled, order))).sum()) for order in PLACES}
    return [order for order in PLACES if read[order] == max(read.values())]


def seconds(cells: pl.Series, order: Order) -> np.ndarray:
    """float64: seconds since 1970; NaN for what is blank or no date in this order."""
    patterns = (YEAR_FIRST, COMPACT) if order == "year" else (YEAR_LAST,)
    second_N = np.full(len(cells), np.nan)
    for pattern in patterns:
        found_N = _seconds(cells, pattern, PLACES[order])
        second_N = np.where(np.isnan(second_N), found_N, second_N)
    return second_N


def _seconds(cells: pl.Series, pattern: str, places: tuple[int, int, int]) -> np.ndarray:
    def number(group: int) -> np.ndarray:
        text = cells.str.extract(pattern, group)
        return text.cast(pl.Float64, strict=False).fill_null(0.0).to_numpy()

    year, month, day = (cells.str.extract(pattern, group).str.zfill(2) for group in places)
    day_N = (year + "-" + month + "-" + day).str.to_date("%Y-%m-%d", strict=False).cast(pl.Int32).cast(pl.Float64)
    hour_N, minute_N, second_N = number(4), number(5), number(6)
    half = cells.str.extract(pattern, 7).str.to_lowercase()
    halved_N = half.is_in(["a", "p"]).fill_null(False).to_numpy()
    good_N = (minute_N < 60) & (second_N < 60) & np.where(halved_N, (hour_N >= 1) & (hour_N <= 12), hour_N < 24)
    afternoon_N = half.eq("p").fill_null(False).to_numpy()
    hour_N = np.where(halved_N, hour_N % 12 + 12 * afternoon_N, hour_N)
    value_N = day_N.to_numpy().astype(np.float64) * 86400 + hour_N * 3600 + minute_N * 60 + second_N
    return np.where(good_N, value_N, np.nan)
