"""Builds the report of a run as plain JSON values; `html` and `text` render it without torch."""

from __future__ import annotations

import math
from typing import Any

from pellucid.data.signature import PARTS, Column
from pellucid.metrics.catalogue import metric
from pellucid.metrics.metric import Metric
from pellucid.report.answers import answer
from pellucid.report.augmented import augmented
from pellucid.report.baselines import Baseline, subset
from pellucid.report.curves import training_section
from pellucid.report.evidence import Evidence
from pellucid.report.groups import groups
from pellucid.report.importance import importance
from pellucid.report.intervals import LEVEL, Interval, difference, draws, interval, together
from pellucid.report.landscape import landscape
from pellucid.report.lengths import by_length, sequences
from pellucid.report.mistakes import mistakes
from pellucid.report.outcome import Outcome, chosen_metric, outcome
from pellucid.report.reading import reading
from pellucid.report.seeing import seeing
from pellucid.report.verdict import imbalance, verdict
from pellucid.report.words import plain

FORMAT, VERSION = "pellucid-report", 1
COLUMNS = 500
"""Columns of a table that are listed."""


def build(evidence: Evidence) -> dict[str, Any]:
    """The whole report: a function of the evidence alone, so the same run gives the same report."""
    target = evidence.signature.target
    assert target is not None
    judged = "test" if len(evidence.dataset.test) else "valid"
    most = answer(evidence).positions
    outcomes = {part: outcome(evidence, part, None if part == judged else most) for part in PARTS}
    test = outcomes[judged]
    metrics = _metrics(evidence)
    scores, rungs = _scores(evidence, metrics, outcomes, judged)
    warning = imbalance(list(target.classes), list(target.counts), list(evidence.metrics)) if target.classes else None
    chosen = chosen_metric(evidence)
    report: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "name": evidence.name,
        "task": str(evidence.recipe.get("task", {}).get("kind", target.kind)),
        "target": {"kind": target.kind, "names": list(target.names), "why": target.why},
        "judged": judged,
        "judged_rows": len(test),
        "scored": {part: len(found) for part, found in outcomes.items()},
        "metric": _described(chosen),
        "metrics": [_described(one) for one in metrics],
        "scores": scores,
        "ladder": rungs,
        "warnings": [warning] if warning else [],
        "data": _data(evidence),
        "network": _network(evidence),
        "training": training_section(evidence.record, evidence.seconds, evidence.examples_per_second),
        "diagnosis": _plain(evidence.findings),
        "healing": evidence.healing,
        "errors": _errors(evidence, outcomes["valid"], test),
        "groups": groups(evidence, test),
        "lengths": by_length(test, chosen),
        "reading": reading(evidence, test),
        "augmented": augmented(evidence, evidence.to_pixels) if evidence.to_pixels else None,
        "seeing": seeing(evidence, outcomes["train"], test),
        "importance": importance(evidence, test),
        "mistakes": mistakes(evidence, test),
        "landscape": landscape(evidence, outcomes["train"]),
        "recipe": _plain(evidence.recipe),
        "decisions": [dict(decision) for decision in evidence.decisions],
        "facts": dict(evidence.facts),
        "level": LEVEL,
    }
    return {**report, "verdict": verdict(report)}


def _metrics(evidence: Evidence) -> list[Metric]:
    """The task's metrics, with balanced accuracy beside accuracy where one class is far larger than the others."""
    target = evidence.signature.target
    assert target is not None
    names = list(dict.fromkeys(evidence.metrics))
    if "balanced_accuracy" not in names and imbalance(list(target.classes), list(target.counts), names):
        names.insert(names.index("accuracy") + 1, "balanced_accuracy")
    return [metric(name) for name in names]


def _described(chosen: Metric) -> dict[str, str]:
    return {"name": chosen.name, "title": chosen.title, "better": chosen.better}


