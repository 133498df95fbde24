"""What is told of a watched training."""

from __future__ import annotations

import json

from pellucid.doctor.history import Fact, History, Update
from pellucid.doctor.script import report
from pellucid.doctor.script.watch import Outcome
from pellucid.findings import Finding

FOUND = Finding(
    "softmax-twice", "severe", "`cross_entropy` got probabilities.", "2", {"rows": 0.25, "line": "train.py:9"},
    cure="Leave it away.", why="It works out the softmax itself.", confidence="contract", step=0,
    explains=("dead-units",),
)  # fmt: skip


def told(steps: int = 3, code: int = 0, **more: object) -> report.Plain:
    facts = [Fact("input", 0, "", {"mean": float("nan")})]
    history = History(updates=[Update(step + 1, 0.5, 0.1) for step in range(steps)], facts=facts, source="script")
    return report.plain("train.py", Outcome(code, history, 0.004, ("Traceback\nValueError: x",)), **more)


def test_lines_say_what_where_why_and_what_to_do() -> None:
    said = "\n".join(report.lines(told(findings=[FOUND], silenced=[(FOUND, "it is meant")])))
    for part in ("3 steps watched, 1 severe", "2 (train.py:9)", "seen:     rows 0.25; since step 0", "why:", "do:",
                 "brings:   dead-units", "certain", "silenced[softmax-twice]", "reason:   it is meant",
                 "1 looks failed and were left out (ValueError: x)"):  # fmt: skip
        assert part in said, part


def test_nothing_found_and_nothing_seen_are_told_apart() -> None:
    assert "1 step watched, nothing found" in report.lines(told(1, findings=[], silenced=[]))[0]
    assert "no training step was seen" in report.lines(told(0, findings=[], silenced=[]))[0]
    assert "ended with 1 before the first training step" in report.lines(told(0, 1, findings=[], silenced=[]))[0]


def test_the_document_is_json_and_whole() -> None:
    read = json.loads(report.text(told(findings=[FOUND], silenced=[(FOUND, "it is meant")])))
    assert read["findings"][0]["check"] == "softmax-twice" and read["silenced"][0]["reason"] == "it is meant"
    assert read["history"]["facts"][0]["values"] == {"mean": None} and len(read["history"]["updates"]) == 3
