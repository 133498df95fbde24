"""Scores by group."""

from __future__ import annotations

from types import ModuleType

import pytest

from pellucid.report.groups import groups
from pellucid.report.groups_html import groups as groups_html
from pellucid.report.outcome import outcome, rows_of


def test_every_group_gets_its_own_score_and_small_ones_none(samples: ModuleType):
    evidence = samples.digits()
    cells = ["north" if row % 3 else "south" for row in range(1797)]
    test = outcome(evidence, "test")
    for row in rows_of(test.batch)[:2]:
        cells[row] = "east"
    found = groups(samples.digits(groups={"hospital": tuple(cells), "file": tuple(map(str, range(1797)))}), test)
    assert [one["column"] for one in found] == ["hospital"]
    east, north, south = found[0]["groups"]
    assert (east["name"], east["rows"], east["value"]) == ("east", 2, None)
    right = test.prediction.label == test.truth
    mine = [bool(right[place]) for place, row in enumerate(rows_of(test.batch)) if cells[row] == "north"]
    assert north["rows"] == len(mine) and north["value"] == pytest.approx(sum(mine) / len(mine), rel=1e-5)
    assert south["low"] < south["value"] < south["high"] and 0 < south["calibration_error"] < 0.5
    page = groups_html({"groups": found, "metric": {"title": "accuracy"}})
    assert "By hospital" in page and "undefined" in page
