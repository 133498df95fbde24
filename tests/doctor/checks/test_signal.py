from __future__ import annotations

import math
from collections.abc import Callable

from pellucid.doctor.diagnose import diagnose
from pellucid.doctor.history import Fact, History, Layer
from pellucid.findings import Finding

Stack = Callable[..., History]
Look = Callable[[str, History], list[Finding]]


def test_saturated_units_name_the_first_layer(stack: Stack, look: Look) -> None:
    history = stack(activation="Tanh", activations=lambda layer, step: {"saturated": 0.93 if layer else 0.05})
    (finding,) = look("saturated-units", history)
    assert (finding.severity, finding.place, finding.step) == ("severe", "3", 1)
    assert finding.evidence == {"saturated": 0.93, "layers": 2, "behind": "2"}
    assert "93%" in finding.message
    assert "Standardise the inputs" in finding.cure
    assert not look("saturated-units", stack(activations=lambda layer, step: {"saturated": 0.06}))


def test_flat_layers_that_do_not_move_are_ill_though_the_last_one_learns(stack: Stack, look: Look) -> None:
    falling = [2.0 - step / 200 for step in range(200)]

    def flat(update: float) -> Finding:
        history = stack(
            activation="Tanh",
            losses=falling,
            activations=lambda layer, step: {"saturated": 0.9},
            parameters=lambda layer, step: {"update": 0.02 if layer == 3 else update},
        )
        (finding,) = look("saturated-units", history)
        return finding

    assert flat(1e-4).severity == "severe"
    assert flat(2e-3).severity == "info", "it moves, and the loss falls"


def test_flat_layers_and_a_first_loss_that_is_far_too_large(stack: Stack, look: Look) -> None:
    def flat(first: float) -> Finding:
        losses = (first, *(1.0 - step / 200 for step in range(199)))
        fact = Fact("loss-input", 0, "cross_entropy", {"classes": 8})
        flats = {"activation": "Tanh", "activations": lambda layer, step: {"saturated": 0.9}}
        (finding,) = look("saturated-units", stack(losses=losses, facts=[fact], **flats))
        return finding

    assert flat(9.0).severity == "severe"
    assert flat(2.1).severity == "info", "it starts as it should and learns"


def test_an_answer_may_be_sure(stack: Stack, look: Look) -> None:
    history = stack()
    history.layers.append(Layer("out", "Sigmoid"))
    for reading in history.readings:
        reading.layers["out"] = {"saturated": 1.0}
    assert not look("saturated-units", history)


def test_saturated_by_large_steps_is_a_consequence(stack: Stack, look: Look) -> None:
    history = stack(
        activation="Tanh",
        activations=lambda layer, step: {"saturated": 0.9 if step > 5 else 0.0},
        parameters=lambda layer, step: {"update": 0.4},
    )
    (finding,) = look("saturated-units", history)
    assert finding.severity == "info"
    assert finding.cure == "Set the learning rate to 0.01."


def test_units_dead_from_the_start(stack: Stack, look: Look) -> None:
    history = stack(activations=lambda layer, step: {"dead": 1.0 if layer == 1 else 0.1, "silent": 0.6})
    (finding,) = look("dead-units", history)
    assert (finding.severity, finding.place, finding.step) == ("severe", "3", 1)
    assert "kaiming_normal_(2.weight)" in finding.cure
    assert finding.evidence["behind"] == "2"


def test_units_that_a_jump_killed(stack: Stack, look: Look) -> None:
    history = stack(
        activations=lambda layer, step: {"dead": 0.95 if step > 60 else 0.0},
        parameters=lambda layer, step: {"update": 2.0 if step == 40 else 3e-3},
    )
    (finding,) = look("dead-units", history)
    assert (finding.severity, finding.step) == ("info", 80)
    (alarm, *_) = diagnose(history)
    assert alarm.check == "rate-too-high"
    assert "dead-units" in alarm.explains


def test_sparse_networks_are_well(stack: Stack, look: Look) -> None:
    sparse = stack(activations=lambda layer, step: {"silent": 0.85, "dead": 0.12})
    assert not look("dead-units", sparse)
    leaky = stack(activation="LeakyReLU", activations=lambda layer, step: {"silent": 0.0, "dead": 0.0})
    assert not look("dead-units", leaky)


def test_half_dead_only_informs(stack: Stack, look: Look) -> None:
    (finding,) = look("dead-units", stack(activations=lambda layer, step: {"dead": 0.6}))
    assert finding.severity == "info"


def test_units_that_are_dying(stack: Stack, look: Look) -> None:
    (finding,) = look("dead-units", stack(activations=lambda layer, step: {"dead": step / 500}))
    assert finding.severity == "info"
    assert "are dying: 40%" in finding.message


def test_dead_units_in_a_network_that_learns_are_not_told(stack: Stack) -> None:
    losses = [2.0 * 0.98**step for step in range(200)]
    assert not diagnose(stack(losses=losses, activations=lambda layer, step: {"dead": 0.95}))


def test_outputs_that_keep_doubling(stack: Stack, look: Look) -> None:
    steps = range(1, 601, 20)
    losses = [2.0] * 600
    growing = stack(losses=losses, steps=steps, layers=lambda layer, step: {"largest": 2 ** (step / 40)})
    (finding,) = look("growing-outputs", growing)
    assert finding.severity == "warning"
    assert "weight_decay" in finding.cure
    early = stack(losses=losses, steps=steps, layers=lambda layer, step: {"largest": min(step, 100) / 10})
    assert not look("growing-outputs", early)
    learning = [2.0 * 0.99**step for step in range(600)]
    (told,) = look(
        "growing-outputs", stack(losses=learning, steps=steps, layers=lambda layer, step: {"largest": 2 ** (step / 40)})
    )
    assert told.severity == "info"


def test_where_the_first_nan_is(stack: Stack, look: Look) -> None:
    losses = [2.0 - step / 200 for step in range(150)] + [math.nan]
    fact = Fact("not-finite", 150, "2", {"what": "forward", "operation": "LogBackward0", "batch_row": 7}, "train.py:5")
    (finding,) = look("not-finite", stack(losses=losses, facts=[fact]))
    assert (finding.severity, finding.place, finding.step, finding.confidence) == ("severe", "2", 150, "contract")
    assert "made by LogBackward0, row 7 of the batch" in finding.message
    assert "clamp_min(1e-8)" in finding.cure
    assert finding.evidence["line"] == "train.py:5"
    (unknown,) = look("not-finite", stack(losses=losses))
    assert (unknown.place, unknown.step) == ("", 151)


def test_a_loss_that_ran_away_before_is_left_to_diverges(stack: Stack, look: Look) -> None:
    history = stack(losses=[2.0, 9.0, 300.0, 1e9, math.nan], facts=[Fact("not-finite", 4, "2", {"what": "forward"})])
    assert not look("not-finite", history)
    assert "diverges" in [finding.check for finding in diagnose(history)]


def test_a_scaled_gradient_that_overflows_is_usual(stack: Stack, look: Look) -> None:
    assert not look("not-finite", stack(facts=[Fact("not-finite", 3, "2", {"what": "gradient"})]))


def test_bad_rows_are_named_as_such(stack: Stack, look: Look) -> None:
    fact = Fact("not-finite", 4, "", {"what": "input"})
    (finding,) = look("not-finite", stack(losses=[2.0, 9.0, 300.0, 1e9, math.nan], facts=[fact]))
    assert "isfinite" in finding.cure
