from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from pellucid.doctor.diagnose import diagnose
from pellucid.doctor.history import Fact, History, Layer, Parameter, Update
from pellucid.findings import Finding
from pellucid.record import Reading

Stack = Callable[..., History]
Look = Callable[[str, History], list[Finding]]


def fading(layer: int, step: int) -> dict[str, float]:
    """What ten sigmoid layers do."""
    return {"gradient": 0.04 * 0.3 ** (9 - layer)}


def test_a_gradient_that_vanishes(stack: Stack, look: Look) -> None:
    history = stack(depth=10, activation="Sigmoid", parameters=fading)
    (finding,) = look("vanishing-gradient", history)
    assert (finding.severity, finding.place, finding.step) == ("severe", "0", 1)
    assert "2e-05 of that of the last layer" in finding.message
    assert finding.evidence["update of 0.weight"] == 3e-3
    assert "model.activation: relu" in finding.cure
    history.source = "script"
    assert "Put ReLU in place of Sigmoid" in look("vanishing-gradient", history)[0].cure


def test_gradients_of_healthy_networks(stack: Stack, look: Look) -> None:
    assert not look("vanishing-gradient", stack(parameters=lambda layer, step: {"gradient": 0.01 * 0.5 ** (3 - layer)}))


def test_a_branch_that_starts_at_zero_is_not_vanishing(stack: Stack, look: Look) -> None:
    def small_inside(layer: int, step: int) -> dict[str, float]:  # LoRA, ReZero, zero-init residuals
        return {"gradient": 1e-7 if layer in (2, 4) else 0.01}

    assert not look("vanishing-gradient", stack(depth=6, parameters=small_inside))


def test_gradients_of_exactly_zero_are_dead_not_vanishing(stack: Stack, look: Look) -> None:
    zero = stack(depth=6, parameters=lambda layer, step: {"gradient": 0.0 if layer < 3 else 0.01})
    assert not look("vanishing-gradient", zero)


def test_embeddings_and_frozen_layers_are_left_out(stack: Stack, look: Look) -> None:
    history = stack(depth=5, parameters=lambda layer, step: {"gradient": 1e-9 if layer == 0 else 0.01 + layer / 1e3})
    assert look("vanishing-gradient", history)
    words = replace(history, layers=[replace(history.layers[0], kind="Embedding"), *history.layers[1:]])
    assert not look("vanishing-gradient", words)
    frozen = replace(history, parameters=[replace(history.parameters[0], learns=False), *history.parameters[1:]])
    assert not look("vanishing-gradient", frozen)


def test_a_gradient_that_vanished_after_large_steps_is_a_consequence(stack: Stack, look: Look) -> None:
    def later(layer: int, step: int) -> dict[str, float]:
        return fading(layer, step) | {"update": 0.5} if step > 5 else {"update": 0.5}

    assert not look("vanishing-gradient", stack(depth=10, parameters=later))


def test_vanishing_is_no_alarm_where_the_network_learns(stack: Stack) -> None:
    losses = [2.0 * 0.98**step for step in range(200)]
    assert not [one for one in diagnose(stack(depth=10, parameters=fading, losses=losses)) if one.severity != "info"]


def test_nothing_left_of_the_gradient_is_an_alarm_until_enough_is_learnt(stack: Stack, look: Look) -> None:
    def falling(to: float, ratio: float) -> History:
        losses = [2.0 - (2.0 - to) * step / 200 for step in range(200)]
        return stack(depth=8, losses=losses, parameters=lambda layer, step: {"gradient": 0.01 * ratio ** (7 - layer)})

    assert look("vanishing-gradient", falling(1.6, 0.15))
    assert not look("vanishing-gradient", falling(1.6, 0.3)), "some of it arrives, and the loss falls"
    assert not look("vanishing-gradient", falling(0.5, 0.15)), "it learns all the same"


def test_a_gradient_that_was_gone_at_the_start_and_never_came_back(stack: Stack, look: Look) -> None:
    def back(late: float) -> History:
        return stack(
            depth=10,
            parameters=lambda layer, step: {"gradient": 0.01 * (0.3 if step < 13 else late) ** (9 - layer)},
        )

    (finding,) = look("vanishing-gradient", back(0.6))
    assert finding.step == 1
    assert not look("vanishing-gradient", back(0.9)), "it recovered, and something else does the harm"


