from __future__ import annotations

import math
import random
from collections.abc import Callable

import pytest

from pellucid.doctor.check import Check
from pellucid.doctor.checks.fit import turning_point
from pellucid.doctor.history import Fact, History, Layer, Look, Parameter, Update
from pellucid.findings import Finding
from pellucid.parts import concrete
from pellucid.record import Reading


def look(kind: str, history: History) -> list[Finding]:
    return list(concrete(Check, kind).look(history))


def training(losses: list[float], constant: float | None = 2.3) -> History:
    return History(updates=[Update(step, loss, 0.1) for step, loss in enumerate(losses, 1)], constant=constant)


def looks(held: list[float], train: list[float] | None = None) -> History:
    train = train or [math.exp(-place / 5) for place in range(len(held))]
    pairs = enumerate(zip(train, held, strict=True), 1)
    return History(looks=[Look(10 * place, low, high) for place, (low, high) in pairs], source="script")


def noisy(curve: Callable[[int], float], count: int, noise: float, seed: int) -> list[float]:
    draw = random.Random(seed)
    return [curve(place) + draw.gauss(0, noise) for place in range(count)]


def kinked(turn: int, rise: float) -> Callable[[int], float]:
    """Falls to the evaluation `turn` and rises after it."""
    return lambda place: 0.5 + (0.8 * (1 - place / turn) ** 2 if place < turn else rise * (place - turn))


@pytest.mark.parametrize("turn", [8, 13, 21, 40])
@pytest.mark.parametrize("noise", [0.0, 0.002, 0.005])
def test_the_epoch_at_which_overfitting_begins(turn: int, noise: float) -> None:
    for seed in range(5):
        (finding,) = look("overfits", looks(noisy(kinked(turn, 0.02), turn + 20, noise, seed)))
        assert finding.severity == "warning"
        assert isinstance(finding.evidence["evaluation"], int)
        assert abs(finding.evidence["evaluation"] - (turn + 1)) <= 2
        assert finding.step == 10 * finding.evidence["evaluation"]


@pytest.mark.parametrize(("pace", "rise"), [(3.0, 0.01), (5.0, 0.01), (5.0, 0.02), (8.0, 0.02)])
def test_the_turn_of_a_smooth_curve(pace: float, rise: float) -> None:
    curve = [math.exp(-place / pace) + 0.4 + rise * place for place in range(80)]
    truth = pace * math.log(1 / (pace * rise))
    assert abs(turning_point(curve) - truth) <= 2
    assert look("overfits", looks(curve))


def test_likelihoods_below_zero_overfit_too() -> None:
    (finding,) = look("overfits", looks([kinked(10, 0.02)(place) - 3.0 for place in range(40)]))
    assert isinstance(finding.evidence["evaluation"], int)
    assert abs(finding.evidence["evaluation"] - 11) <= 2


def test_a_run_keeps_its_best_weights() -> None:
    history = looks([kinked(10, 0.02)(place) for place in range(40)])
    history.source = "run"
    assert [finding.severity for finding in look("overfits", history)] == ["info"]


@pytest.mark.parametrize("seed", range(5))
def test_validation_may_wander_or_be_better_than_training(seed: int) -> None:
    flat = noisy(lambda place: 0.5 + math.exp(-place / 5), 50, 0.01, seed)
    assert not look("overfits", looks(flat))
    assert not look("overfits", looks(flat, train=[2 * loss for loss in flat]))  # dropout holds training back
    assert not look("overfits", looks(flat[:3]))
    assert not look("overfits", looks([math.nan] * 10))


def test_a_loss_that_rises_while_training_rises_is_another_fault() -> None:
    curve = [kinked(10, 0.02)(place) for place in range(40)]
    assert not look("overfits", looks(curve, train=curve))


def test_next_to_nothing_may_double() -> None:
    curve = [2.3 * math.exp(-place) + 1e-3 + 2e-5 * place for place in range(40)]
    assert not look("overfits", looks(curve))


def test_a_loss_of_nothing_from_the_first_look_on_may_double() -> None:
    held = [1e-7 if place < 4 else 4e-7 * place for place in range(20)]
    history = looks(held)
    assert look("overfits", history), "without a constant nobody knows that it is nothing"
    history.constant = 1.1
    assert not look("overfits", history)
    noisy = looks([1e-7] * 8, [3e-7] * 8)
    noisy.constant = 1.1
    assert not look("label-noise", noisy)


def test_a_plateau_far_up() -> None:
    history = training([1.5 + 0.8 * math.exp(-step / 20) for step in range(400)])
    history.parameters = [Parameter("0.weight", "0", (2, 8)), Parameter("1.weight", "1", (10, 2))]
    (finding,) = look("cannot-fit", history)
    assert finding.severity == "info"
    assert "65% of what a constant answer has" in finding.message
    assert "36 weights" in finding.message


