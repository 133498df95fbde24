"""The zoo, program by program: slow, so scripts/evidence runs all of them and CI a share that the day chooses."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

DOCTOR = Path(__file__).parents[2] / "benchmarks" / "doctor"
sys.path.append(str(DOCTOR))  # no package: its files import each other as scripts do

import score  # noqa: E402
import zoo  # noqa: E402
from generate import DEV  # noqa: E402

TRUTHS = score.read_truths(DEV)
UNSEEN = pytest.mark.xfail(reason="rows that stand in both parts are looked for in tables, not in scripts", strict=True)
SICK = [
    pytest.param(name, marks=UNSEEN) if name == "shared_rows" else name
    for name, truth in TRUTHS.items()
    if truth.group != "healthy"
]
LATE = {"noisy_labels", *(name for name, truth in TRUTHS.items() if truth.group == "validation")}
"""Only kept rows show these, and the doctor informs of them."""


def outcome(name: str, *, sick: bool) -> score.Outcome:
    found = zoo.watch("doctor", zoo.Case(name, sick, 1, DEV))
    assert not found.error and not found.faults
    return found


@pytest.mark.slow
@pytest.mark.covers("src/pellucid/doctor", "src/pellucid/probes", "tests/faults")
@pytest.mark.parametrize("name", SICK)
def test_the_fault_is_detected(name: str) -> None:
    truth, found = TRUTHS[name], outcome(name, sick=True)
    said = found.findings if name in LATE else found.alarms
    assert score.detections(truth, said), [finding["check"] for finding in said]


@pytest.mark.slow
@pytest.mark.covers("src/pellucid/doctor", "src/pellucid/probes", "tests/faults")
@pytest.mark.parametrize("name", TRUTHS)
def test_a_healthy_program_is_not_accused(name: str) -> None:
    said = [alarm["check"] for alarm in outcome(name, sick=False).alarms]
    assert [check for check in said if check not in TRUTHS[name].both] == []


def test_a_case_is_a_command(tmp_path: Path) -> None:
    path = str(tmp_path / "programs" / "x.py")
    assert zoo.Case("x", True, 2, tmp_path / "zoo.yaml").command == [path, "--seed", "2"]
    assert zoo.Case("x", False, 2, tmp_path / "zoo.yaml").command == [path, "--seed", "2", "--healthy"]


def test_a_step_of_the_ladder_runs_without_its_twin() -> None:
    truths = {
        "step": score.Truth("step", "faults", twin=0.9),
        "fault": score.Truth("fault", "faults"),
        "calm": score.Truth("calm", "healthy"),
    }
    runs = [(one.program, one.sick) for one in zoo.cases(truths, DEV, 1)]
    assert runs == [("step", True), ("fault", True), ("fault", False), ("calm", False)]


def test_the_last_score_is_told() -> None:
    assert zoo.told('{"score": 0.1}\nepoch 2\n{"score": 0.25}\n') == 0.25
    assert zoo.told('{"score": null}\n') is None
    assert zoo.told("nothing\n") is None
