"""The figures of the zoo, on findings that are made by hand."""

from __future__ import annotations

import math
import sys
from importlib import util
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
MANIFEST = ROOT / "tests" / "faults" / "zoo.yaml"


def load(name: str) -> Any:
    """A module of benchmarks/doctor, which is no package."""
    spec = util.spec_from_file_location(name, ROOT / "benchmarks" / "doctor" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look themselves up there
    spec.loader.exec_module(module)
    return module


score = load("score")
Truth, Outcome, Rate = score.Truth, score.Outcome, score.Rate

HOT = Truth("hot", "faults", frozenset({"rate-too-high"}), frozenset({"diverges"}), ("body",), frozenset({7}), (), 10)
LATE = Truth("late", "faults", frozenset({"bad-values"}), frozenset(), (), frozenset(), (("row", 1117),))
CALM = Truth("calm", "healthy")
TRUTHS = {truth.name: truth for truth in (HOT, LATE, CALM)}


def finding(check: str, severity: str = "severe", **more: Any) -> dict[str, Any]:
    return {"check": check, "severity": severity, "place": "", "evidence": {}, "step": None, "explains": (), **more}


def sick(*findings: dict[str, Any], program: str = "hot", **more: Any) -> Any:
    return Outcome(program, 1, True, findings, **more)


def well(*findings: dict[str, Any], program: str = "hot", **more: Any) -> Any:
    return Outcome(program, 1, False, findings, **more)


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [(0, 84, 0.0, 0.0437), (10, 10, 0.7225, 1.0), (5, 10, 0.2366, 0.7634), (0, 0, 0.0, 1.0)],
)
def test_the_interval_is_wilsons(hits: int, of: int, low: float, high: float) -> None:
    assert Rate(hits, of).interval() == pytest.approx((low, high), abs=1e-4)


def test_a_share_of_nothing_is_no_number() -> None:
    assert math.isnan(Rate(0, 0).share)


def test_a_consequence_is_a_detection_and_no_right_cause() -> None:
    card = score.grade(TRUTHS, [sick(finding("diverges"))])
    assert (card.recall.hits, card.right_first.hits, card.precision) == (1, 0, Rate(0, 1))


def test_what_only_informs_is_noticed_and_no_alarm() -> None:
    card = score.grade(TRUTHS, [sick(finding("rate-too-high", "info")), well(finding("frozen", "info"))])
    assert (card.recall, card.noticed, card.twins_accused) == (Rate(0, 1), Rate(1, 1), Rate(0, 1))
    assert card.misses == ("hot",)


def test_information_before_the_cause_does_not_take_its_place() -> None:
    card = score.grade(TRUTHS, [sick(finding("frozen", "info"), finding("rate-too-high"))])
    assert card.right_first == Rate(1, 1)


def test_explained_alarms_do_not_lower_the_precision() -> None:
    said = finding("rate-too-high", explains=("diverges", "dead-units"))
    card = score.grade(TRUTHS, [sick(said, finding("diverges"), finding("dead-units"), finding("imbalance"))])
    assert card.precision == Rate(1, 2)


def test_the_two_kinds_of_healthy_runs_are_counted_apart() -> None:
    runs = [well(finding("oscillates")), well(program="late"), well(finding("frozen"), program="calm")]
    card = score.grade(TRUTHS, runs)
    assert (card.twins_accused, card.hard_accused) == (Rate(1, 2), Rate(1, 1))
    assert card.accused == {"hot, seed 1": ["oscillates"], "calm, seed 1": ["frozen"]}


@pytest.mark.parametrize(
    ("truth", "said", "named"),
    [
        (HOT, finding("x", place="body"), True),
        (HOT, finding("x", place="body.0.weight"), True),
        (HOT, finding("x", place="bodywork"), False),
        (HOT, finding("x", evidence={"line": "hot.py:7"}), True),
        (HOT, finding("x", evidence={"line": "hot.py:70"}), False),
        (HOT, finding("x", evidence={"line": "shot.py:7"}), False),
        (LATE, finding("x", evidence={"row": 1117}), True),
        (LATE, finding("x", message="row 11170 is not a number"), False),
        (LATE, finding("x", place="row 1117"), True),
    ],
)
def test_a_place_is_a_layer_a_line_or_a_row(truth: Any, said: dict[str, Any], named: bool) -> None:
    assert score.names_place(truth, said) is named


def test_a_place_counts_only_where_the_fault_was_named() -> None:
    runs = [sick(finding("diverges", place="body")), sick(finding("rate-too-high", place="body"))]
    assert score.grade(TRUTHS, runs).placed == Rate(1, 2)


def test_steps_to_detection_count_from_the_onset() -> None:
    runs = [
        sick(finding("rate-too-high", step=40), finding("diverges", step=25)),
        sick(finding("rate-too-high", step=2)),
        sick(finding("rate-too-high")),
    ]
    assert score.grade(TRUTHS, runs).delays == {"during": (0, 15)}


def test_a_twin_is_better_than_what_is_not_finite() -> None:
    card = score.grade(TRUTHS, [sick(score=None), well(score=0.1)])
    assert card.hurts == Rate(1, 1)
    assert score.grade(TRUTHS, [sick(score=0.2), well(score=0.1)]).hurts == Rate(0, 1)


def test_the_table_says_what_was_missed_and_who_was_accused() -> None:
    text = score.table(score.grade(TRUTHS, [sick(), well(finding("frozen"), program="calm")]))
    assert "missed: hot" in text and "accused: calm, seed 1: frozen" in text


def test_the_manifest_is_about_the_programs_that_there_are() -> None:
    truths = score.read_truths(MANIFEST)
    programs = {file.stem for file in (MANIFEST.parent / "programs").glob("*.py")} - {"data", "program"}
    assert truths.keys() == programs
    groups = [truth.group for truth in truths.values()]
    assert [groups.count(group) for group in ("faults", "validation", "healthy")] == [60, 4, 24]


def test_every_mark_is_on_a_line_of_its_program() -> None:
    import yaml

    for group, entries in yaml.safe_load(MANIFEST.read_text(encoding="utf-8")).items():
        for name, entry in entries.items() if group != "healthy" else ():
            text = (MANIFEST.parent / "programs" / f"{name}.py").read_text(encoding="utf-8")
            assert [mark for mark in entry.get("line", ()) if mark not in text] == [], name


def test_no_program_knows_of_the_doctor() -> None:
    texts = [file.read_text(encoding="utf-8") for file in (MANIFEST.parent / "programs").glob("*.py")]
    assert not any("pellucid" in text or "doctor" in text for text in texts)
