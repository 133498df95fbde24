"""The strict grammar of cells: what is missing, what is a number, what is a date. Vectorised over one column.

A number is `-?digits[.digits][e+-dd]` or `.5`, in ASCII and finite, at most 19 digits before the point: `+5`, `5.`,
`1_000`, `12,5`, `inf` and the digits of other scripts are text, because guessing at them has a price that nobody sees.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

MISSING = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "?")
"""What a cell says that holds nothing, after the blanks around it are cut."""
TRUE = frozenset({"true", "yes", "y", "t", "1"})
FALSE = frozenset({"false", "no", "n", "f", "0"})
BOOLEAN_PAIRS = (("true", "false"), ("yes", "no"), ("y", "n"), ("t", "f"))
NUMBER = r"^-?(?:[0-9]{1,19}(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?$"
LARGEST = 1e300
"""Larger numbers are refused like infinite ones: their sums would be."""
DATE = (
    r"^([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2}(?:\.[0-9]+)?))?)?"
    r"(Z|[+-][0-9]{2}:?[0-9]{2})?$"
)
DECIMAL_COMMA = r"^-?[0-9]+,[0-9]+$"


def tidy(cells: pl.Series, missing: tuple[str, ...] = ()) -> pl.Series:
    """Text without blanks around it; null where it says that nothing is there."""
    import polars as pl

    cut = cells.cast(pl.String).str.strip_chars(" \t\r\n")
    return cut.set(cut.is_in([*MISSING, *missing]).fill_null(True), None)


def numbers(cells: pl.Series) -> np.ndarray:
    """float64: each cell that is a number; NaN for missing cells and for text."""
    import numpy as np
    import polars as pl

    value = cells.cast(pl.Float64, strict=False).to_numpy().astype(np.float64, copy=True)
    fits = cells.str.contains(NUMBER).fill_null(False).to_numpy()
    value[~fits | ~(np.abs(value) <= LARGEST)] = np.nan
    return value


def booleans(cells: pl.Series) -> np.ndarray:
    """float64: 1 for true and yes, 0 for false and no, NaN for anything else."""
    import numpy as np
    import polars as pl

    lower = cells.str.to_lowercase()
    yes, no = (lower.is_in(sorted(words)).fill_null(False).to_numpy() for words in (TRUE, FALSE))
    return np.where(yes, 1.0, np.where(no, 0.0, np.nan)) if cells.dtype == pl.String else np.full(len(cells), np.nan)


def dates(cells: pl.Series) -> np.ndarray:
    """float64: seconds since 1970 (UTC where no offset is given); NaN for missing cells and what is no ISO date."""
    import numpy as np
    import polars as pl

    def group(index: int) -> np.ndarray:
        text = cells.str.extract(DATE, index)
        return text.cast(pl.Float64, strict=False).fill_null(0.0).to_numpy()

    day = cells.str.extract(DATE, 1).str.to_date("%Y-%m-%d", strict=False).cast(pl.Int32).cast(pl.Float64).to_numpy()
    hour, minute, second = group(2), group(3), group(4)
    zone = cells.str.extract(DATE, 5).fill_null("Z").str.replace(":", "")
    sign = np.where(zone.str.starts_with("-").to_numpy(), -1.0, 1.0)
    offset = zone.str.extract(r"([0-9]{4})$", 1).cast(pl.Float64, strict=False).fill_null(0.0).to_numpy()
    shift = sign * (offset // 100 * 3600 + offset % 100 * 60)
    value = day.astype(np.float64) * 86400 + hour * 3600 + minute * 60 + second - shift
    return np.where((hour < 24) & (minute < 60) & (second < 61), value, np.nan)


def whole(cells: pl.Series) -> pl.Series:
    """Numbers as the names of classes: `1.0` is `1`."""
    return cells.str.replace(r"\.0+$", "")
