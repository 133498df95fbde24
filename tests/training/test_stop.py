from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch

from pellucid.recipe import Stop
from pellucid.record import Evaluated, Found, Stopped
from pellucid.training import stop
from pellucid.training.evaluate import Scores
from pellucid.training.run import Writer, events
from pellucid.training.session import Session
from pellucid.training.state import averaged

Make = Callable[..., Session]


def test_scores_are_turned_so_that_lower_is_better():
    scores = Scores(0.5, {"accuracy": 0.9, "rmse": 2.0, "roc_auc": math.nan})
    assert stop.lower_is_better(Stop(), scores) == 0.5
    assert stop.lower_is_better(Stop(metric="loss"), scores) == 0.5
    assert stop.lower_is_better(Stop(metric="accuracy"), scores) == -0.9
    assert stop.lower_is_better(Stop(metric="rmse"), scores) == 2.0
    assert stop.lower_is_better(Stop(metric="roc_auc"), scores) == math.inf


def test_the_best_score_is_kept_and_the_waiting_counted(make: Make):
    state = make().state
    said = []
    for step, score in enumerate((3.0, 2.0, 2.0, 2.5, 1.0, math.inf), 1):
        state.step = step
        said.append((stop.note(state, score), state.waited, stop.reason(Stop(patience=2), state, 9.0)))
    assert said == [
        (True, 0, None),
        (True, 0, None),
        (False, 1, None),
        (False, 2, "patience"),
        (True, 0, None),
        (False, 1, None),
    ]
    assert (state.best_step, state.best_score) == (5, 1.0)
    assert [score for _, score in state.scores] == [3.0, 2.0, 2.0, 2.5, 1.0, math.inf]


def test_reasons():
    class Waiting:
        waited = 3

    assert stop.reason(Stop(), Waiting(), 0.0) is None  # type: ignore[arg-type]
    assert stop.reason(Stop(target=0.1), Waiting(), 0.1) == "target"  # type: ignore[arg-type]
    assert stop.reason(Stop(target=0.1, patience=3), Waiting(), 0.2) == "patience"  # type: ignore[arg-type]
    assert stop.reason(Stop(target=0.1, patience=3), Waiting(), 0.1) == "target"  # type: ignore[arg-type]
    assert stop.reason(Stop(target=0.1, patience=4), Waiting(), 0.2) is None  # type: ignore[arg-type]


@pytest.mark.parametrize("average", [False, True])
def test_the_weights_of_the_best_evaluation_are_the_ones_that_stay(make: Make, average: bool):
    settings = {"method.epochs": 40, "method.batch": 4, "optimizer.learning_rate": 0.1, "stop.patience": 3}
    settings |= {"averaging": {"kind": "ema", "decay": 0.5}} if average else {}
    session = make("classes", settings)
    kept: dict[str, torch.Tensor] = {}
    seen: list[Evaluated] = []
    for event in events(session, Writer(None)):
        if isinstance(event, Evaluated):
            seen.append(event)
            if event.best:
                with averaged(session.state):
                    kept = {name: value.clone() for name, value in session.state.network.state_dict().items()}
        if isinstance(event, Stopped):
            assert event.reason == "patience"
            assert event.best_step == min(seen, key=lambda item: item.loss).step
            assert len(seen) - 1 - seen.index(min(seen, key=lambda item: item.loss)) == 3
    found = session.state.network.state_dict()
    assert all(torch.equal(kept[name], found[name]) for name in found)


def test_a_training_that_ends_for_a_finding_says_which():
    fault = stop.found(Found(40, {"check": "dead-units", "message": "Half of the units are silent."}))
    assert (fault.code, fault.exit_code) == ("TRAIN-FINDING", 6)
    assert str(fault) == "step 40: dead-units: Half of the units are silent."
