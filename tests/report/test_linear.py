from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn import datasets
from sklearn.linear_model import LogisticRegression, Ridge

from pellucid.report.linear import logistic, minimise, ridge


def standard(x: np.ndarray) -> np.ndarray:
    return (x - x.mean(0)) / x.std(0)


@pytest.mark.parametrize("penalty", [1.0, 100.0])
def test_binary_logistic_regression_equals_scikit_learn(penalty: float) -> None:
    x, y = datasets.load_breast_cancer(return_X_y=True)
    x = standard(x)
    ours = logistic(torch.tensor(x), torch.tensor(y)[:, None], penalty, link="sigmoid", steps=1000)
    theirs = LogisticRegression(C=1 / penalty, tol=1e-10, max_iter=10_000).fit(x, y)
    assert np.allclose(ours.weight_DC[:, 0], theirs.coef_[0], atol=2e-3)
    assert np.allclose(torch.sigmoid(ours(torch.tensor(x)))[:, 0], theirs.predict_proba(x)[:, 1], atol=1e-3)


def test_multinomial_logistic_regression_equals_scikit_learn() -> None:
    x, y = datasets.load_wine(return_X_y=True)
    x = standard(x)
    one_hot = torch.nn.functional.one_hot(torch.tensor(y))
    ours = logistic(torch.tensor(x), one_hot, 1.0, link="softmax", steps=1000)
    theirs = LogisticRegression(tol=1e-10, max_iter=10_000).fit(x, y)
    assert np.allclose(torch.softmax(ours(torch.tensor(x)), 1), theirs.predict_proba(x), atol=1e-3)


def test_weights_count_rows_like_copies() -> None:
    x, y = datasets.load_breast_cancer(return_X_y=True)
    x = torch.tensor(standard(x)[:, :5])
    target = torch.tensor(y)[:, None]
    twice = torch.cat([x, x[:100]]), torch.cat([target, target[:100]])
    weight = torch.ones(len(x))
    weight[:100] = 2
    copied = logistic(*twice, 1.0, link="sigmoid", steps=500)
    weighted = logistic(x, target, 1.0, link="sigmoid", weight_N=weight, steps=500)
    assert torch.allclose(copied.weight_DC, weighted.weight_DC, atol=1e-3)


@pytest.mark.parametrize("weighted", [False, True])
def test_ridge_equals_scikit_learn(weighted: bool) -> None:
    x, y = datasets.load_diabetes(return_X_y=True)
    weight = np.linspace(0.5, 2, len(y)) if weighted else None
    ours = ridge(torch.tensor(x), torch.tensor(y)[:, None], 1.0, None if weight is None else torch.tensor(weight))
    theirs = Ridge(alpha=1.0).fit(x, y, sample_weight=weight)
    assert np.allclose(ours(torch.tensor(x))[:, 0], theirs.predict(x), atol=1e-8)


def test_ridge_survives_equal_columns() -> None:
    x = torch.randn(50, 1, dtype=torch.float64).repeat(1, 3)
    assert torch.isfinite(ridge(x, x[:, :1], 1.0).weight_DC).all()


def test_minimise_finds_the_bottom_of_a_quadratic() -> None:
    scale = torch.tensor([[1.0], [1000.0]], dtype=torch.float64)

    def cost(at: torch.Tensor) -> tuple[float, torch.Tensor]:
        return float((scale * (at - 3).square()).sum()), 2 * scale * (at - 3)

    found = minimise(cost, torch.zeros(2, 1, dtype=torch.float64), steps=100, tolerance=1e-9)
    assert torch.allclose(found, torch.full((2, 1), 3.0, dtype=torch.float64))
