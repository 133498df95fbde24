from __future__ import annotations

from typing import Any

from pellucid import jobs
from pellucid.doctor.treatments import limits
from pellucid.findings import Finding
from pellucid.recipe import Recipe, recipe_of

ILL = Finding("overfits", "warning", "It is ill.")


def recipe(**settings: Any) -> Recipe:
    given = {"model.kind": "mlp", "model.widths": [4], "optimizer.kind": "adamw"}
    return jobs.check(recipe_of("iris", None, {**given, **settings})[0], measure=False)[0].recipe


def changes(treatment: Any, before: Recipe) -> dict[str, tuple[Any, Any]]:
    after = treatment.recipe(before, ILL)
    jobs.check(after, measure=False)
    return {path: (then, now) for path, then, now in after.changes(before)}


def test_dropout_goes_down_and_up():
    assert changes(limits.LessDropout(), recipe(**{"model.dropout": 0.9})) == {"model.dropout": (0.9, 0.2)}
    assert changes(limits.LessDropout(), recipe(**{"model.dropout": 0.2})) == {"model.dropout": (0.2, 0.0)}
    assert changes(limits.MoreDropout(), recipe(**{"model.dropout": 0.1})) == {"model.dropout": (0.1, 0.5)}
    assert limits.MoreDropout().recipe(recipe(**{"model.dropout": 0.5}), ILL) is None
    assert limits.LessDropout().shim(ILL) == {"kind": "dropout", "most": 0.2}


def test_decay_goes_down_and_up():
    heavy = recipe(**{"optimizer.weight_decay": 10.0, "penalties": [{"kind": "l2", "alpha": 0.1}]})
    said = changes(limits.LessDecay(), heavy)
    assert said["optimizer.weight_decay"] == (10.0, 1.0) and any(path.startswith("penalties") for path in said)
    assert changes(limits.MoreDecay(), recipe(**{"optimizer.weight_decay": 0.0})) == {
        "optimizer.weight_decay": (0.0, 0.01)
    }
    assert limits.LessDecay().shim(ILL)["factor"] < 0.1 and limits.MoreDecay().shim(ILL)["least"] == 0.01


def test_training_stops_where_it_did_not():
    assert changes(limits.StopEarly(), recipe(**{"stop.patience": None}))["stop.patience"] == (None, 5)
    assert limits.StopEarly().recipe(recipe(**{"stop.patience": 3}), ILL) is None
