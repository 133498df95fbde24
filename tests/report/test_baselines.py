from __future__ import annotations

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

from pellucid.data.signature import PARTS
from pellucid.report.baselines import Baseline, ladder, nearest
from pellucid.report.outcome import outcome


def rungs(evidence) -> tuple[list[Baseline], dict]:
    outcomes = {part: outcome(evidence, part) for part in PARTS}
    return ladder(evidence, *outcomes.values()), outcomes


def test_the_ladder_of_a_classifier_equals_scikit_learn(evidence) -> None:
    (constant, linear, neighbours), outcomes = rungs(evidence("breast_cancer"))
    train, test = outcomes["train"], outcomes["test"]
    x, y = train.batch.input.double().numpy(), train.truth.numpy()
    penalty = float(linear.note.split("penalty ")[1].split(" ")[0])
    theirs = LogisticRegression(C=1 / penalty, tol=1e-8, max_iter=5000).fit(x, y)
    asked = test.batch.input.double().numpy()
    assert np.allclose(linear.prediction.probability, theirs.predict_proba(asked), atol=5e-3)
    votes = [KNeighborsClassifier(k).fit(x, y).predict_proba(asked) for k in (1, 5, 15)]
    assert any(np.allclose(neighbours.prediction.probability, vote) for vote in votes)
    assert np.allclose(constant.prediction.probability[0], np.bincount(y) / len(y))
    assert set(constant.prediction.label.tolist()) == {int(np.bincount(y).argmax())}


def test_the_ladder_of_values_equals_scikit_learn(evidence) -> None:
    (constant, _, neighbours), outcomes = rungs(evidence("diabetes"))
    x, y = outcomes["train"].batch.input.numpy(), outcomes["train"].truth.numpy()
    asked = outcomes["test"].batch.input.numpy()
    values = [KNeighborsRegressor(k).fit(x, y).predict(asked) for k in (1, 5, 15)]
    assert any(np.allclose(neighbours.prediction.value, value) for value in values)
    assert np.allclose(constant.prediction.value, y.mean(0))


def test_categories_and_labels_have_a_ladder(evidence) -> None:
    found, outcomes = rungs(evidence("labels"))
    assert [rung.name for rung in found] == ["constant", "linear", "neighbours"]
    # the second label is a category of the table: a linear model on one-hot codes finds it
    truth = outcomes["test"].truth
    assert (found[1].prediction.label[:, 1] == truth[:, 1]).all()


def test_nearest_is_in_order_of_distance() -> None:
    known, asked = torch.randn(40, 3), torch.randn(7, 3)
    expected = (asked[:, None] - known[None]).norm(dim=2).argsort(1)[:, :5]
    assert (nearest(known, asked, 5) == expected).all()


def test_what_was_capped_is_said(samples) -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=(12_000, 3))
    many = samples.table(x, (x[:, 0] > 0).astype(int), ["a", "b", "c"], ("no", "yes"), epochs=1)
    found, _ = rungs(many)
    assert len(found[2].index) == 2000
    assert "5,000 of 7,200 training rows" in found[2].note and "2,000 of 2,400 test rows" in found[2].note
