"""Scores of positions: equal to scikit-learn's over all judged ones; spans as conlleval reads them."""

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
from pellucid.metrics.steps import counts, f1s, spans

torch.set_num_threads(1)
TAGS = ("B-LOC", "B-PER", "I-LOC", "I-PER", "O")


def case(seed: int, classes: int, rows: int) -> tuple[Prediction, torch.Tensor]:
    """Rows of up to 9 positions, behind which nothing is judged."""
    stream = np.random.default_rng(seed)
    truth = stream.integers(0, classes, (rows, 9))
    said = np.where(stream.random(truth.shape) < 0.6, truth, stream.integers(0, classes, truth.shape))
    truth[np.arange(9) >= stream.integers(1, 10, (rows, 1))] = -1
    names = TAGS[:classes]
    return Prediction(label=torch.tensor(said), classes=classes, names=names), torch.tensor(truth)


@settings(max_examples=60, deadline=None)
@given(some.integers(0, 10**6), some.integers(2, 5), some.integers(1, 12))
def test_scores_of_positions_equal_scikit_learn(seed: int, classes: int, rows: int):
    prediction, target = case(seed, classes, rows)
    assert prediction.label is not None
    judged = target != -1
    true, said = target[judged].numpy(), prediction.label[judged].numpy()
    assert metric("step_accuracy").measure(prediction, target, None) == pytest.approx((true == said).mean())
    expected = reference.f1_score(true, said, average="macro")
    assert metric("step_f1").measure(prediction, target, None) == pytest.approx(expected)


def test_counts_by_hand():
    prediction = Prediction(label=torch.tensor([[0, 1, 1], [2, 2, 0]]), classes=3)
    count_NS = counts(prediction, torch.tensor([[0, 1, 0], [2, 0, -1]]))
    assert count_NS.tolist() == [[1, 1, 0, 1, 2, 0, 2, 1, 0], [0, 0, 1, 0, 0, 2, 1, 0, 1]]
    assert f1s(count_NS)[0].tolist()[:2] == pytest.approx([2 / 3, 2 / 3]) and math.isnan(f1s(count_NS)[0, 2])


def test_spans_begin_and_end_as_conlleval_says():
    assert spans(["B-PER", "I-PER", "O", "B-LOC"]) == {(0, 2, "PER"), (3, 4, "LOC")}
    assert spans(["B-PER", "B-PER", "I-LOC"]) == {(0, 1, "PER"), (1, 2, "PER"), (2, 3, "LOC")}
    assert spans(["I-PER", "I-PER", "O", "I-LOC"]) == {(0, 2, "PER"), (3, 4, "LOC")}
    assert spans(["B-A-B", "I-A-B"]) == {(0, 2, "A-B")}
    assert spans(["O", "O"]) == spans([]) == set()


def conlleval(true: list[str], said: list[str]) -> tuple[int, int, int]:
    """Right, found and true spans, told position by position as the script `conlleval` does."""

    def ends(before: str, here: str) -> bool:
        return before != "O" and (here == "O" or here[0] == "B" or before[2:] != here[2:])

    def begins(before: str, here: str) -> bool:
        return here != "O" and (here[0] == "B" or before == "O" or before[2:] != here[2:])

    right, agrees = 0, False
    last_true = last_said = "O"
    for one, other in zip([*true, "O"], [*said, "O"], strict=True):
        if agrees and (ends(last_true, one) or ends(last_said, other)):
            right += ends(last_true, one) and ends(last_said, other) and last_true[2:] == last_said[2:]
            agrees = False
        if begins(last_true, one) and begins(last_said, other) and one[2:] == other[2:]:
            agrees = True
        last_true, last_said = one, other
    found, there = (sum(begins(a, b) for a, b in zip(["O", *tags], tags, strict=False)) for tags in (said, true))
    return right, found, there


@settings(max_examples=200, deadline=None)
@given(some.integers(0, 10**6), some.integers(1, 12))
def test_span_f1_equals_conlleval(seed: int, rows: int):
    prediction, target = case(seed, 5, rows)
    total = [0, 0, 0]
    assert prediction.label is not None
    for label_T, target_T in zip(prediction.label, target, strict=True):
        judged = target_T != -1
        true, said = ([TAGS[code] for code in row[judged].tolist()] for row in (target_T, label_T))
        total = [one + other for one, other in zip(total, conlleval(true, said), strict=True)]
    expected = 2 * total[0] / (total[1] + total[2]) if total[1] + total[2] else math.nan
    assert metric("span_f1").measure(prediction, target, None) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("name", ["step_accuracy", "step_f1", "span_f1"])
def test_what_rows_add_is_the_score_of_the_drawn_rows(name: str):
    prediction, target = case(3, 5, 10)
    index, chosen = torch.tensor([0, 0, 3, 7, 9, 9, 9, 2, 1, 4]), metric(name)
    assert chosen.sums is not None and prediction.label is not None
    times_N = torch.bincount(index, minlength=10).double()
    summed = chosen.sums.score(torch.stack([times_N @ chosen.sums.of(prediction, target)] * 2))
    drawn = prediction._replace(label=prediction.label[index])
    assert summed.tolist() == pytest.approx([chosen.measure(drawn, target[index], None)] * 2)
    assert chosen.measure(prediction, target, times_N) == pytest.approx(summed[0].item())


def test_nothing_judged_is_undefined():
    prediction = Prediction(label=torch.zeros(1, 2, dtype=torch.int64), classes=5, names=TAGS)
    for name in ("step_accuracy", "step_f1", "span_f1"):
        assert math.isnan(metric(name).measure(prediction, torch.full((1, 2), -1), None))
