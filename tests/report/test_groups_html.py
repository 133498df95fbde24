"""The page about groups, from plain values."""

from __future__ import annotations

from pellucid.report.groups_html import groups

GROUP = {"name": "<north>", "rows": 30, "value": 0.9, "low": 0.8, "high": 0.95, "calibration_error": 0.05}
SMALL = {"name": "south", "rows": 2, "value": None, "low": None, "high": None, "calibration_error": None}


def test_every_group_stands_in_the_table_and_those_with_a_score_in_the_chart():
    found = [{"column": "hospital", "groups": [GROUP, SMALL]}]
    page = groups({"groups": found, "metric": {"title": "accuracy"}})
    assert "By hospital" in page and "&lt;north&gt;" in page and "0.800 to 0.950" in page and "undefined" in page


def test_without_groups_there_is_nothing():
    assert groups({"groups": [], "metric": {"title": "accuracy"}}) == ""
