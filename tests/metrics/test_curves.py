"""Curves and counts: equal to scikit-learn's, with ties and weights; undefined ones are NaN."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn import metrics as reference
from sklearn.calibration import calibration_curve as reference_calibration

from pellucid.metrics.curves import calibration_curve, confusion_matrix, precision_recall_curve, roc_curve

torch.set_num_threads(1)


def case(seed: int, weighted: bool):
    random = np.random.default_rng(seed)
    target = random.integers(0, 2, 60)
    target[:2] = [0, 1]
    score = np.round(random.random(60), 1) if seed % 2 else random.random(60)
    weight = random.integers(0, 4, 60).astype(float) + (np.arange(60) < 2) if weighted else None
    return target, score, weight


def tensors(target, score, weight):
    return torch.tensor(score), torch.tensor(target), None if weight is None else torch.tensor(weight)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_roc_and_precision_recall(seed: int, weighted: bool):
    target, score, weight = case(seed, weighted)
    roc = reference.roc_curve(target, score, sample_weight=weight, drop_intermediate=False)
    for ours, theirs in zip(roc_curve(*tensors(target, score, weight)), roc, strict=True):
        np.testing.assert_allclose(ours.numpy(), theirs, atol=1e-12)
    curve = reference.precision_recall_curve(target, score, sample_weight=weight)
    ours = precision_recall_curve(*tensors(target, score, weight))
    for own, theirs in zip(ours, curve, strict=True):
        np.testing.assert_allclose(own.numpy(), theirs, atol=1e-12)


@pytest.mark.parametrize("bins", [5, 10, 15])
def test_calibration_as_scikit_learn(bins: int):
    target, score, _ = case(3, False)
    observed, predicted = reference_calibration(target, score, n_bins=bins)
    curve = calibration_curve(torch.tensor(score), torch.tensor(target), bins=bins)
    np.testing.assert_allclose(curve.observed_P.numpy(), observed, atol=1e-12)
    np.testing.assert_allclose(curve.predicted_P.numpy(), predicted, atol=1e-12)
    assert curve.weight_P.sum() == 60


def test_a_weight_is_a_repetition():
    score, target = torch.tensor([0.1, 0.1, 0.9, 1.0, 0.0]), torch.tensor([0, 1, 1, 1, 0])
    weight = torch.tensor([1, 2, 3, 0, 1])
    repeated = calibration_curve(score.repeat_interleave(weight), target.repeat_interleave(weight))
    for ours, theirs in zip(calibration_curve(score, target, weight_N=weight), repeated, strict=True):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("weighted", [False, True])
def test_confusion_matrix(weighted: bool):
    random = np.random.default_rng(0)
    target, label, weight = random.integers(0, 4, 50), random.integers(0, 3, 50), random.random(50)
    given = weight if weighted else None
    theirs = reference.confusion_matrix(target, label, labels=range(5), sample_weight=given)
    ours = confusion_matrix(
        torch.tensor(label), torch.tensor(target), classes=5, weight_N=torch.tensor(weight) if weighted else None
    )
    np.testing.assert_allclose(ours.numpy(), theirs, atol=1e-12)


def test_by_hand():
    roc = roc_curve(torch.tensor([0.9, 0.8, 0.8, 0.1]), torch.tensor([1, 0, 1, 0]))
    assert roc.false_share_P.tolist() == [0, 0, 0.5, 1] and roc.true_share_P.tolist() == [0, 0.5, 1, 1]
    assert roc.threshold_P.tolist() == pytest.approx([float("inf"), 0.9, 0.8, 0.1])


def test_undefined_and_empty():
    one_class = roc_curve(torch.tensor([0.2, 0.3]), torch.tensor([True, True]))
    assert one_class.false_share_P.isnan().all() and one_class.true_share_P.tolist() == [0, 0.5, 1]
    assert precision_recall_curve(torch.tensor([0.2]), torch.tensor([0])).recall.tolist()[-1] == 0
    empty, codes = torch.empty(0), torch.empty(0, dtype=torch.int64)
    assert roc_curve(empty, codes).threshold_P.shape == (1,)
    assert precision_recall_curve(empty, codes).precision.tolist() == [1]
    assert calibration_curve(empty, codes).weight_P.shape == (0,)
    assert confusion_matrix(codes, codes, classes=3).shape == (3, 3)
