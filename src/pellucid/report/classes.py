"""Where a classifier errs: confusion, ROC and precision-recall curves, calibration, and the decision threshold."""

from __future__ import annotations

from typing import Any

import torch

from pellucid.metrics.curves import calibration_curve, confusion_matrix, precision_recall_curve, roc_curve
from pellucid.report.evidence import Evidence
from pellucid.report.outcome import Outcome
from pellucid.report.words import plain

CURVES = 10
"""Classes or labels that get a curve: the most frequent ones."""
POINTS = 120
"""Points of a curve that are kept."""
BINS = 10
MATRIX = 60
"""Classes above which the whole matrix is left out."""
THRESHOLDS = tuple(step / 20 for step in range(1, 20))


def classes_section(evidence: Evidence, valid: Outcome, test: Outcome) -> dict[str, Any]:
    """The classes or labels part of a report."""
    target, probability = evidence.signature.target, test.prediction.probability
    assert target is not None and probability is not None and test.prediction.label is not None
    if target.kind == "labels":
        names, truth = list(target.names), test.truth.to(torch.int64)
        by_label = [hits(test.prediction.label[:, at] > 0, truth[:, at] > 0) for at in range(len(names))]
        table = [{"name": name, **found} for name, found in zip(names, by_label, strict=True)]
        section: dict[str, Any] = {"kind": "labels", "names": names, "by_class": table}
        # reliability over all yes-or-no answers together
        section["calibration"] = _calibration(probability.flatten(), truth.flatten() > 0)
        section["curves"] = [_curves(names[at], probability[:, at], truth[:, at] > 0) for at in _largest(truth.sum(0))]
        return section
    names, truth, label = list(target.classes), test.truth.to(torch.int64), test.prediction.label
    matrix = confusion_matrix(label, truth, classes=len(names))
    table = [{"name": name, **hits(label == at, truth == at)} for at, name in enumerate(names)]
    section = {"kind": "classes", "names": names, "by_class": table}
    if len(names) <= MATRIX:
        section["confusion"] = [[int(cell) for cell in row] for row in matrix.tolist()]
    section["worst_pairs"] = worst_pairs(names, matrix)
    confidence = probability.max(1).values
    section["calibration"] = _calibration(confidence, label == truth)
    if len(names) == 2:
        section["curves"] = [_curves(names[1], probability[:, 1], truth == 1)]
        section["calibration"]["of"] = names[1]
        section["calibration"] |= _calibration(probability[:, 1], truth == 1)
        section["threshold"] = _threshold(names[1], valid, test)
    else:
        counts = torch.bincount(truth, minlength=len(names))
        section["curves"] = [_curves(names[at], probability[:, at], truth == at) for at in _largest(counts)]
    return section


def _largest(counts: torch.Tensor) -> list[int]:
    order = torch.argsort(counts, descending=True, stable=True)
    return sorted(at for at in order[:CURVES].tolist() if counts[at] > 0)


def hits(called: torch.Tensor, true: torch.Tensor) -> dict[str, Any]:
    """Precision, recall and F1 of one class; undefined ones are None."""
    hit, said, there = int((called & true).sum()), int(called.sum()), int(true.sum())
    return {
        "rows": there,
        "predicted": said,
        "precision": plain(hit / said) if said else None,
        "recall": plain(hit / there) if there else None,
        "f1": plain(2 * hit / (said + there)) if said + there else None,
    }


