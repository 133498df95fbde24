"""Rows of the checklist about what the smallest networks can and cannot learn, by recipe."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from pellucid.recipe import Recipe
from pellucid.record import Evaluated, Step
from pellucid.training.run import Writer, events
from pellucid.training.session import Session, prepare

PARTS = ("train", "valid", "test")
BY_PART = {"kind": "table", "target": "y", "split": {"kind": "by_column", "column": "part"}}
STEADY = {"schedule": "constant", "weight_decay": 0.0}


def session(rows: dict[str, Any], **more: Any) -> Session:
    """The rows stand in every part, so that what is judged is what was learnt."""
    count = len(rows["y"])
    repeated = {name: list(cells) * 3 for name, cells in rows.items()}
    repeated["part"] = [part for part in PARTS for _ in range(count)]
    recipe = Recipe.model_validate({"data": BY_PART, "threads": 1, **more})
    return prepare(recipe, recipe.data.read_rows(repeated))


def unit(y: list[int], seed: int) -> list[float]:
    """Accuracy of one sigmoid unit on a truth table after each of 100 epochs."""
    rows = {"a": [0, 0, 1, 1], "b": [0, 1, 0, 1], "y": y}
    made = session(
        rows,
        model={"kind": "mlp", "widths": []},
        method={"epochs": 100, "batch": 4},
        optimizer={"kind": "sgd", "learning_rate": 2.0, **STEADY},
        seed=seed,
    )
    assert sum(layer.parameters for layer in made.layers) == 3
    return [event.metrics["accuracy"] for event in events(made, Writer(None)) if isinstance(event, Evaluated)]


@pytest.mark.row("A1")
def test_one_unit_learns_and_within_100_epochs_from_every_start():
    assert all(max(unit([0, 0, 0, 1], seed)) == 1.0 for seed in range(20))


@pytest.mark.row("A1")
def test_one_unit_never_tells_more_than_three_of_four_in_xor():
    assert all(max(unit([0, 1, 1, 0], seed)) <= 0.75 for seed in range(20))


@pytest.mark.row("A4")
def test_one_sigmoid_unit_is_logistic_regression():
    random = np.random.default_rng(0)
    x_ND = random.normal(size=(200, 3)) * (1.0, 5.0, 0.2) + (0.0, 3.0, -1.0)
    chance = 1 / (1 + np.exp(-((x_ND - (0.0, 3.0, -1.0)) / (1.0, 5.0, 0.2) @ (1.0, -2.0, 0.5) + 0.3)))
    rows = {name: x_ND[:, place].tolist() for place, name in enumerate("abc")}
    made = session(
        rows | {"y": ["yes" if value else "no" for value in random.random(200) < chance]},
        model={"kind": "mlp", "widths": []},
        method={"epochs": 1500, "batch": 200},
        optimizer={"kind": "sgd", "learning_rate": 1.0, **STEADY},
        evaluate={"every": 1500},
        checkpoint={"every": 1500},
    )
    list(events(made, Writer(None)))
    train = made.dataset.train
    assert isinstance(train.input, torch.Tensor) and train.target is not None
    known = LogisticRegression(C=1e12, tol=1e-10, max_iter=10_000).fit(train.input.numpy(), train.target.numpy())
    head = made.state.network.head
    np.testing.assert_allclose(head.get_parameter("weight").detach().numpy(), known.coef_, atol=1e-3)
    np.testing.assert_allclose(head.get_parameter("bias").detach().numpy(), known.intercept_, atol=1e-3)


@pytest.mark.row("C1")
def test_a_linear_network_reaches_least_squares():
    random = np.random.default_rng(0)
    x_ND = random.normal(size=(150, 4))
    y_N = x_ND @ (1.0, -2.0, 0.5, 3.0) + 4 + random.normal(size=150)
    rows = {name: x_ND[:, place].tolist() for place, name in enumerate("abcd")}
    made = session(
        rows | {"y": y_N.tolist()},
        model={"kind": "mlp", "widths": []},
        method={"epochs": 600, "batch": 150},
        optimizer={"kind": "sgd", "learning_rate": 0.1, **STEADY},
        evaluate={"every": 600},
        checkpoint={"every": 600},
    )
    list(events(made, Writer(None)))
    train = made.dataset.train
    assert isinstance(train.input, torch.Tensor) and train.target is not None
    with_one = torch.cat([train.input, torch.ones(150, 1)], 1).double()
    exact = torch.linalg.lstsq(with_one, train.target.double()).solution[:, 0]
    head = made.state.network.head
    found = torch.cat([head.get_parameter("weight")[0], head.get_parameter("bias")]).double()
    torch.testing.assert_close(found.detach(), exact, atol=1e-4, rtol=0)


@pytest.mark.row("A10")
def test_two_hidden_units_solve_the_xor_pattern_from_nine_starts_in_ten():
    # With tanh or sigmoid, which are straight near 0, such a small network stays stuck from most starts; swish is bent.
    random = np.random.default_rng(0)
    corner = np.array([(-1, -1), (-1, 1), (1, -1), (1, 1)]).repeat(15, 0)
    x_ND = corner + 0.15 * random.normal(size=corner.shape)
    names = ["red cross" if one * other < 0 else "blue circle" for one, other in corner]
    rows = {"across": x_ND[:, 0].tolist(), "up": x_ND[:, 1].tolist(), "y": names}
    solved = 0
    for seed in range(20):
        made = session(
            rows,
            model={"kind": "mlp", "widths": [2], "activation": "swish"},
            method={"epochs": 200, "batch": 60},
            optimizer={"kind": "adam", "learning_rate": 0.1, **STEADY},
            evaluate={"every": 200},
            checkpoint={"every": 200},
            seed=seed,
        )
        assert sum(layer.parameters for layer in made.layers) == 2 * 2 + 2 + 2 + 1
        last = [event for event in events(made, Writer(None)) if isinstance(event, Evaluated)][-1]
        solved += last.metrics["accuracy"] == 1.0
    assert solved >= 18


@pytest.mark.row("C5")
def test_batch_stochastic_and_mini_batch_descent_differ_in_the_noise_of_the_path():
    random = np.random.default_rng(0)
    x_ND = random.normal(size=(60, 2))
    y_N = x_ND @ (1.0, -1.0) + random.normal(size=60)
    rows = {"a": x_ND[:, 0].tolist(), "b": x_ND[:, 1].tolist(), "y": y_N.tolist()}
    noise: dict[int, float] = {}
    for batch, steps in ((1, 60), (10, 6), (60, 1)):
        made = session(
            rows,
            model={"kind": "mlp", "widths": []},
            method={"epochs": 30, "batch": batch},
            optimizer={"kind": "sgd", "learning_rate": 0.02, **STEADY},
        )
        assert made.per_epoch == steps and made.steps == 30 * steps
        losses = [event.loss for event in events(made, Writer(None)) if isinstance(event, Step)]
        if batch == 60:
            assert all(later <= earlier + 1e-6 for earlier, later in pairwise(losses))
        noise[batch] = float(np.std(np.diff(losses)))
    assert noise[1] > 1.3 * noise[10] > 2 * noise[60]
