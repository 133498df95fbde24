from __future__ import annotations

import json
import math
from collections.abc import Callable

import pytest
import torch

from pellucid.training.built import built, constant_loss
from pellucid.training.session import Session

Make = Callable[..., Session]


def test_layers_and_parameters_are_named_in_order(make: Make):
    session = make("classes", {"model.widths": [5]})
    with torch.no_grad():
        session.state.network.get_parameter("trunk.blocks.0.linear.weight").fill_(0.5)
    said = built(session)
    assert [(layer["name"], layer["says"]) for layer in said.layers] == [
        ("trunk.blocks.0.linear", "Linear(4, 5)"),
        ("trunk.blocks.0.activation", "ReLU"),
        ("head", "Linear(5, 3)"),
    ]
    assert said.parameters[0] == {
        "name": "trunk.blocks.0.linear.weight", "shape": [5, 4], "learns": True, "alike": True
    }  # fmt: skip
    assert [one.get("alike") for one in said.parameters] == [True, None, False, None]
    assert json.loads(said.line())["event"] == "built"


def test_modules_that_never_ran_stand_behind_the_one_before(make: Make):
    session = make("digits", {"model": {"kind": "inception", "width": 4}, "data.size": [32, 32]})
    said = built(session)
    names = [layer["name"] for layer in said.layers]
    assert {one["name"].rpartition(".")[0] for one in said.parameters} <= set(names) and len(set(names)) == len(names)


def test_frozen_parameters_do_not_learn(make: Make):
    session = make()
    for player in session.state.players.values():
        player.params.pop()
    assert [one["learns"] for one in built(session).parameters] == [True, True, True, False]


def test_the_best_constant_of_classes_is_their_entropy(make: Make):
    session = make("classes")
    target_B = session.dataset.train.target
    assert target_B is not None
    share_C = torch.bincount(target_B) / len(target_B)
    assert constant_loss(session) == pytest.approx(-float((share_C * share_C.log()).sum()), rel=1e-5)
    assert constant_loss(make("iris")) == pytest.approx(math.log(3), rel=1e-3)


@pytest.mark.parametrize(("loss", "least"), [("mse", 0.999), ("mae", 0.5), ("huber", 0.3)])
def test_the_best_constant_of_values_is_mean_or_median(make: Make, loss: str, least: float):
    session = make("values", {"task.loss": loss, "task.kind": "regression"})
    found = constant_loss(session)
    assert found is not None and least < found <= 1.0001
    task, train = session.recipe.task, session.dataset.train
    assert task is not None and train.target is not None
    for shift in (-0.1, 0.1):  # nearby constants are no better
        other = (train.target.median(0).values if loss == "mae" else train.target.mean(0)) + shift
        worse = float(task.losses(other.expand(train.target.shape), train).value_B.mean())
        assert worse > found - (0.02 if loss == "huber" else 1e-6)


def test_weights_of_rows_count(make: Make):
    session = make("classes", weights=True)
    assert constant_loss(session) != pytest.approx(constant_loss(make("classes")), rel=1e-4)


@pytest.mark.parametrize(("source", "model"), [("nuclei", "unet"), ("shapes", "cnn"), ("tagged", "gru")])
def test_other_answers(make: Make, source: str, model: str):
    session = make(source, {"model": {"kind": model}})
    found, answers = constant_loss(session), type(session.recipe.task).answers
    assert (found is None) if answers == "boxes" else (found is not None and 0 < found < 3)
