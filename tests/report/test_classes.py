from __future__ import annotations

import pytest
from sklearn import metrics

from pellucid.report.classes import best_threshold
from pellucid.report.outcome import outcome


def test_confusion_and_counts_equal_scikit_learn(report, evidence) -> None:
    found = report("iris")["errors"]
    test = outcome(evidence("iris"), "test")
    expected = metrics.confusion_matrix(test.truth, test.prediction.label, labels=[0, 1, 2])
    assert found["confusion"] == expected.tolist()
    scores = metrics.precision_recall_fscore_support(test.truth, test.prediction.label, labels=[0, 1, 2])
    for at, row in enumerate(found["by_class"]):
        assert row["precision"] == pytest.approx(scores[0][at], rel=1e-4)
        assert row["recall"] == pytest.approx(scores[1][at], rel=1e-4)
        assert (row["f1"], row["rows"]) == (pytest.approx(scores[2][at], rel=1e-4), scores[3][at])


def test_curves_hold_the_areas(report, evidence) -> None:
    curve = report("breast_cancer")["errors"]["curves"][0]
    test = outcome(evidence("breast_cancer"), "test")
    score = test.prediction.probability[:, 1]
    assert curve["roc_auc"] == pytest.approx(metrics.roc_auc_score(test.truth, score), rel=1e-4)
    assert curve["average_precision"] == pytest.approx(metrics.average_precision_score(test.truth, score), rel=1e-4)
    assert curve["roc"][0] == [0, 0] and curve["roc"][-1] == [1, 1]
    assert len(curve["roc"]) <= 120


def test_the_threshold_is_chosen_on_validation(report, evidence) -> None:
    sample = evidence("rare")
    valid = outcome(sample, "valid")
    cut = best_threshold(valid)
    score, truth = valid.prediction.probability[:, 1], valid.truth
    best = metrics.f1_score(truth, score >= cut)
    assert best >= max(metrics.f1_score(truth, score >= other, zero_division=0) for other in score.tolist())
    shown = report("rare")["errors"]["threshold"]
    assert shown["best"]["threshold"] == pytest.approx(cut, rel=1e-4)
    assert shown["best"]["valid"]["f1"] == pytest.approx(best, rel=1e-4)
    assert len(shown["table"]) == 19


def test_calibration_counts_every_row(report) -> None:
    for name, rows in (("breast_cancer", 113), ("iris", 30), ("labels", 120)):
        assert sum(one["rows"] for one in report(name)["errors"]["calibration"]["bins"]) == rows


def test_many_classes_keep_ten_curves(report) -> None:
    assert len(report("digits")["errors"]["curves"]) == 10
    assert report("digits")["errors"]["worst_pairs"]
