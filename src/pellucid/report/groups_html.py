"""The section of the page about groups; made without torch."""

from __future__ import annotations

from typing import Any

from pellucid.report.elements import figure, section, table, word
from pellucid.report.pictures import Bar, bars
from pellucid.report.words import interval, safe, score


def groups(report: dict[str, Any]) -> str:
    """Scores of every group, with the intervals that say whether a difference means anything."""
    title = report["metric"]["title"]
    body = "".join(_column(found, title) for found in report["groups"])
    what = (
        f"The {safe(title)} and the {word('calibration error')} of each group of the test rows. Where the "
        "intervals of two groups overlap, their difference may be chance."
    )
    return section("groups", "Groups", what, body)


def _column(found: dict[str, Any], title: str) -> str:
    known = [one for one in found["groups"] if one["value"] is not None]
    drawn = [Bar(one["name"], one["value"], one["low"], one["high"]) for one in known]
    chart = bars(f"{title} by {found['column']}", drawn, x=title, zero=False) if drawn else ""
    rows = [
        [safe(one["name"]), f"{one['rows']:,}", score(one["value"]), interval(one["low"], one["high"]),
         score(one["calibration_error"])]
        for one in found["groups"]
    ]  # fmt: skip
    head = ["Group", "Rows", safe(title), "95 % interval", "Calibration error"]
    shown = figure(f"By {found['column']}", "whiskers: 95 % intervals", chart) if chart else ""
    return f'<div class="charts">{shown}</div>' + table(head, rows, numbers={1, 2, 3, 4})
