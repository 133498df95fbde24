"""Numbers and names as a person reads them; shared by the report's words, its page and its terminal text."""

from __future__ import annotations

import math
from html import escape
from typing import Any

from pellucid.errors import clean

COSTLY = frozenset(
    {
        *("roc_auc", "average_precision", "calibration_error"),
        *("map", "map50"),
        *("pair_auc", "pair_accuracy", "tar_at_far", "retrieval"),
    }
)
"""Metrics that sort or bin the examples: the bootstrap gives them fewer resamples."""


def number(value: float | int | None, digits: int = 3) -> str:
    """A number with `digits` significant digits, without needless zeros; "undefined" for None."""
    if value is None:
        return "undefined"
    if isinstance(value, int) or (float(value).is_integer() and abs(value) < 1e15):
        return f"{int(value):,}"
    size = abs(value)
    if not 1e-4 <= size < 1e7:
        return f"{value:.{digits - 1}e}"
    places = max(0, digits - 1 - math.floor(math.log10(size)))
    return f"{value:,.{places}f}"


def score(value: float | None) -> str:
    """A score: three decimals below ten, else three significant digits."""
    if value is None:
        return "undefined"
    return f"{value:.3f}" if abs(value) < 10 else number(value)


def interval(low: float | None, high: float | None) -> str:
    """An interval as "0.947 to 0.991"."""
    return "undefined" if low is None or high is None else f"{score(low)} to {score(high)}"


def share(value: float) -> str:
    """A share as a percentage."""
    return f"{100 * value:.1f} %" if 0 < value < 0.0995 or 0.9905 < value < 1 else f"{100 * value:.0f} %"


def seconds(value: float) -> str:
    """A duration."""
    if value < 120:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest} s" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def plural(count: int, noun: str) -> str:
    """A count and its noun: "1 row", "1,200 rows"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def shorten(text: str, length: int = 40) -> str:
    """`text`, cut with an ellipsis where it is longer than `length`."""
    return text if len(text) <= length else text[: length - 1] + "…"


def plain(value: float) -> float | None:
    """`value` to six significant digits, as JSON holds it: None where it is not finite."""
    return float(f"{value:.6g}") if math.isfinite(value) else None


def safe(value: Any) -> str:
    """Text from anywhere as HTML or SVG text: no markup, no control characters."""
    return escape(clean(str(value).replace("\n", " ").replace("\t", " ")))