def recurrent(kept: float, update: float = 3e-3, length: int | None = 60, losses: list[float] | None = None) -> History:
    numbers = {"norm": kept * 4, "gradient": 0.01, "update": update}
    return History(
        layers=[Layer("rnn", "RNN", "RNN(2, 16)"), Layer("head", "Linear")],
        parameters=[Parameter("rnn.weight_hh_l0", "rnn", (16, 16)), Parameter("head.weight", "head", (2, 16))],
        updates=[Update(step, loss, 1e-3) for step, loss in enumerate(losses or [2.0] * 200, 1)],
        readings=[Reading(step, {"rnn.weight_hh_l0": numbers, "head.weight": numbers}, {}) for step in range(1, 30)],
        facts=[Fact("input", 0, "", {"length": length})] if length else [],
        constant=2.0,
    )


def test_a_recurrent_layer_that_forgets(look: Look) -> None:
    (finding,) = look("vanishing-gradient", recurrent(0.4))
    assert finding.place == "rnn"
    assert finding.evidence == {"kept": 0.4, "steps_until_gone": 8, "length": 60}
    assert "orthogonal_(rnn.weight_hh_l0)" in finding.cure
    assert look("vanishing-gradient", recurrent(0.4, length=None))
    assert not look("vanishing-gradient", recurrent(1.0))
    assert not look("vanishing-gradient", recurrent(0.58, length=6))  # it forgets nothing over so few steps
    assert not look("vanishing-gradient", recurrent(0.4, update=1e-7))  # the rate is at fault


def test_a_recurrent_layer_that_explodes(look: Look) -> None:
    (finding,) = look("exploding-gradient", recurrent(1.6, update=0.3))
    assert finding.place == "rnn"
    assert "by about 1.60" in finding.message
    assert "clip_grad_norm_" in finding.cure
    assert not look("exploding-gradient", recurrent(1.6))  # stretched, and quiet
    assert not look("exploding-gradient", recurrent(1.0, update=0.3))


def spiked(*steps: int) -> list[Update]:
    return [Update(step, 2.0, 0.1, 500.0 if step in steps else 1.0 + step % 3 / 10) for step in range(1, 201)]


def test_two_spikes_are_told_and_one_is_not(stack: Stack, look: Look) -> None:
    (finding,) = look("exploding-gradient", replace(stack(), updates=spiked(50, 100)))
    assert (finding.severity, finding.step) == ("severe", 50)
    assert finding.evidence["spikes"] == 2
    assert "clip_grad_norm_(model.parameters(), 1.2)" in finding.cure
    assert not look("exploding-gradient", replace(stack(), updates=spiked(50)))


def test_a_norm_that_doubles_at_each_look(stack: Stack, look: Look) -> None:
    (finding,) = look("exploding-gradient", stack(parameters=lambda layer, step: {"gradient": 3.0 ** min(step, 9)}))
    assert "more than doubled" in finding.message
    growing = stack(parameters=lambda layer, step: {"gradient": 3.0 ** min(step, 9), "update": 0.5})
    assert look("exploding-gradient", growing)  # it grew before any step was made
    late = stack(parameters=lambda layer, step: {"gradient": 3.0 ** max(0, step / 20 - 2), "update": 0.5})
    assert not look("exploding-gradient", late)  # large steps came first


def test_a_gradient_that_grows_towards_the_input(stack: Stack, look: Look) -> None:
    steep = stack(depth=6, parameters=lambda layer, step: {"gradient": 3.0 ** (5 - layer)})
    (finding,) = look("exploding-gradient", steep)
    assert finding.place == "0"
    assert finding.evidence["ratio"] == 243
    broken = replace(steep, updates=[*steep.updates[:6], Update(7, math.nan, 0.1)])
    assert look("exploding-gradient", replace(broken, readings=broken.readings[:5]))


def test_a_recurrent_layer_that_blew_up_before_the_first_step(look: Look) -> None:
    assert look("exploding-gradient", recurrent(1.6, losses=[1e9] * 200))


def test_one_batch_of_another_kind(stack: Stack, look: Look) -> None:
    losses = [1.0] * 60 + [5e4] + [1.0] * 139
    (finding,) = look("exploding-gradient", stack(losses=losses))
    assert (finding.step, finding.evidence["batch"]) == (61, 61) and "5e+04 times the loss" in finding.message
    assert not look("exploding-gradient", stack(losses=losses, parameters=lambda layer, step: {"update": 0.5}))
    risen = stack(losses=losses)
    risen.updates = [replace(one, learning_rate=5.0 if 55 < one.step < 70 else 0.1) for one in risen.updates]
    assert not look("exploding-gradient", risen), "the rate that jumped is the cause"
