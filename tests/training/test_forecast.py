from __future__ import annotations

from collections.abc import Callable

import torch

from pellucid.training.forecast import forecast
from pellucid.training.session import Session

Make = Callable[..., Session]


def test_a_forecast_counts_and_touches_nothing(make: Make):
    session = make("classes", {"model.norm": "batch", "evaluate.every": 4, "averaging": {"kind": "ema"}})
    before = {name: value.clone() for name, value in session.state.network.state_dict().items()}
    average = [value.clone() for value in session.state.average or ()]
    cost = forecast(session)
    assert cost.steps == session.steps and cost.evaluations == -(-session.steps // 4)
    assert cost.seconds >= cost.steps * cost.step_seconds > 0 and cost.evaluation_seconds > 0
    assert cost.memory > 1 << 20
    after = session.state.network.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert all(torch.equal(one, two) for one, two in zip(average, session.state.average or (), strict=True))
    assert session.state.step == 0 and not session.state.scores and session.state.best is None
    assert all(not value.any() for name, value in session.state.tensors().items() if not name.startswith("average/"))


def test_a_training_that_would_run_away_has_a_forecast_too(make: Make):
    hot = {"optimizer.kind": "sgd", "optimizer.learning_rate": 1e30, "method.epochs": 50}
    assert forecast(make("classes", hot)).seconds > 0
