"""Scores of pairs: against scikit-learn, loops and small cases by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from sklearn import metrics
from torch.nn import functional as F

from pellucid.metrics import verification
from pellucid.metrics.metric import Prediction
from pellucid.metrics.verification import (
    accepts_at,
    midway,
    pair_accuracy,
    pair_auc,
    pairs,
    retrieval,
    roc,
    tar_at_far,
)

torch.set_num_threads(1)
SCORES = (pair_auc, pair_accuracy, tar_at_far, retrieval)


def clouds(classes: int = 5, each: int = 6, spread: float = 0.8, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Unit vectors around a centre for each class."""
    random = torch.Generator().manual_seed(seed)
    code_N = torch.arange(classes).repeat(each)
    centre = torch.randn(classes, 4, dtype=torch.float64, generator=random)
    noise = spread * torch.randn(len(code_N), 4, dtype=torch.float64, generator=random)
    return F.normalize(centre[code_N] + noise, dim=1), code_N


def every(vector: torch.Tensor, code: torch.Tensor) -> tuple[list[bool], list[float]]:
    """Whether each pair is of one class, and its cosine, by loops."""
    found = [(i, j) for i in range(len(code)) for j in range(i)]
    return [bool(code[i] == code[j]) for i, j in found], [float(vector[i] @ vector[j]) for i, j in found]


def on_a_circle(*degrees: float) -> torch.Tensor:
    angle = torch.tensor(degrees, dtype=torch.float64).deg2rad()
    return torch.stack([angle.cos(), angle.sin()], 1)


def test_the_area_equals_scikit_learn():
    vector, code = clouds()
    same, cosine = every(vector, code)
    assert len(cosine) == 30 * 29 / 2 and sum(same) == 5 * 15
    expected = metrics.roc_auc_score(same, cosine)
    assert pair_auc(Prediction(embedding_ND=vector), code) == pytest.approx(expected, abs=1e-4)


def test_accuracy_is_that_of_balanced_pairs_at_the_threshold():
    vector, code = clouds()
    same, cosine = every(vector, code)
    for threshold in (-0.5, 0.3, 0.9):
        expected = metrics.balanced_accuracy_score(same, [value >= threshold for value in cosine])
        prediction = Prediction(embedding_ND=vector, threshold=threshold)
        assert pair_accuracy(prediction, code) == pytest.approx(expected)


def test_without_a_threshold_the_one_midway_decides():
    vector, code = clouds()
    same, cosine = (np.array(values) for values in every(vector, code))
    middle = (cosine[same].mean() + cosine[~same].mean()) / 2
    assert midway(pairs(vector, code)) == pytest.approx(middle)
    expected = metrics.balanced_accuracy_score(same, cosine >= middle)
    assert pair_accuracy(Prediction(embedding_ND=vector), code) == pytest.approx(expected)


def test_the_middle_counts_weights():
    vector, code = clouds(each=4)
    kept = torch.arange(len(code)) % 3 != 0
    expected = midway(pairs(vector[kept], code[kept]))
    assert midway(pairs(vector, code, kept.double())) == pytest.approx(expected)


def test_true_accepts_by_hand():
    # same: 10 and 60 degrees apart; different: 20, 30, 80, 90 degrees
    vector, code = on_a_circle(0, 10, 30, 90), torch.tensor([0, 0, 1, 1])
    curve = roc(pairs(vector, code))
    assert accepts_at(curve, 0.0)[0] == 0.5 and accepts_at(curve, 0.49)[0] == 0.5 and accepts_at(curve, 0.5)[0] == 1
    assert tar_at_far(Prediction(embedding_ND=vector), code) == 0.5


def test_retrieval_equals_a_loop():
    vector, code = clouds(classes=6, each=3, spread=1.5)
    code[-1] = 99  # alone of its class: it counts for nothing, and may still be the nearest of others
    right = []
    for at in range(len(code) - 1):
        cosine = vector @ vector[at]
        cosine[at] = -2
        right.append(bool(code[cosine.argmax()] == code[at]))
    assert 0 < sum(right) < len(right)
    assert retrieval(Prediction(embedding_ND=vector), code) == pytest.approx(sum(right) / len(right))


def test_a_copy_is_no_pair():
    vector, code = clouds()
    twice = torch.arange(len(code)).repeat(2)
    assert float(pairs(vector[twice], code[twice]).cosine_NN.max()) < 1 - 1e-9
    for score in SCORES:
        once = score(Prediction(embedding_ND=vector, threshold=0.5), code)
        assert score(Prediction(embedding_ND=vector[twice], threshold=0.5), code[twice]) == pytest.approx(once)


def test_weights_count_as_repeats_of_different_images():
    vector, code = clouds(each=4)
    kept = torch.arange(len(code)) % 3 != 0
    weight = kept.double()
    for score in SCORES:
        expected = score(Prediction(embedding_ND=vector[kept], threshold=0.4), code[kept])
        if score is retrieval:
            continue  # an image without weight is still there to be found
        assert score(Prediction(embedding_ND=vector, threshold=0.4), code, weight) == pytest.approx(expected)
    assert retrieval(Prediction(embedding_ND=vector), code, torch.ones(len(code))) == retrieval(
        Prediction(embedding_ND=vector), code
    )


@pytest.mark.parametrize("count", [0, 1, 4])
def test_one_class_alone_has_no_score(count: int):
    vector, code = clouds(classes=1, each=count) if count else (torch.zeros(0, 4), torch.zeros(0).long())
    assert midway(pairs(vector, code)) is None
    assert all(math.isnan(score(Prediction(embedding_ND=vector), code)) for score in (pair_auc, pair_accuracy))
    prediction = Prediction(embedding_ND=vector, threshold=0.5)
    assert math.isnan(pair_accuracy(prediction, code)) and math.isnan(tar_at_far(prediction, code))
    assert math.isnan(retrieval(prediction, code)) == (count < 2)


def test_many_images_are_thinned_evenly(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(verification, "MOST", 10)
    vector, code = clouds(each=20)
    found = pairs(vector, code)
    assert found.cosine_NN.shape == (10, 10) and found.at_N[0] == 0 and found.at_N[-1] == 99
    assert all(0 <= score(Prediction(embedding_ND=vector), code) <= 1 for score in SCORES)
