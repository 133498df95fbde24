"""Scores of masks: equal to scikit-learn's over all judged pixels, and sums over images."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as some
from sklearn import metrics as reference

from pellucid.metrics.catalogue import metric
from pellucid.metrics.metric import Prediction
from pellucid.metrics.segmentation import DICE, IOU, PIXEL_ACCURACY, UNJUDGED, by_class, counts, dices, ious

torch.set_num_threads(1)


def case(seed: int, classes: int, images: int) -> tuple[Prediction, torch.Tensor]:
    """Masks of 5 x 4 of which some pixels are not judged; every class occurs."""
    random = np.random.default_rng(seed)
    truth = random.integers(0, classes, (images, 5, 4))
    said = np.where(random.random(truth.shape) < 0.6, truth, random.integers(0, classes, truth.shape))
    truth[random.random(truth.shape) < 0.1] = UNJUDGED
    truth[0].flat[:classes] = said[0].flat[:classes] = np.arange(classes)
    label = torch.tensor(said, dtype=torch.uint8)
    return Prediction(label=label, classes=classes), torch.tensor(truth, dtype=torch.uint8)


@settings(max_examples=60, deadline=None)
@given(some.integers(0, 10**6), some.integers(2, 5), some.integers(1, 70))
def test_scores_equal_scikit_learn(seed: int, classes: int, images: int):
    prediction, target = case(seed, classes, images)
    assert prediction.label is not None
    judged = target != UNJUDGED
    true, said = target[judged].numpy(), prediction.label[judged].numpy()
    average = "binary" if classes == 2 else "macro"
    assert IOU.measure(prediction, target, None) == pytest.approx(reference.jaccard_score(true, said, average=average))
    assert DICE.measure(prediction, target, None) == pytest.approx(reference.f1_score(true, said, average=average))
    assert PIXEL_ACCURACY.measure(prediction, target, None) == pytest.approx(reference.accuracy_score(true, said))
    total_S = counts(prediction, target).sum(0)
    jaccard, f1 = (each(true, said, average=None) for each in (reference.jaccard_score, reference.f1_score))
    assert ious(total_S).tolist() == pytest.approx(jaccard.tolist())
    assert dices(total_S).tolist() == pytest.approx(f1.tolist())


def test_counts_by_hand():
    label, target = (
        torch.tensor([[[0, 1], [1, 1]], [[0, 0], [0, 2]]]),
        torch.tensor([[[0, 1], [0, 255]], [[0, 0], [255, 2]]]),
    )
    count_NS = counts(Prediction(label=label, classes=3), target)
    right, called, there = (one_NC.tolist() for one_NC in by_class(count_NS))
    assert right == [[1, 1, 0], [2, 0, 1]] and called == [[1, 2, 0], [2, 0, 1]] and there == [[2, 1, 0], [2, 0, 1]]
    assert ious(count_NS)[0].tolist()[:2] == [0.5, 0.5] and math.isnan(ious(count_NS)[0, 2])


def test_two_classes_are_judged_by_the_second_and_more_by_those_that_occur():
    target, label = torch.tensor([[[0, 0, 1, 1]]]), torch.tensor([[[0, 1, 1, 1]]])
    assert IOU.measure(Prediction(label=label, classes=2), target, None) == pytest.approx(2 / 3)
    assert IOU.measure(Prediction(label=label, classes=4), target, None) == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert DICE.measure(Prediction(label=label, classes=2), target, None) == pytest.approx(4 / 5)


@pytest.mark.parametrize("name", ["iou", "dice", "pixel_accuracy"])
def test_weights_count_images_several_times(name: str):
    prediction, target = case(3, 3, 6)
    times = torch.tensor([0, 2, 1, 0, 3, 1])
    index = torch.arange(6).repeat_interleave(times)
    assert prediction.label is not None
    again = prediction._replace(label=prediction.label[index])
    once = metric(name).measure(again, target[index], None)
    assert metric(name).measure(prediction, target, times) == once


def test_undefined_without_a_judged_pixel_or_the_second_class():
    nothing, label = torch.full((1, 2, 2), UNJUDGED), torch.zeros(1, 2, 2, dtype=torch.uint8)
    for one in (IOU, DICE, PIXEL_ACCURACY):
        assert math.isnan(one.measure(Prediction(label=label, classes=2), nothing, None))
        assert math.isnan(one.measure(Prediction(label=label, classes=3), nothing, None))
    assert math.isnan(IOU.measure(Prediction(label=label, classes=2), label, None))
    assert PIXEL_ACCURACY.measure(Prediction(label=label, classes=2), label, None) == 1
