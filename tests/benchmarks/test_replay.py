"""A history that was written as JSON is judged as it was when it was fresh."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

from pellucid.doctor.history import Fact, History, Layer, Look, Parameter, Update
from pellucid.doctor.script.report import plain, text
from pellucid.doctor.script.watch import Outcome
from pellucid.record import Reading

DOCTOR = Path(__file__).parents[2] / "benchmarks" / "doctor"
sys.path.append(str(DOCTOR))  # no package: its files import each other as scripts do

import replay  # noqa: E402

HISTORY = History(
    layers=[Layer("0", "Linear", "Linear(2, 1)", "train.py:3")],
    parameters=[Parameter("0.weight", "0", (1, 2))],
    updates=[Update(1, 0.5, 0.1), Update(2, math.nan, 0.1, 3.0)],
    readings=[Reading(1, {"0.weight": {"gradient": 0.1}}, {"0": {"mean": math.inf}})],
    looks=[Look(2, 0.5, 0.6)],
    facts=[Fact("input", 0, "", {"mean": 0.1, "not_finite": 0, "class": "x"}, "train.py:9")],
    constant=1.0,
    asked="values",
    optimizer={"kind": "SGD", "learning_rate": 0.1},
    source="script",
)


def written(history: History) -> dict[str, Any]:
    """As `pellucid doctor --json` writes it."""
    return json.loads(text(plain("train.py", Outcome(0, history, 0.02), [], [])))


def test_a_history_comes_back() -> None:
    back = replay.read_history(written(HISTORY)["history"])
    assert math.isnan(back.updates[1].loss) and back.updates[0].norm is None
    assert math.isnan(back.readings[0].layers["0"]["mean"])
    assert (back.layers, back.parameters, back.facts, back.looks) == (
        HISTORY.layers,
        HISTORY.parameters,
        HISTORY.facts,
        HISTORY.looks,
    )
    assert (back.constant, back.asked, back.optimizer, back.source) == (1.0, "values", HISTORY.optimizer, "script")


def test_a_kept_run_is_judged_again(tmp_path: Path) -> None:
    file = tmp_path / "late_fault-sick-3.json"
    file.write_text(json.dumps({**written(HISTORY), "score": None}), encoding="utf-8")
    outcome = replay.rejudge(file)
    assert (outcome.program, outcome.sick, outcome.seed, outcome.overhead) == ("late_fault", True, 3, 0.02)
    assert "not-finite" in [finding["check"] for finding in outcome.findings]