def _scores(
    evidence: Evidence, metrics: list[Metric], outcomes: dict[str, Outcome], judged: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Scores by part (with intervals on the judged one) and the ladder: they share their bootstrap draws."""
    scores: dict[str, Any] = {
        part: {one.name: {"value": plain(found.measure(one))} for one in metrics}
        for part, found in outcomes.items()
        if len(found) or part == judged
    }
    test, chosen = outcomes[judged], chosen_metric(evidence)
    blocked = together(test)
    drawn = draws(metrics, test.prediction, test.truth, evidence.seed, blocked)
    for one in metrics:
        scores[judged][one.name] = _interval(interval(test.measure(one), drawn[one.name]))
    train, valid = outcomes["train"], outcomes["valid"]
    rungs = answer(evidence).baselines(evidence, train, valid, test) if len(train) else []
    own = (test.measure(chosen), drawn[chosen.name])
    rows, best, gap = [], None, None
    for rung in rungs:
        truth = test.truth.index_select(0, rung.index)
        value = chosen.measure(rung.prediction, truth, None)
        rung_draws = draws([chosen], rung.prediction, truth, evidence.seed, blocked)[chosen.name]
        rows.append(_rung(rung, metrics, interval(value, rung_draws), chosen, truth))
        if chosen.improves(value, best[0] if best else None):
            best = (value, rows[-1])
            gap = _gap(evidence, chosen, test, rung, own, (value, rung_draws))
    return scores, {"rows": rows, "best": best and {key: best[1][key] for key in ("name", "title")}, "difference": gap}


def _rung(rung: Baseline, metrics: list[Metric], found: Interval, chosen: Metric, truth: Any) -> dict[str, Any]:
    others = {one.name: {"value": plain(one.measure(rung.prediction, truth, None))} for one in metrics}
    return {
        "name": rung.name,
        "title": rung.title,
        "note": rung.note,
        "scores": {**others, chosen.name: _interval(found)},
    }


def _gap(
    evidence: Evidence, chosen: Metric, test: Outcome, rung: Baseline, own: tuple[float, Any], other: tuple[float, Any]
) -> dict[str, Any]:
    """The paired difference on the rows that both were asked about."""
    prediction, truth = subset(test, rung.index)
    if len(truth) < len(test):
        own = (chosen.measure(prediction, truth, None), draws([chosen], prediction, truth, evidence.seed)[chosen.name])
    found = difference(chosen, own, other)
    return {**_interval(found), "network": plain(own[0]), "baseline": plain(other[0]), "rows": len(truth)}


def _interval(found: Interval) -> dict[str, Any]:
    low, high = plain(found.low), plain(found.high)
    return {"value": plain(found.value), "low": low, "high": high, "resamples": found.resamples}


def _data(evidence: Evidence) -> dict[str, Any]:
    signature, target, dataset = evidence.signature, evidence.signature.target, evidence.dataset
    assert target is not None
    names = target.names if target.kind == "labels" else target.classes
    counted = len(target.counts) == len(names)
    return {
        "kind": signature.kind,
        "source": signature.source,
        "rows": signature.rows,
        "fingerprint": signature.fingerprint,
        "parts": {
            part: len(one) for part, one in zip(PARTS, (dataset.train, dataset.valid, dataset.test), strict=True)
        },
        "classes": [{"name": name, "rows": target.counts[at] if counted else None} for at, name in enumerate(names)]
        if target.kind != "values"
        else [],
        "columns": [_column(column) for column in signature.columns[:COLUMNS]],
        "columns_left_out": max(0, len(signature.columns) - COLUMNS),
        "image": list(signature.image) if signature.image else None,
        "sizes": [list(size) for size in signature.sizes],
        "sequences": sequences(signature, dataset.part("train")),
        "findings": [_plain(finding.as_json()) for finding in signature.findings],
        "notes": dict(signature.notes),
    }


def _column(column: Column) -> dict[str, Any]:
    return {
        "name": column.name,
        "type": column.type,
        "role": column.role,
        "why": column.why,
        "missing": column.missing,
        "distinct": column.distinct,
        "low": None if column.low is None else plain(column.low),
        "high": None if column.high is None else plain(column.high),
        "example": column.example,
    }


def _network(evidence: Evidence) -> dict[str, Any]:
    layers = [_plain(layer) for layer in evidence.layers]
    return {
        "layers": layers,
        "parameters": sum(int(layer.get("parameters") or 0) for layer in evidence.layers),
        "work": sum(int(layer.get("work") or 0) for layer in evidence.layers),
    }


def _errors(evidence: Evidence, valid: Outcome, test: Outcome) -> dict[str, Any] | None:
    """Where the network errs, or None where there are no rows to see it on."""
    if not len(test):
        return None
    return answer(evidence).section(evidence, valid, test)


def _plain(value: Any) -> Any:
    """`value` as JSON holds it: tuples as lists, numbers that are not finite as null."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, bool | int | str) else str(value)
