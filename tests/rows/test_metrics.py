"""Rows P1 and P2: scores equal scikit-learn's to 1e-9 on real data."""

from __future__ import annotations

import pytest
import torch
from sklearn import metrics as reference
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.linear_model import LinearRegression
from sklearn.naive_bayes import GaussianNB

from pellucid.metrics.catalogue import metric
from pellucid.metrics.metric import Prediction

torch.set_num_threads(1)


@pytest.mark.row("P1")
@pytest.mark.parametrize("load", [load_breast_cancer, load_wine])
def test_classification_scores(load):
    data = load()
    features = data.data[:, :4]  # few columns, so that the classifier errs and the scores differ
    probability = GaussianNB().fit(features[::2], data.target[::2]).predict_proba(features)
    label, target = probability.argmax(1), data.target
    prediction = Prediction(label=torch.tensor(label), probability=torch.tensor(probability))
    binary = probability.shape[1] == 2
    average = "binary" if binary else "macro"
    expected = {
        "accuracy": reference.accuracy_score(target, label),
        "precision": reference.precision_score(target, label, average=average),
        "recall": reference.recall_score(target, label, average=average),
        "f1": reference.f1_score(target, label, average=average),
        "roc_auc": reference.roc_auc_score(target, probability[:, 1] if binary else probability, multi_class="ovr"),
    }
    for name, value in expected.items():
        ours = metric(name).measure(prediction, torch.tensor(target), None)
        assert ours == pytest.approx(value, abs=1e-9) and 0.5 < ours < 1


@pytest.mark.row("P2")
def test_regression_scores():
    data = load_diabetes()
    value = LinearRegression().fit(data.data, data.target).predict(data.data)
    prediction, target = Prediction(value=torch.tensor(value)), torch.tensor(data.target)
    expected = {
        "mse": reference.mean_squared_error(data.target, value),
        "rmse": reference.root_mean_squared_error(data.target, value),
        "mae": reference.mean_absolute_error(data.target, value),
        "r2": reference.r2_score(data.target, value),
    }
    for name, theirs in expected.items():
        assert metric(name).measure(prediction, target, None) == pytest.approx(theirs, abs=1e-9, rel=1e-9)
