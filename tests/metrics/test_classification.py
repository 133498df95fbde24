"""Scores of classes and labels: equal to scikit-learn's over random cases with ties and weights."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as some
from sklearn import metrics as reference

from pellucid.metrics import classification as ours
from pellucid.metrics.catalogue import METRICS, metric
from pellucid.metrics.metric import Prediction

torch.set_num_threads(1)
ANSWERS = {
    "classes", "labels", "values", "mask", "boxes", "pairs", "steps", "next", "sentence", "future", "neighbours",
}  # fmt: skip
NAMES = sorted(name for name, place in METRICS.items() if "classification" in place)


def close(ours: float, theirs: float) -> None:
    assert ours == pytest.approx(float(theirs), abs=1e-9, rel=1e-9)


def case(seed: int, *, classes: int, rows: int, coarse: bool, weighted: bool):
    """(prediction, target, weight) of classes, every class present."""
    random = np.random.default_rng(seed)
    target = random.integers(0, classes, rows)
    target[:classes] = np.arange(classes)
    raw = random.random((rows, classes)) ** 2
    # coarse probabilities make many ties; powers of two keep their sums exact
    probability = (np.ceil(raw * 3) if coarse else raw) + 1e-3
    probability /= probability.sum(1, keepdims=True)
    weight = random.random(rows) * (random.random(rows) < 0.9) + (np.arange(rows) < classes) if weighted else None
    return probability, target, weight


def prediction_of(probability: np.ndarray) -> Prediction:
    tensor = torch.tensor(probability)
    return Prediction(label=tensor.argmax(1), probability=tensor)


def measure(name: str, prediction: Prediction, target: np.ndarray, weight: np.ndarray | None) -> float:
    return metric(name).measure(prediction, torch.tensor(target), None if weight is None else torch.tensor(weight))


@settings(max_examples=60, deadline=None)
@given(some.integers(0, 10**6), some.integers(2, 5), some.integers(6, 80), some.booleans(), some.booleans())
def test_classes_equal_scikit_learn(seed: int, classes: int, rows: int, coarse: bool, weighted: bool):
    probability, target, weight = case(seed, classes=classes, rows=rows, coarse=coarse, weighted=weighted)
    prediction = prediction_of(probability)
    assert prediction.label is not None
    label, binary = prediction.label.numpy(), classes == 2
    score = probability[:, 1] if binary else probability
    average = "binary" if binary else "macro"
    keys = {"sample_weight": weight}
    many = {} if binary else {"multi_class": "ovr"}
    expected = {
        "accuracy": reference.accuracy_score(target, label, **keys),
        "balanced_accuracy": reference.balanced_accuracy_score(target, label, **keys),
        "precision": reference.precision_score(target, label, average=average, zero_division=0, **keys),
        "recall": reference.recall_score(target, label, average=average, zero_division=0, **keys),
        "f1": reference.f1_score(target, label, average=average, zero_division=0, **keys),
        "roc_auc": reference.roc_auc_score(target, score, **many, **keys),
        "average_precision": reference.average_precision_score(target, score, **keys),
        "log_loss": reference.log_loss(target, probability, labels=range(classes), **keys),
        "brier": reference.brier_score_loss(target, score, **keys),
    }
    for name, value in expected.items():
        close(measure(name, prediction, target, weight), value)


@settings(max_examples=30, deadline=None)
@given(some.integers(0, 10**6), some.integers(1, 4), some.booleans(), some.booleans())
def test_labels_equal_scikit_learn(seed: int, labels: int, coarse: bool, weighted: bool):
    random = np.random.default_rng(seed)
    target = random.integers(0, 2, (40, labels)).astype(float)
    target[0], target[1] = 0, 1
    probability = random.random((40, labels))
    probability = np.round(probability, 1) if coarse else probability
    weight = random.random(40) if weighted else None
    label = (probability > 0.5).astype(int)
    prediction = Prediction(label=torch.tensor(label), probability=torch.tensor(probability))
    keys = {"sample_weight": weight}
    each = range(labels)
    several = labels > 1  # scikit-learn reads a single column as one binary target
    pairs = [(target[:, at], probability[:, at]) for at in each]
    macro = {"average": "macro" if several else "binary", "zero_division": 0, **keys}
    truth, called = (target, label) if several else (target[:, 0], label[:, 0])
    expected = {
        "accuracy": reference.accuracy_score(truth, called, **keys),
        "precision": reference.precision_score(truth, called, **macro),
        "recall": reference.recall_score(truth, called, **macro),
        "f1": reference.f1_score(truth, called, **macro),
        "roc_auc": reference.roc_auc_score(target, probability, average="macro", **keys),
        "average_precision": reference.average_precision_score(target, probability, average="macro", **keys),
        "log_loss": np.mean([reference.log_loss(y, np.stack([1 - p, p], 1), labels=[0, 1], **keys) for y, p in pairs]),
        "brier": np.mean([reference.brier_score_loss(y, p, **keys) for y, p in pairs]),
    }
    for name, value in expected.items():
        close(measure(name, prediction, target, weight), value)


def test_absent_and_never_called_classes_as_scikit_learn():
    target, label = np.array([0, 0, 2, 2, 2]), np.array([0, 1, 2, 1, 2])
    prediction = Prediction(label=torch.tensor(label), probability=torch.zeros(5, 4).double())
    for name, function in (
        ("precision", reference.precision_score),
        ("recall", reference.recall_score),
        ("f1", reference.f1_score),
    ):
        close(measure(name, prediction, target, None), function(target, label, average="macro", zero_division=0))
    close(measure("balanced_accuracy", prediction, target, None), (1 / 2 + 2 / 3) / 2)


def test_labels_alone_are_enough_for_scores_of_labels():
    prediction = Prediction(label=torch.tensor([0, 0, 0]))
    assert measure("precision", prediction, np.array([0, 0, 0]), None) == 0
    assert measure("recall", prediction, np.array([1, 0, 0]), None) == 0
    assert measure("accuracy", prediction, np.array([1, 0, 0]), None) == pytest.approx(2 / 3)


def test_calibration_error_by_hand():
    probability = np.array([[0.95, 0.05], [0.95, 0.05], [0.35, 0.65], [0.35, 0.65]])
    target = np.array([0, 1, 1, 1])
    expected = 0.5 * abs(0.5 - 0.95) + 0.5 * abs(1 - 0.65)
    close(measure("calibration_error", prediction_of(probability), target, None), expected)
    close(measure("calibration_error", prediction_of(probability), target, np.array([1.0, 0, 0, 0])), 0.05)


def test_log_loss_of_certainty_is_clipped_as_scikit_learn_does():
    probability, target = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([1, 1])
    close(
        measure("log_loss", prediction_of(probability), target, None),
        reference.log_loss(target, probability, labels=[0, 1]),
    )
    assert measure("log_loss", prediction_of(probability), target, None) == pytest.approx(36.04 / 2, abs=0.01)


@pytest.mark.parametrize("name", NAMES)
def test_no_examples_and_no_weight_are_undefined(name: str):
    empty = Prediction(label=torch.empty(0, dtype=torch.int64), probability=torch.empty(0, 3, dtype=torch.float64))
    assert math.isnan(measure(name, empty, np.empty(0, dtype=np.int64), None))
    if name not in ("precision", "recall", "f1"):
        assert math.isnan(measure(name, prediction_of(np.full((2, 2), 0.5)), np.array([0, 1]), np.zeros(2)))


def test_one_class_only_is_undefined():
    prediction = prediction_of(np.array([[0.3, 0.7], [0.6, 0.4]]))
    for target in (np.array([0, 0]), np.array([1, 1])):
        assert math.isnan(measure("roc_auc", prediction, target, None))
    assert math.isnan(measure("average_precision", prediction, np.array([0, 0]), None))
    assert measure("average_precision", prediction, np.array([1, 1]), None) == 1


def test_the_catalogue_and_the_constants_agree():
    for name in METRICS:
        found = metric(name)
        assert found.name == name and found.better in ("higher", "lower")
        assert found.targets <= ANSWERS
    assert metric("accuracy") is ours.ACCURACY and metric("log_loss").better == "lower"
