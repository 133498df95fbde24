"""The page about forecasts."""

from __future__ import annotations

import copy

from pellucid.report.forecasts_html import forecasts


def test_every_window_has_its_past_truth_bands_and_rule(sequence_report) -> None:
    report = sequence_report("airline")
    page = forecasts(report)
    windows = len(report["errors"]["windows"])
    assert page.count("past and truth") == page.count("90 % band</span>") == page.count("50 % band</span>") == windows
    assert page.count("the worst of all") == 1 and "mean size of error" in page and "50 % band: " in page


def test_points_without_bands_and_blank_cells_are_drawn(sequence_report) -> None:
    report = copy.deepcopy(sequence_report("airline"))
    found = report["errors"]
    found["by_horizon"]["coverage"] = []
    for one in found["windows"]:
        one["bands"], one["past"], one["channel"] = [], [None, *one["past"][1:-1], None], "<script>"
    page = forecasts(report)
    assert "band" not in page.split("<h3>")[0].replace("bands", "") and "<script" not in page


def test_series_are_listed_where_there_are_several(sequence_report) -> None:
    report = copy.deepcopy(sequence_report("airline"))
    report["errors"]["by_series"] = [{"name": "<a>", "forecasts": 2, "network": 1.0, "naive": 2.0, "skill": 0.5}]
    assert "&lt;a&gt;" in forecasts(report) and "0.500" in forecasts(report)
