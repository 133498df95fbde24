from __future__ import annotations

import json
import time

import pytest

from pellucid.report.build import FORMAT, VERSION, build

SAMPLES = ["breast_cancer", "iris", "xor", "noise", "rare", "diabetes", "labels", "digits"]


@pytest.mark.parametrize("name", SAMPLES)
def test_a_report_is_plain_json_without_nan(name, report) -> None:
    found = report(name)
    assert (found["format"], found["version"]) == (FORMAT, VERSION)
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_the_same_evidence_gives_the_same_report(evidence, report) -> None:
    assert build(evidence("iris")) == report("iris")


@pytest.mark.parametrize("name", SAMPLES)
def test_scores_have_intervals_that_hold_them(name, report) -> None:
    found = report(name)
    for score in found["scores"]["test"].values():
        assert score["low"] <= score["value"] <= score["high"] and score["resamples"] >= 100


def test_an_empty_test_part_falls_back_to_validation(evidence) -> None:
    from dataclasses import replace

    sample = evidence("iris")
    data = replace(sample.dataset, test=sample.dataset.test.part(0, 0))
    found = build(replace(sample, dataset=data))
    assert found["judged"] == "valid" and "too kind" in " ".join(found["verdict"]["sentences"])


def test_no_rows_at_all_are_no_fault(evidence) -> None:
    from dataclasses import replace

    sample = evidence("iris")
    empty = sample.dataset.test.part(0, 0)
    found = build(replace(sample, dataset=replace(sample.dataset, valid=empty, test=empty)))
    assert found["verdict"]["tone"] == "unclear" and json.dumps(found, allow_nan=False)


def test_a_small_report_is_built_in_seconds(evidence) -> None:
    sample = evidence("breast_cancer")
    start = time.process_time()
    build(sample)
    assert time.process_time() - start < 8
