"""The page about forecasts: bands against truth, errors by horizon, how often bands hold, and every series."""

from __future__ import annotations

from typing import Any

from pellucid.report.elements import figure, fold, section, table, word
from pellucid.report.svg import Axis, Series, lines
from pellucid.report.words import number, plural, safe, score, share, shorten

Line = list[tuple[float, float]]


def forecasts(report: dict[str, Any]) -> str:
    """Forecasts against truth."""
    found = report["errors"]
    what = (
        f"Forecasts of {plural(found['horizon'], 'row')} from {plural(report['judged_rows'], 'origin')} "
        f"({word('rolling origin')}), beside what was {word('seasonal naive')}: the same rows of the season before."
    )
    windows = "".join(map(_window, found["windows"]))
    body = f'<div class="charts">{windows}</div><h3>By how far ahead</h3><div class="charts">{_by_horizon(found)}'
    return section("errors", "Where it errs", what, body + f"{_coverage(found)}</div>" + _by_series(found))


def _window(one: dict[str, Any]) -> str:
    count, last = len(one["past"]), _last(one["past"])
    past: Line = [(at - count + 1, value) for at, value in enumerate(one["past"]) if value is not None]
    ahead = {name: _ahead(one[name], last if name != "truth" else None) for name in ("said", "naive", "truth")}
    drawn = [
        Series(f"{share(band['share'])} band", _ahead(band["high"], last), 0, floor=_ahead(band["low"], last))
        for band in one["bands"]
    ]
    drawn += [
        Series("past and truth", past + ahead["truth"], 9),
        Series("seasonal naive", ahead["naive"], 1, dashed=True),
        Series("forecast", ahead["said"], 0),
    ]
    name = ", ".join(part for part in (one["series"], one["channel"]) if part)
    note = f"from {one['stamp']}" + ("; the worst of all" if one["worst"] else "")
    chart = lines("Forecast", drawn, x=Axis("rows ahead"), y=Axis(shorten(one["channel"], 30)), mark=(0.0, "now"))
    return figure(shorten(name, 60), safe(note), chart)


def _last(past: list[float | None]) -> float | None:
    return past[-1] if past else None


def _ahead(values: list[float | None], last: float | None) -> Line:
    """The values after the last one of the past, which lines go on from."""
    begun: Line = [] if last is None else [(0.0, last)]
    return begun + [(at + 1.0, value) for at, value in enumerate(values) if value is not None]


def _by_horizon(found: dict[str, Any]) -> str:
    own = found["by_horizon"]
    if found["horizon"] < 2:
        return ""
    drawn = [
        Series("network", _ahead(own["network"], None), 0),
        Series("seasonal naive", _ahead(own["naive"], None), 1),
    ]
    unit = "share of the seasonal-naive error" if found["scaled"] else "mean size of error"
    chart = lines("Error by horizon", drawn, x=Axis("rows ahead"), y=Axis(unit, low=0.0))
    return figure("Error by horizon", "lower is better", chart)


def _coverage(found: dict[str, Any]) -> str:
    rows = found["by_horizon"]["coverage"]
    if not rows:
        return ""
    drawn, about = [], []
    for at, one in enumerate(rows):
        covered = _ahead(one["covered"], None)
        mean = sum(value for _, value in covered) / max(len(covered), 1)
        name = f"{share(one['share'])} band: {share(mean)}"
        about.append(name)
        drawn.append(Series(name, covered, at))
        wanted = [(1.0, one["share"]), (float(max(found["horizon"], 2)), one["share"])]
        drawn.append(Series("", wanted, at, dashed=True))
    chart = lines("Share inside each band", drawn, x=Axis("rows ahead"), y=Axis("share inside", 0.0, 1.0),
                  about="; ".join(about))  # fmt: skip
    return figure("How often the bands hold", "dashed: what they promise; below it they are too narrow", chart)


def _by_series(found: dict[str, Any]) -> str:
    rows = [
        [safe(one["name"]), f"{one['forecasts']:,}", number(one["network"]), number(one["naive"]), score(one["skill"])]
        for one in found["by_series"]
    ]
    if not rows:
        return ""
    head = ["Series", "Forecasts", "Error", "Seasonal naive", "Gain"]
    listed = table(head, rows, numbers={1, 2, 3, 4})
    return fold("The series where it gains least", listed, opened=len(rows) <= 12)
