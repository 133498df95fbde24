from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from pellucid.doctor.checks.measure import (
    Sample,
    called,
    changed_rate,
    decay_wins,
    first_deviations,
    highest_rate,
    is_output,
    lasts,
    leapt,
    one_digit,
    onset,
    ran_away,
    rate_jump,
    recurrent_gains,
    series,
    updates,
    weighted_before,
)
from pellucid.doctor.history import Fact, History, Layer, Parameter, Update
from pellucid.record import Reading

Stack = Callable[..., History]


def test_a_symptom_lasts_at_four_of_the_last_five_samples() -> None:
    assert lasts([False, True, True, False, True, True])
    assert not lasts([True, True, True, True, True, False, False])
    assert not lasts([True, True, True])


def test_the_onset_survives_one_sample_without() -> None:
    samples = [Sample(step, 0.0) for step in range(10, 80, 10)]
    assert onset(samples, [True, False, False, True, False, True, True]) == 40
    assert onset(samples, [True] * 7) == 10


def test_numbers_that_are_not_finite_are_left_out() -> None:
    readings = [Reading(1, {"w": {"update": math.inf}}, {}), Reading(2, {"w": {"update": 0.5, "norm": 1.0}}, {})]
    assert series(History(readings=readings), "update") == {"w": [Sample(2, 0.5)]}


def test_embeddings_do_not_enter_the_median_update() -> None:
    layers = [Layer("words", "Embedding"), Layer("a", "Linear"), Layer("b", "Linear")]
    parameters = [Parameter(f"{layer.name}.weight", layer.name, (8, 8)) for layer in layers]
    numbers = {"words.weight": {"update": 1e-9}, "a.weight": {"update": 0.002}, "b.weight": {"update": 0.004}}
    history = History(layers=layers, parameters=parameters, readings=[Reading(3, numbers, {})])
    assert updates(history) == [Sample(3, 0.003)]


def test_a_leap_counts_before_a_step_and_not_from_zero(stack: Stack) -> None:
    jumped = stack(parameters=lambda layer, step: {"update": 0.5} if (layer, step) == (1, 20) else {})
    assert leapt(jumped, 21)
    assert not leapt(jumped, 20)
    zero = stack(parameters=lambda layer, step: {"update": 1e30, "norm": 0.0} if step == 1 and layer == 3 else {})
    assert not leapt(zero)


def test_layers_by_their_place(stack: Stack) -> None:
    history = stack()
    assert is_output(history, "6")
    assert not is_output(history, "5")
    assert weighted_before(history, "3") == "2"
    assert called(history, "2") == "2 (Linear(16, 16))"
    assert called(history, "elsewhere") == "elsewhere"


def test_a_rate_that_brings_the_steps_to_a_healthy_size(stack: Stack) -> None:
    history = stack(rate=5.0)
    assert highest_rate(history) == 5.0
    assert changed_rate(history, 0.3, 1e-3, 0.1) == 0.05
    assert changed_rate(history, None, 0.1, 0.1) == 0.5
    assert changed_rate(History(), 0.3, 1e-3, 0.1) is None
    assert one_digit(0.0346) == 0.03


def test_what_a_plain_recurrent_layer_keeps() -> None:
    parameters = [Parameter("rnn.weight_hh_l0", "rnn", (16, 16)), Parameter("lstm.weight_hh_l0", "lstm", (64, 16))]
    numbers = {"rnn.weight_hh_l0": {"norm": 1.6 * 4}, "lstm.weight_hh_l0": {"norm": 3.0}}
    history = History(parameters=parameters, readings=[Reading(1, numbers, {})])
    assert recurrent_gains(history) == {"rnn.weight_hh_l0": 1.6}


def test_first_deviations_of_the_reading_or_else_of_the_facts(stack: Stack) -> None:
    history = stack(facts=[Fact("start", 0, "0", {"deviation": 7.0})])
    assert first_deviations(history)["0"] == 1.0
    assert first_deviations(replace(history, readings=[])) == {"0": 7.0}


def test_a_loss_that_runs_away(stack: Stack) -> None:
    def large(layer: int, step: int) -> dict[str, float]:
        return {"update": 0.4}

    assert ran_away(stack(losses=[2.0 * 1.1**step for step in range(100)], parameters=large)) is not None
    assert ran_away(stack(losses=[2.0 - step / 200 for step in range(200)], parameters=large)) is None
    calm = [2.0 if step % 7 else 9.0 for step in range(200)]  # noisy rewards, small steps
    assert ran_away(stack(losses=[0.5, *calm])) is None
    tiny = [2.0 * 0.9**step for step in range(100)] + [1e-3] * 100  # far down, and up a little
    assert ran_away(stack(losses=tiny, parameters=large)) is None


def test_a_loss_that_stops_being_finite(stack: Stack) -> None:
    assert ran_away(stack(losses=[2.0, 9.0, 300.0, 1e9, math.nan])) == 2
    assert ran_away(stack(losses=[2.0 - step / 100 for step in range(60)] + [math.nan])) is None
    first = stack(losses=[2.0, math.nan], parameters=lambda layer, step: {"update": 30.0})
    assert ran_away(first) == 2


def test_decay_that_wins(stack: Stack) -> None:
    def shrinking(layer: int, step: int) -> dict[str, float]:
        return {"norm": 4.0 * 0.99**step, "update": 0.011}

    history = stack(rate=1e-3, parameters=shrinking)
    history.optimizer = {"kind": "AdamW", "weight_decay": 10.0}
    assert decay_wins(history) == 1
    history.optimizer = {"kind": "AdamW", "weight_decay": 0.01}
    assert decay_wins(history) is None
    history.optimizer = {"kind": "SGD", "weight_decay": 0.1}  # 0.1 * 4 / 16 = 0.025 above a gradient of 0.01
    assert decay_wins(history) == 1


def test_decay_that_holds_weights_in_place_is_well(stack: Stack) -> None:
    history = stack(rate=1e-3, parameters=lambda layer, step: {"update": 0.011})
    history.optimizer = {"kind": "AdamW", "weight_decay": 10.0}
    assert decay_wins(history) is None


def test_updates_without_losses_are_nothing() -> None:
    assert ran_away(History()) is None
    assert ran_away(History(updates=[Update(1, math.nan, 0.1)])) is None


def test_a_rate_that_jumps_is_above_all_before() -> None:
    def rates(*values: float) -> History:
        return History(updates=[Update(step, 1.0, rate) for step, rate in enumerate(values, 1)])

    jump = rate_jump(rates(*[0.1] * 20, 5.0, 0.1))
    assert jump is not None and (jump[0].step, jump[1]) == (21, 0.1)
    assert rate_jump(rates(*[0.1] * 20, 5.0), until=20) is None
    assert rate_jump(rates(*(step * 1e-3 for step in range(1, 200)))) is None, "a warm-up"
    assert rate_jump(rates(*[0.1, 0.05, 0.01] * 10)) is None, "restarts come back"
