from __future__ import annotations

from typing import Any

import pytest

from pellucid import jobs
from pellucid.doctor.treatments import steps
from pellucid.findings import Finding
from pellucid.recipe import Recipe, recipe_of

ILL = Finding("diverges", "severe", "It is ill.")


def recipe(**settings: Any) -> Recipe:
    """A recipe, resolved."""
    given = {"model.kind": "mlp", "model.widths": [4], "optimizer.kind": "sgd", "optimizer.learning_rate": 0.5}
    return jobs.check(recipe_of("iris", None, {**given, **settings})[0], measure=False)[0].recipe


def told(**evidence: float) -> Finding:
    return Finding("diverges", "severe", "It is ill.", evidence=dict(evidence))


@pytest.mark.parametrize(
    ("treatment", "given", "changes"),
    [
        (steps.LowerRate(), {}, {"optimizer.learning_rate": (0.5, 0.05)}),
        (steps.RaiseRate(), {}, {"optimizer.learning_rate": (0.5, 5.0)}),
        (steps.Clip(), {}, {"optimizer.clip": (None, 1.0)}),
        (steps.LooserClip(), {"optimizer.clip": 0.001}, {"optimizer.clip": (0.001, 0.1)}),
        (
            steps.NoSchedule(),
            {"optimizer.schedule.kind": "cosine"},
            {"optimizer.schedule.kind": ("cosine", "constant")},
        ),
        (steps.LessMomentum(), {"optimizer.momentum": 0.99}, {"optimizer.momentum": (0.99, 0.9)}),
        (steps.Longer(), {"method.epochs": 2}, {"method.epochs": (2, 6)}),
        (steps.LargerBatch(), {"method.batch": 8}, {"method.batch": (8, 32)}),
    ],
)
def test_each_changes_what_it_says_and_the_recipe_checks(treatment: Any, given: dict[str, Any], changes: dict):
    before = recipe(**given)
    after = treatment.recipe(before, ILL)
    said = {path: (then, now) for path, then, now in after.changes(before)}
    assert changes.items() <= said.items()
    jobs.check(after, measure=False)


def test_a_warm_up_comes_before_the_schedule():
    after = steps.WarmUp().recipe(recipe(**{"optimizer.schedule.kind": "step"}), ILL)
    assert after is not None and after.optimizer is not None and after.optimizer.schedule is not None
    assert after.optimizer.schedule.dump()["then"] == {"kind": "step", "every": 0.3, "drop": 0.1}
    jobs.check(after, measure=False)
    assert steps.WarmUp().recipe(recipe(), ILL) is None, "the plan puts one there"


def test_what_is_there_already_is_not_offered():
    assert steps.Clip().recipe(recipe(**{"optimizer.clip": 0.5}), ILL) is None
    assert steps.LooserClip().recipe(recipe(), ILL) is None
    assert steps.LessMomentum().recipe(recipe(**{"optimizer.momentum": 0.9}), ILL) is None
    assert steps.LessMomentum().recipe(recipe(**{"optimizer.kind": "adamw"}), ILL) is None
    empty = recipe_of("iris", None, {})[0]
    one: Any
    for one in (steps.LowerRate(), steps.RaiseRate(), steps.Clip(), steps.NoSchedule(), steps.WarmUp()):
        assert one.recipe(empty, ILL) is None
    assert steps.Longer().recipe(empty, ILL) is None and steps.LargerBatch().recipe(empty, ILL) is None


def test_what_a_finding_suggests_is_taken():
    rate, clip = steps.LowerRate(), steps.Clip()
    lower, higher = told(suggested=0.03, learning_rate=0.5), told(suggested=2.0, learning_rate=0.5)

    def learning_rate(treatment: Any, finding: Finding) -> float:
        return treatment.recipe(recipe(), finding).optimizer.learning_rate

    assert learning_rate(rate, lower) == 0.03 and learning_rate(rate, higher) == 0.05
    assert learning_rate(steps.RaiseRate(), higher) == 2.0 and learning_rate(steps.RaiseRate(), lower) == 5.0
    assert rate.shim(lower)["most"] == 0.03 and rate.shim(higher)["factor"] == 0.1
    assert steps.RaiseRate().shim(higher)["factor"] == 4.0 and steps.RaiseRate().shim(ILL)["factor"] == 10.0
    assert clip.shim(told(usual=3.0)) == {"kind": "clip", "norm": 3.0} and clip.shim(ILL)["norm"] == 1.0
    assert steps.LooserClip().shim(told(before=2.5)) == {"kind": "loose_clip", "norm": 2.5}
    assert steps.LooserClip().shim(ILL) is None


def test_only_what_leaves_the_network_and_its_position_alone_goes_on_from_a_checkpoint():
    back = {one.__name__ for one in vars(steps).values() if isinstance(one, type) and getattr(one, "rolls_back", False)}
    assert back == {"LowerRate", "RaiseRate", "Clip", "LooserClip", "NoSchedule", "LessMomentum"}