def test_too_short_too_regularised_and_too_slow_are_told_from_too_small() -> None:
    plateau = [1.5 + 0.8 * math.exp(-step / 20) for step in range(400)]
    short = training([2.3 - 0.002 * step for step in range(400)])
    assert look("too-few-steps", short)
    assert not look("cannot-fit", short)
    assert not look("too-few-steps", training(plateau))
    shrunk = training(plateau)
    shrunk.readings = [Reading(step, {"0.weight": {"norm": 2.0 / step}}, {}) for step in range(1, 6)]
    assert not look("cannot-fit", shrunk)
    dropped = training(plateau)
    dropped.facts = [Fact("dropout", 0, "drop", {"share": 0.9})]
    assert not look("cannot-fit", dropped)
    assert look("over-dropout", dropped)
    slow = training(plateau)
    slow.parameters = [Parameter("0.weight", "0", (2, 8))]
    slow.readings = [Reading(step, {"0.weight": {"update": 1e-7}}, {}) for step in range(1, 6)]
    assert not look("cannot-fit", slow)


def test_a_network_that_fits_is_large_enough() -> None:
    assert not look("cannot-fit", training([2.3 * 0.98**step for step in range(400)]))
    assert not look("cannot-fit", training([1.5] * 400, constant=None))


def test_one_answer_for_all() -> None:
    history = History(facts=[Fact("predictions", step, "", {"entropy": 0.01}) for step in (100, 200, 300)])
    (finding,) = look("ignores-input", history)
    assert "1% of the variety of labels" in finding.message
    history.facts[-1].values["entropy"] = 0.9
    assert not look("ignores-input", history)


@pytest.mark.parametrize("constant", [math.log(2), 2.3, 5000.0])
def test_a_plateau_at_chance_predicts_the_prior(constant: float) -> None:
    draw = random.Random(0)
    losses = [constant * (1 + 2 * math.exp(-step / 10) + draw.gauss(0, 0.02)) for step in range(300)]
    (finding,) = look("predicts-the-prior", training(losses, constant))
    assert (finding.severity, finding.confidence) == ("warning", "persistent")
    assert finding.step is not None
    assert 25 <= finding.step <= 37  # without noise it comes within 6 % of the constant at step 36
    assert f"{constant:.4g} (well below" in finding.message


@pytest.mark.parametrize(
    "losses",
    [
        [2.3 * 0.99**step for step in range(300)],
        [1.46] * 300,  # the floor of two softmaxes
        [3.5] * 300,  # worse than a constant
        [2.3] * 50,
        [2.3] * 299 + [math.nan],
        [2.5 - 0.002 * step for step in range(300)],  # it passes by
    ],
)
def test_other_losses_are_not_the_prior(losses: list[float]) -> None:
    assert not look("predicts-the-prior", training(losses))


def test_a_training_without_a_known_constant_says_nothing() -> None:
    assert not look("predicts-the-prior", training([2.3] * 300, constant=None))


def test_still_falling_at_the_end() -> None:
    draw = random.Random(0)
    falling = [2.3 - 0.003 * step + draw.gauss(0, 0.05) for step in range(400)]
    (finding,) = look("too-few-steps", training(falling))
    assert "Train for 800 steps instead of 400" in finding.cure
    noise = [1.2 + draw.gauss(0, 0.3) for _ in range(400)]
    assert not look("too-few-steps", training(noise))
    assert not look("too-few-steps", training([2.3 * 0.97**step for step in range(400)]))  # little is left
    assert not look("too-few-steps", training([-1.0 - 0.01 * step for step in range(400)], None))


def test_dropout_of_nine_tenths() -> None:
    history = training([2.3 * 0.99**step for step in range(300)])
    for share, severities in ((0.5, []), (0.6, []), (0.8, ["info"]), (0.9, ["warning"])):
        history.facts = [Fact("dropout", 0, "net.2", {"share": share})]
        assert [finding.severity for finding in look("over-dropout", history)] == severities
    stuck = training([2.3] * 300)
    stuck.facts = [Fact("dropout", 0, "net.2", {"share": 0.8})]
    (finding,) = look("over-dropout", stuck)
    assert (finding.severity, finding.place) == ("warning", "net.2")


def test_labels_that_neighbours_contradict_by_lot() -> None:
    def told(**values: float) -> list[Finding]:
        usual = {"rows": 800.0, "classes": 5.0, "chance": 0.22, "right": 0.7, "second": 0.3}
        return look("label-noise", History(facts=[Fact("neighbours", 400, "", {**usual, **values})]))

    (finding,) = told()
    assert finding.severity == "warning" and finding.place == "target"
    assert "30% of the rows have another label" in finding.message and "above 51%" in finding.message
    assert not told(second=0.8), "at the border of two classes the label is that of the other one"
    assert not told(right=0.95), "a few are nothing to speak of"
    assert not told(right=0.4), "neighbours know too little to contradict anybody"
    assert not told(rows=100.0), "too few rows"
    assert not told(classes=2.0, second=1.0), "of two classes the other one is always the second"


def test_training_rows_that_stay_harder_than_new_ones() -> None:
    noisy = looks([0.6] * 8, [1.4 - place / 20 for place in range(8)])
    (finding,) = look("label-noise", noisy)
    assert finding.severity == "info" and "times as much as new ones" in finding.message
    noisy.layers = [Layer("drop", "Dropout")]
    assert not look("label-noise", noisy), "dropout makes training rows harder on purpose"
    assert not look("label-noise", looks([0.6] * 8, [0.5] * 8))
