from __future__ import annotations

from typing import Any

import pytest

from pellucid.doctor.check import Check
from pellucid.doctor.treatment import Treatment, shims, treatments
from pellucid.doctor.treatments.catalogue import KINDS, MENU
from pellucid.findings import Finding
from pellucid.parts import concrete, kinds
from pellucid.recipe import Recipe, recipe_of


def recipe(**settings: Any) -> Recipe:
    return recipe_of("iris", None, {"model.kind": "mlp", "optimizer.kind": "sgd", **settings})[0]


def finding(check: str, **evidence: float) -> Finding:
    return Finding(check, "severe", "It is ill.", evidence=dict(evidence))


def test_the_menu_names_checks_and_treatments_that_there_are():
    assert MENU.keys() <= kinds(Check).keys()
    assert {kind for menu in MENU.values() for kind in menu} == set(KINDS), "and every treatment is for something"
    assert all(len(menu) == len(set(menu)) for menu in MENU.values())


@pytest.mark.parametrize("kind", KINDS)
def test_a_treatment_says_why_and_changes_something(kind: str):
    treatment = concrete(Treatment, kind)
    assert treatment.dump()["kind"] == kind
    assert treatment.reason and not treatment.reason.endswith(".") and type(treatment).__doc__
    assert {"recipe", "shim"} & vars(type(treatment)).keys()


def test_what_changes_nothing_is_left_out():
    ill = finding("vanishing-gradient")
    first, *others = treatments(recipe(**{"model.widths": [4], "model.activation": "sigmoid"}), ill)
    assert first[0].dump()["kind"] == "rectifier" and first[1].model.dump()["activation"] == {"kind": "relu"}  # pyright: ignore[reportOptionalMemberAccess]
    kept = [treatment.dump()["kind"] for treatment, _ in others]
    assert kept == ["norm", "shortcuts", "unit_variance"], (
        "there are no gates in a perceptron, and its first weights fit already"
    )
    assert treatments(recipe(**{"model.widths": [4]}), finding("duplicate-rows")) == []
    assert "rectifier" not in [one.dump()["kind"] for one, _ in treatments(recipe(**{"model.widths": [4]}), ill)]


def test_a_shim_is_for_scripts_and_plain_values():
    assert [shim for _, shim in shims(finding("softmax-twice"))] == [{"kind": "logits"}]
    named = [shim["kind"] for _, shim in shims(finding("vanishing-gradient"))]
    assert named == ["activation", "fitting_start", "norm"], "what takes an edit is left out"
    assert shims(finding("memory-grows")) == [] and shims(finding("overfits"))[0][1]["kind"] == "decay"
    assert treatments(recipe(), finding("softmax-twice")) == []
