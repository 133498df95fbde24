"""The figures of the cures, on results that are made by hand."""

from __future__ import annotations

import sys
from importlib import util
from pathlib import Path
from typing import Any

import pytest

from pellucid.findings import Finding

FOLDER = Path(__file__).parents[2] / "benchmarks" / "doctor"
PROGRAM = Path(__file__).parents[1] / "faults" / "programs" / "rate_of_one.py"


@pytest.fixture(scope="module")
def cures() -> Any:
    """The benchmark, which is no package and imports what lies beside it."""
    sys.path.insert(0, str(FOLDER))
    spec = util.spec_from_file_location("cures", FOLDER / "cures.py")
    assert spec is not None and spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.path.remove(str(FOLDER))
    return module


def result(three: str, five: str | None, chance: str = "not cured", fresh: tuple[float, float] = (2.0, 1.0)) -> Any:
    """One program whose fault was detected and has a cure without an edit."""
    words = {"3": three, **({"5": five} if five else {})}
    one = {"treatment": "lower_rate", "why": "", "fresh": {"losses": [list(fresh)] * 3}, **words}
    return {"program": "hot", "detected": True, "tries": [one], "random": {"3": chance}}


def test_figures_are_of_what_was_detected(cures: Any):
    told = [
        result("likely", "verified"),
        result("likely", "not cured"),
        result("not cured", None, "likely"),
        result("likely", "verified", fresh=(1.0, 2.0)),
        {"program": "other", "detected": True, "tries": []},
        {"program": "missed", "detected": False, "tries": []},
    ]
    lines = {line[:30].strip(): line.split()[-1] for line in cures.table(told).splitlines()[1:]}
    assert lines == {
        "detected, with such a cure": "4/5", "cured, 3 pairs (likely)": "3/4", "cured, 5 pairs (verified)": "2/4",
        "random cure, 3 pairs": "1/4", "false cures": "1/2",
    }  # fmt: skip


def test_what_others_explain_is_not_treated(cures: Any):
    found = [
        Finding("rate-too-high", "severe", "", explains=("oscillates",)),
        Finding("oscillates", "warning", ""),
        Finding("unused", "info", ""),
    ]
    assert [one.check for one in cures.roots(found)] == ["rate-too-high"]


def test_a_program_is_run_with_and_without_a_shim(cures: Any):
    shim = {"kind": "rate", "factor": 0.001}
    plain, cured = (cures.arm(PROGRAM, shim, 0, control=control) for control in (True, False))
    assert plain.start == cured.start and plain.loss != cured.loss
