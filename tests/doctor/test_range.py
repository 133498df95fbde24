from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import pellucid
from pellucid.data.arrays import ArrayRaw
from pellucid.doctor.range import curvature, largest_rate
from pellucid.errors import TrainingError
from pellucid.recipe import Recipe
from pellucid.training import loop
from pellucid.training.session import Session, prepare

torch.set_num_threads(1)


def rows() -> ArrayRaw:
    random = np.random.default_rng(0)
    x_ND = random.normal(size=(120, 3)) @ np.diag([3.0, 1.0, 0.3])
    return ArrayRaw(x_ND, x_ND @ [[1.0], [-2.0], [0.5]])


def bowl(rate: float, **optimizer: Any) -> Session:
    """Linear regression on all rows at once: the loss is a quadratic bowl."""
    schedule = {"kind": "sgd", "learning_rate": rate, "schedule": "constant"}
    recipe = {
        "data": {"kind": "arrays"}, "model": {"kind": "mlp", "widths": []}, "method": {"batch": 1000, "epochs": 300},
        "optimizer": {**schedule, **optimizer}, "threads": 1, "precision": "float32",
    }  # fmt: skip
    return prepare(Recipe.model_validate(recipe), rows())


def test_the_curvature_is_the_largest_eigenvalue():
    session = bowl(0.1)
    batch = next(iter(next(iter(session.phases())).batches.batches(0, 0)))
    assert isinstance(batch.input, torch.Tensor)
    x_BD = torch.cat([batch.input, torch.ones(len(batch), 1)], 1).double()
    exact = float(torch.linalg.eigvalsh(2 * x_BD.T @ x_BD / len(batch))[-1])
    before = {name: value.clone() for name, value in session.state.network.state_dict().items()}
    assert curvature(session) == pytest.approx(exact, rel=0.01)
    assert largest_rate(session) == pytest.approx(2 / exact, rel=0.01)
    after = session.state.network.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert all(param.grad is None for param in session.state.network.parameters())


def losses(session: Session) -> list[float]:
    seen: list[float] = []
    try:
        seen.extend(event.loss for event in loop.steps(session.state, session.phases()))
    except TrainingError:
        seen.append(math.inf)
    return seen


@pytest.mark.row("C7")
@pytest.mark.parametrize("momentum", [0.0, 0.8])
def test_a_bowl_is_left_above_the_rate_that_is_foretold(momentum: float):
    rate = largest_rate(bowl(0.1, momentum=momentum))
    assert rate is not None
    below, above = bowl(0.95 * rate, momentum=momentum), bowl(1.05 * rate, momentum=momentum)
    fell = losses(below)
    assert fell[-1] < 0.1 * fell[0]
    rose = losses(above)
    assert rose[-1] > 10 * min(rose)


@pytest.mark.row("C7")
def test_both_ends_of_the_range_are_found(tmp_path: Path):
    checks = []
    for place, rate in enumerate((2e-9, 30.0)):
        folder = tmp_path / str(place)
        recipe = {
            "data": {"path": "digits"}, "model": {"kind": "mlp", "widths": [16]}, "threads": 1, "method": {"epochs": 8},
            "optimizer": {"kind": "sgd", "learning_rate": rate, "schedule": "constant"}, "precision": "float32",
        }  # fmt: skip
        try:
            pellucid.train(Recipe.model_validate(recipe), run=folder, report=False)
        except TrainingError:
            pass
        checks.append([finding.check for finding in pellucid.diagnose(folder) if finding.severity != "info"])
    assert "rate-too-low" in checks[0] and {"rate-too-high", "diverges"} & set(checks[1])


def test_what_scales_its_steps_has_no_such_limit():
    assert largest_rate(bowl(0.1, kind="adamw")) is None
