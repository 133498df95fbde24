from __future__ import annotations

from itertools import pairwise

import pytest

from pellucid.report.outcome import outcome


def test_residuals_say_what_was_measured(report, evidence) -> None:
    found = report("diabetes")["errors"]["targets"][0]
    test = outcome(evidence("diabetes"), "test")
    error = (test.prediction.value - test.truth)[:, 0]
    assert found["bias"] == pytest.approx(float(error.mean()), rel=1e-4)
    assert found["half_within"] == pytest.approx(float(error.abs().median()), rel=1e-4)
    assert sum(found["histogram"]["counts"]) == len(test) == sum(fifth["rows"] for fifth in found["quantiles"])
    assert len(found["histogram"]["edges"]) == len(found["histogram"]["counts"]) + 1


def test_fifths_go_from_low_to_high(report) -> None:
    fifths = report("diabetes")["errors"]["targets"][0]["quantiles"]
    assert all(a["high"] <= b["low"] for a, b in pairwise(fifths))


def test_several_targets_are_shown_each(samples) -> None:
    from pellucid.report.values import values_section

    sample = samples.diabetes(targets=2)
    found = values_section(sample, outcome(sample, "valid"), outcome(sample, "test"))
    assert [target["name"] for target in found["targets"]] == ["progression", "other"]
