from __future__ import annotations

from collections.abc import Callable
from itertools import islice

import pytest
import torch

from pellucid.training import evaluate, loop
from pellucid.training.run import look
from pellucid.training.session import Session
from pellucid.training.state import averaged

Make = Callable[..., Session]


def test_rows_in_pieces_give_what_they_give_together(make: Make, monkeypatch: pytest.MonkeyPatch):
    session = make("classes", {"model.norm": "batch", "model.dropout": 0.5})
    network, rows = session.state.network.train(), session.dataset.train
    whole = evaluate.outputs(network, rows)
    monkeypatch.setattr(evaluate, "CHUNK", 7)
    assert torch.allclose(evaluate.outputs(network, rows), whole, atol=1e-6)
    assert network.training, "the mode is put back"
    assert torch.equal(evaluate.outputs(network, rows), evaluate.outputs(network, rows)), "no dropout"


def test_values_are_scored_in_the_units_of_the_data(make: Make):
    session = make("values")
    recipe, dataset = session.recipe, session.dataset
    assert dataset.scale is not None and recipe.task is not None
    raw = session.raw
    rows = dataset.valid.row_B
    assert rows is not None
    truth = evaluate.truth(dataset.valid, dataset.scale)
    assert torch.allclose(truth, torch.from_numpy(raw.target)[rows], atol=1e-5)  # type: ignore[attr-defined]
    scores = evaluate.score(
        session.state.network,
        dataset.valid,
        recipe.task,
        signature=session.signature,
        scale=dataset.scale,
        names=("rmse", "mae"),
    )
    output = evaluate.outputs(session.state.network, dataset.valid).double()
    value = output * dataset.scale.scale_D + dataset.scale.mean_D
    assert scores.metrics["rmse"] == pytest.approx(float((value - truth).square().mean(0).sqrt().mean()), rel=1e-4)
    assert scores.metrics["mae"] == pytest.approx(float((value - truth).abs().mean()), rel=1e-4)


def test_the_loss_is_weighted_and_the_metrics_are_not(make: Make):
    session = make("classes", {"task.kind": "classification", "task.class_weight": {"a": 9.0}})
    task, valid = session.recipe.task, session.dataset.valid
    assert task is not None and valid.weight_B is not None
    scores = evaluate.score(
        session.state.network, valid, task, signature=session.signature, scale=None, names=("accuracy",)
    )
    output = evaluate.outputs(session.state.network, valid)
    loss_B = torch.nn.functional.cross_entropy(output, valid.target, reduction="none")
    assert scores.loss == pytest.approx(float((loss_B * valid.weight_B).sum() / valid.weight_B.sum()), rel=1e-5)
    assert scores.metrics["accuracy"] == pytest.approx(float((output.argmax(1) == valid.target).float().mean()))


def test_the_average_is_what_is_evaluated_and_kept(make: Make):
    settings = {"averaging": {"kind": "ema", "decay": 0.99}, "optimizer.learning_rate": 0.1, "method.batch": 8}
    session = make("classes", settings)
    list(islice(loop.steps(session.state, session.phases()), 10))
    state, task = session.state, session.recipe.task
    assert task is not None and state.average is not None

    def loss() -> float:
        valid, signature = session.dataset.valid, session.signature
        return evaluate.score(state.network, valid, task, signature=signature, scale=None, names=()).loss

    plain = loss()
    with averaged(state):
        mean = loss()
    assert plain != mean
    assert look(session).loss == mean
    assert state.best is not None
    for (name, _), value in zip(state.network.named_parameters(), state.average, strict=True):
        assert torch.equal(state.best[name], value)
    assert loss() == plain
