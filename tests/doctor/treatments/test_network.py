from __future__ import annotations

from typing import Any

import pytest

from pellucid import jobs
from pellucid.doctor.treatments import network
from pellucid.findings import Finding
from pellucid.recipe import Recipe, recipe_of

ILL = Finding("vanishing-gradient", "severe", "It is ill.")


def recipe(source: str = "iris", **settings: Any) -> Recipe:
    given = {"model.kind": "mlp", "model.widths": [4, 4]}
    return jobs.check(recipe_of(source, None, {**given, **settings})[0], measure=False)[0].recipe


def changes(treatment: Any, before: Recipe) -> dict[str, tuple[Any, Any]]:
    """What it changes, in a recipe that checks."""
    after = treatment.recipe(before, ILL)
    jobs.check(after, measure=False)
    return {path: (then, now) for path, then, now in after.changes(before)}


def test_activations_and_first_weights():
    sigmoid = recipe(**{"model.activation": "sigmoid", "model.init.kind": "zeros"})
    said = changes(network.Rectifier(), sigmoid)
    assert said["model.activation.kind"] == ("sigmoid", "relu") and said["model.init.kind"] == ("zeros", None)
    assert changes(network.Leaky(), recipe())["model.activation.kind"] == ("relu", "leaky_relu")
    assert changes(network.FittingStart(), sigmoid) == {"model.init.kind": ("zeros", None)}


def test_norms_shortcuts_and_size():
    assert changes(network.Norm(), recipe())["model.norm"] == ("none", "layer")
    assert network.Norm().recipe(recipe(**{"model.norm": "batch"}), ILL) is None
    assert changes(network.Shortcuts(), recipe())["model.residual"] == (False, True)
    wider = network.Wider().recipe(recipe(), ILL)
    assert wider is not None and wider.model is not None and wider.model.dump()["widths"] == [16, 16]


def test_a_hidden_layer_where_there_is_none():
    none: dict[str, Any] = {"model.widths": []}
    after = network.HiddenLayer().recipe(recipe(**none), ILL)
    assert after is not None and after.model is not None and after.model.dump()["widths"] == [network.SMALLEST]
    jobs.check(after, measure=False)
    assert network.HiddenLayer().recipe(recipe(), ILL) is None


def test_gates_keep_what_both_families_have():
    plain = recipe_of("japanese_vowels", None, {"model.kind": "rnn", "model.width": 6})[0]
    after = network.Gates().recipe(plain, ILL)
    assert after is not None and after.model is not None
    assert after.model.dump()["kind"] == "lstm" and after.model.dump()["width"] == 6
    jobs.check(after, measure=False)
    assert network.Gates().recipe(recipe(), ILL) is None


@pytest.mark.parametrize("treatment", [network.Rectifier(), network.Leaky(), network.FittingStart(), network.Wider()])
def test_where_there_is_no_model_nothing_is_changed(treatment: Any):
    assert treatment.recipe(recipe_of("iris", None, {})[0], ILL) is None


def test_what_a_script_gets():
    assert network.Rectifier().shim(ILL) == {"kind": "activation", "to": "relu"}
    assert network.Leaky().shim(ILL) == {"kind": "activation", "to": "leaky"}
    assert network.FittingStart().shim(ILL) == {"kind": "fitting_start"} and network.Norm().shim(ILL) == {
        "kind": "norm"
    }
    assert network.Shortcuts().shim(ILL) is None, "that takes an edit"