def worst_pairs(names: list[str], matrix: torch.Tensor) -> list[dict[str, Any]]:
    """The pairs (true class, what it was taken for) with most mistakes."""
    wrong = matrix.clone()
    wrong.fill_diagonal_(0)
    worst = torch.argsort(wrong.flatten(), descending=True, stable=True)[:5].tolist()
    pairs = [(place // len(names), place % len(names), int(wrong.flatten()[place])) for place in worst]
    return [{"truth": names[true], "prediction": names[said], "rows": count} for true, said, count in pairs if count]


def _curves(name: str, score: torch.Tensor, positive: torch.Tensor) -> dict[str, Any]:
    found = int(positive.sum())
    if not 0 < found < len(positive):
        return {"name": name, "prevalence": plain(found / max(len(positive), 1)), "roc": None, "pr": None}
    roc, pr = roc_curve(score, positive), precision_recall_curve(score, positive)
    area = float(torch.trapezoid(roc.true_share_P, roc.false_share_P))
    average = float(-(pr.recall.diff() * pr.precision[:-1]).sum())
    return {
        "name": name,
        "prevalence": plain(found / len(positive)),
        "roc": points(roc.false_share_P, roc.true_share_P),
        "pr": points(pr.recall, pr.precision),
        "roc_auc": plain(area),
        "average_precision": plain(average),
    }


def points(x: torch.Tensor, y: torch.Tensor) -> list[list[float]]:
    """At most `POINTS` points, spread by distance along the curve so that steep parts keep theirs."""
    if len(x) > POINTS:
        path = torch.cat([torch.zeros(1, dtype=torch.float64), (x.diff().abs() + y.diff().abs()).cumsum(0)])
        wanted = torch.linspace(0, float(path[-1]), POINTS, dtype=torch.float64)
        keep = torch.searchsorted(path, wanted).clamp(max=len(x) - 1).unique()
        x, y = x[keep], y[keep]
    return [[round(a, 4), round(b, 4)] for a, b in zip(x.tolist(), y.tolist(), strict=True)]


def _calibration(confidence: torch.Tensor, right: torch.Tensor) -> dict[str, Any]:
    """Reliability bins and the expected calibration error: the mean distance of the bins from the diagonal."""
    if not len(confidence):
        return {"bins": [], "error": None}
    curve = calibration_curve(confidence.contiguous(), right, bins=BINS)
    rows = zip(curve.predicted_P.tolist(), curve.observed_P.tolist(), curve.weight_P.tolist(), strict=True)
    error = (curve.weight_P * (curve.observed_P - curve.predicted_P).abs()).sum() / curve.weight_P.sum()
    bins = [{"predicted": plain(said), "observed": plain(seen), "rows": int(count)} for said, seen, count in rows]
    return {"bins": bins, "error": plain(float(error))}


def _threshold(name: str, valid: Outcome, test: Outcome) -> dict[str, Any]:
    """What other thresholds than a half would do; the best one is chosen on validation and then tried on test."""
    assert test.prediction.probability is not None
    score, positive = test.prediction.probability[:, 1], test.truth == 1
    table = [{"threshold": cut, **hits(score >= cut, positive)} for cut in THRESHOLDS]
    best = best_threshold(valid)
    chosen = None
    if best is not None:
        assert valid.prediction.probability is not None
        chosen = {
            "threshold": plain(best),
            "valid": hits(valid.prediction.probability[:, 1] >= best, valid.truth == 1),
            "test": hits(score >= best, positive),
        }
    return {"positive": name, "table": table, "half": hits(score >= 0.5, positive), "best": chosen}


def best_threshold(valid: Outcome) -> float | None:
    """The threshold with the highest F1 on validation, halfway to the next lower score; None without both classes."""
    assert valid.prediction.probability is not None
    score, positive = valid.prediction.probability[:, 1], valid.truth == 1
    if not 0 < int(positive.sum()) < len(positive):
        return None
    curve = precision_recall_curve(score, positive)
    precision, recall = curve.precision[:-1], curve.recall[:-1]
    f1 = 2 * precision * recall / (precision + recall).clamp(min=1e-12)
    at = int(f1.argmax())
    # between two scores every threshold is equal on validation: the middle is least likely to be wrong elsewhere
    below = float(curve.threshold[at - 1]) if at else 0.0
    return (float(curve.threshold[at]) + below) / 2


def told(evidence: Evidence, test: Outcome, place: int) -> dict[str, Any]:
    """The true and the predicted class, or labels, of one example, and how sure the network is."""
    target, prediction = evidence.signature.target, test.prediction
    assert target is not None and prediction.label is not None and prediction.probability is not None
    probability = prediction.probability[place]
    if target.kind == "labels":
        sure = torch.maximum(probability, 1 - probability).min()
        return {
            "truth": _named(target.names, test.truth[place]),
            "prediction": _named(target.names, prediction.label[place]),
            "confidence": plain(float(sure)),
        }
    said, true = int(prediction.label[place]), int(test.truth[place])
    return {
        "truth": target.classes[true],
        "prediction": target.classes[said],
        "confidence": plain(float(probability[said])),
        "right": said == true,
    }


def _named(names: tuple[str, ...], flags: torch.Tensor) -> list[str]:
    return [name for name, flag in zip(names, flags.tolist(), strict=True) if flag > 0.5]
