from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from pellucid import jobs
from pellucid.doctor.check import Check
from pellucid.doctor.history import History
from pellucid.doctor.live import BUDGET, LOOK, LOOK_STEP, Live
from pellucid.errors import Interrupted
from pellucid.findings import Finding
from pellucid.parts import load_kind
from pellucid.recipe import Recipe, recipe_of
from pellucid.record import Built, Event, Found, Reading, Step, Stopped, read_lines
from pellucid.training.session import Session, prepare

torch.set_num_threads(1)
SMALL: dict[str, Any] = {"threads": 1, "precision": "float32", "model.kind": "mlp", "method.batch": 50}
DEEP: dict[str, Any] = {"model.widths": [12] * 10, "model.activation": "sigmoid", "method.epochs": 130}


def recipe(source: str = "iris", **settings: Any) -> Recipe:
    return recipe_of(source, None, {**SMALL, "model.widths": [8], "method.epochs": 2, **settings})[0]


def told(folder: Path) -> list[tuple[int, str]]:
    lines = read_lines(folder / "record.jsonl")
    return [(line["step"], line["finding"]["check"]) for line in lines if line["event"] == "found"]


def test_a_finding_is_told_once_while_it_trains_and_before_the_end(tmp_path: Path):
    seen: list[Event] = []
    run = jobs.train(recipe(**DEEP), run=tmp_path / "a", report=False, watch=lambda _, event: seen.append(event))
    found = [event for event in seen if isinstance(event, Found)]
    checks = [event.finding["check"] for event in found]
    assert "vanishing-gradient" in checks and len(set(checks)) == len(checks)
    vanishing = found[checks.index("vanishing-gradient")]
    steps = sum(isinstance(event, Step) for event in seen)
    assert 100 <= vanishing.step < 0.6 * steps
    assert told(tmp_path / "a") == [(event.step, event.finding["check"]) for event in found]
    assert "vanishing-gradient" in [finding.check for finding in run.findings]


def test_what_stands_from_the_first_batch_is_told_before_step_2(tmp_path: Path):
    jobs.train(recipe(**{"model.init.kind": "zeros"}), run=tmp_path / "a", report=False)
    assert (1, "same-weights") in told(tmp_path / "a")


@pytest.mark.parametrize("settings", [{}, {"model.widths": [32, 32], "method.epochs": 60}, {"model.norm": "batch"}])
def test_a_healthy_training_is_left_alone(tmp_path: Path, settings: dict[str, Any]):
    jobs.train(recipe("digits", **{"method.epochs": 15, **settings}), run=tmp_path / "a", report=False)
    assert told(tmp_path / "a") == []


@pytest.mark.parametrize("stop", [60, 150])
def test_a_resumed_run_tells_the_same(tmp_path: Path, stop: int):
    jobs.train(recipe(**DEEP), run=tmp_path / "whole", report=False)

    def interrupt(session: Session, event: Event) -> None:
        if isinstance(event, Step) and event.step == stop:
            raise Interrupted("PREEMPTED", "as if it was killed")

    with pytest.raises(Interrupted):
        jobs.train(recipe(**DEEP, **{"checkpoint.every": 20}), run=tmp_path / "cut", report=False, watch=interrupt)
    jobs.resume(tmp_path / "cut", report=False)
    assert (tmp_path / "cut/record.jsonl").read_bytes() == (tmp_path / "whole/record.jsonl").read_bytes()
    assert told(tmp_path / "whole")


@pytest.mark.parametrize("seconds", [1e-4, 2e-3, 2e-2])
def test_looks_take_their_share_of_the_time_and_no_more(seconds: float):
    live = Live(prepare(recipe()))
    live.gap, live.step = 2500, seconds
    due: list[int] = []
    for step in range(1, 20_001):
        live.account.readings[:] = [Reading(step, {}, {})]
        if live._due(Step(step, 0, "network", 1.0, 0.1)):
            due.append(step)
    if seconds < 1e-3:
        assert due == [1, 20, 100, 400, 1600, 6400]
    else:
        assert due[:3] == [1, 20, 100] and len(due) > 5
        assert sum(LOOK + LOOK_STEP * step for step in due[3:]) <= BUDGET * seconds * 20_000
    assert len(due) <= 15 and live._due(Stopped(20_000, "epochs", 20_000))


def test_a_check_that_fails_ends_neither_the_training_nor_the_looks():
    def fail(self: Check, history: History) -> list[Finding]:
        raise ZeroDivisionError("in a check")

    cls = load_kind(Check, "frozen")
    before = cls.look
    cls.look = fail  # type: ignore[method-assign]
    try:
        live = Live(prepare(recipe()))
        assert live(Built([], [], None)) == [] and live(Reading(1, {}, {})) == []
        assert live(Step(1, 0, "network", 1.0, 0.1)) == []
        assert [*live.faults] == ["frozen"] and live.faults["frozen"].endswith("\nZeroDivisionError: in a check\n")
        assert live(Stopped(1, "epochs", 1)) == [] and live.last == []
    finally:
        cls.look = before  # type: ignore[method-assign]
