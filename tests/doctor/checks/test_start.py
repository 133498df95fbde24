from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from pellucid.doctor.history import Fact, History, Layer, Update
from pellucid.findings import Finding

Stack = Callable[..., History]
Look = Callable[[str, History], list[Finding]]


def test_the_first_layer_that_changes_the_size_is_named(stack: Stack, look: Look) -> None:
    sizes = [1.0, 1.2, 0.01, 0.0001, 0.5, 0.1]  # the last but one lives on its bias, and the last is a habit
    (finding,) = look("output-scale", stack(depth=6, layers=lambda layer, step: {"deviation": sizes[layer]}))
    assert (finding.severity, finding.place, finding.step) == ("severe", "4", 0)
    assert finding.evidence["before"] == pytest.approx(1.2) and "kaiming_normal_" in finding.cure
    assert not look("output-scale", stack(depth=6, layers=lambda layer, step: {"deviation": 0.5**layer}))


def test_a_signal_that_grows_and_shouts_harms_though_the_loss_falls(stack: Stack, look: Look) -> None:
    def growing(first: float) -> History:
        return hot(stack, first, depth=5, layers=lambda layer, step: {"deviation": 3.0 * 2.2**layer})

    (finding,) = look("output-scale", growing(30.0))
    assert finding.place == "8" and finding.evidence["span"] == pytest.approx(2.2**4)
    assert not look("output-scale", growing(2.2)), "the answers are not too sure, so let it grow"


def test_weights_that_are_next_to_nothing(stack: Stack, look: Look) -> None:
    def faint(layer: int, small: float = 1e-3) -> History:
        return stack(parameters=lambda place, step: {"norm": small if place == layer else 4.0})

    (finding,) = look("output-scale", faint(1))
    assert finding.place == "2" and "0.0003 times the size" in finding.message
    assert not look("output-scale", faint(3)), "a small head is a habit"
    assert not look("output-scale", faint(1, 0.0)), "a branch that starts at exactly 0 is meant"
    assert not look("output-scale", faint(1, 0.2))


def test_a_norm_between_two_layers_sets_the_size_anew(stack: Stack, look: Look) -> None:
    history = stack(depth=3, layers=lambda layer, step: {"deviation": (1.0, 0.02, 1.0)[layer]})
    assert look("output-scale", history)
    for place in (4, 1):
        history.layers.insert(place, Layer(f"norm{place}", "LayerNorm"))
    assert not look("output-scale", history)


def test_units_that_are_all_alike(stack: Stack, look: Look) -> None:
    (finding,) = look("same-weights", stack(facts=[Fact("constant-weights", 0, "2.weight", {"rows": 16, "zero": 0})]))
    assert (finding.severity, finding.place) == ("severe", "2") and "kaiming_normal_(2.weight)" in finding.cure
    zero = Fact("constant-weights", 0, "2.weight", {"rows": 16, "zero": 1})
    assert not look("same-weights", stack(facts=[zero])), "zeros that get a gradient are meant"
    assert look("same-weights", stack(facts=[zero], parameters=lambda layer, step: {"gradient": 0.0}))
    assert not look("same-weights", stack(facts=[replace(zero, place="6.weight")])), "a head may begin as zeros"


def hot(stack: Stack, first: float, **more: object) -> History:
    fact = Fact("loss-input", 0, "cross_entropy", {"classes": 8})
    return stack(losses=(first, *(1.0 - step / 400 for step in range(199))), facts=[fact], **more)


def test_first_answers_that_are_too_sure(stack: Stack, look: Look) -> None:
    (finding,) = look("hot-output", hot(stack, 9.0))
    assert (finding.severity, finding.place) == ("info", "6"), "it did no harm"
    assert "should be near 2.08" in finding.message
    tearing = hot(stack, 9.0, parameters=lambda layer, step: {"update": 0.5 if step < 4 else 0.0})
    (finding,) = look("hot-output", tearing)
    assert finding.severity == "warning" and "more than a tenth" in finding.message
    assert not look("hot-output", hot(stack, 2.5))
    large = hot(stack, 9.0, layers=lambda layer, step: {"deviation": 40.0})
    assert not look("hot-output", large), "what the head is given is large, not what it makes of it"


def test_a_first_loss_that_knows_too_much(stack: Stack, look: Look) -> None:
    (finding,) = look("hot-output", hot(stack, 0.5))
    assert finding.severity == "info" and "trained before" in finding.message


def test_values_that_are_far_off_are_no_hot_answers(stack: Stack, look: Look) -> None:
    fact = Fact("loss-input", 0, "mse_loss", {"deviation": 0.1, "target_deviation": 30.0})
    history = replace(stack(facts=[fact]), asked="values", constant=1.0)
    history.updates[0] = Update(1, 900.0, 0.1)
    assert not look("hot-output", history)
    history.facts[0] = replace(fact, values={"deviation": 30.0, "target_deviation": 1.0})
    assert look("hot-output", history)


def test_a_loss_that_is_given_something_else_says_nothing_of_the_answers(stack: Stack, look: Look) -> None:
    history = hot(stack, 9.0)
    history.facts = [Fact("loss-input", 0, "nll_loss", {"classes": 8, "log_sum": 2.0})]
    assert not look("hot-output", history)
    history.facts = [Fact("loss-input", 0, "cross_entropy", {"classes": 8, "softmax_size": 1})]
    assert not look("hot-output", history)
