from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import replace

from pellucid.doctor.diagnose import diagnose
from pellucid.doctor.history import Fact, History, Update
from pellucid.findings import Finding

Stack = Callable[..., History]
Look = Callable[[str, History], list[Finding]]
CHANCE = random.Random(0)
NOISE = [CHANCE.gauss(0, 0.05) for _ in range(400)]


def moved(size: float) -> Callable[[int, int], dict[str, float]]:
    return lambda layer, step: {"update": size}


def test_a_loss_that_runs_away(stack: Stack, look: Look) -> None:
    climbing = [1.0, 0.8, *(0.8 + step / 10 for step in range(198))]
    (finding,) = look("diverges", stack(losses=climbing, parameters=moved(0.3)))
    assert finding.severity == "severe" and "up to 30%" in finding.message
    assert finding.cure.startswith("Set the learning rate to 0.001")
    assert not look("diverges", stack(losses=climbing)), "steps of healthy size do not diverge"
    assert not look("diverges", stack(losses=[1.0 - step / 400 for step in range(200)], parameters=moved(0.3)))


def test_where_it_ran_away_to_infinity(stack: Stack, look: Look) -> None:
    losses = [1.0, *(0.5,) * 48, 40.0, 9e9, math.inf]
    (finding,) = look("diverges", stack(losses=losses, parameters=moved(0.3), steps=(1, 2, 3, 8, 20, 40, 50)))
    assert finding.step == 50 and "not a number any more" in finding.message


def test_steps_that_are_too_large(stack: Stack, look: Look) -> None:
    (finding,) = look("rate-too-high", stack(parameters=moved(0.06)))
    assert "6.0%" in finding.message and finding.cure == "Set the learning rate to 0.005."
    assert not look("rate-too-high", stack())
    learning = stack(parameters=moved(0.06), losses=[2.0 - step / 110 for step in range(200)])
    assert "rate-too-high" not in [one.check for one in diagnose(learning)], "a network that learns is left alone"


def test_large_first_steps_are_usual(stack: Stack, look: Look) -> None:
    def first(size: float) -> Callable[[int, int], dict[str, float]]:
        return lambda layer, step: {"update": size if step <= 8 else 3e-3}

    assert not look("rate-too-high", stack(parameters=first(0.08))), "Adam makes such of any gradient"
    assert look("rate-too-high", stack(parameters=first(0.3)))
    leapt = [2.0, 4.5, *(1.5 - step / 200 for step in range(198))]
    (finding,) = look("rate-too-high", stack(parameters=first(0.3), losses=leapt))
    assert "the loss leapt up at the start" in finding.message
    calm = [2.0, 2.2, *(1.5 - step / 200 for step in range(198))]
    assert not look("rate-too-high", stack(parameters=first(0.3), losses=calm))


def test_large_steps_where_there_is_nothing_to_learn(stack: Stack, look: Look) -> None:
    history = stack(parameters=moved(0.06))
    assert look("rate-too-high", history)
    history.facts.append(Fact("neighbours", 200, "", {"rows": 600.0, "chance": 0.2, "agree": 0.3}))
    assert not look("rate-too-high", history), "no rate would help"


def test_updates_that_decay_makes_are_left_to_its_check(stack: Stack, look: Look) -> None:
    shrinking = stack(parameters=lambda layer, step: {"update": 0.06, "norm": 4.0 * 0.95**step})
    shrinking.optimizer = {"kind": "AdamW", "learning_rate": 0.1, "weight_decay": 1.0}
    assert look("over-regularised", shrinking) and not look("rate-too-high", shrinking)


def test_steps_that_are_too_small(stack: Stack, look: Look) -> None:
    (finding,) = look("rate-too-low", stack(parameters=moved(1e-7), rate=1e-6))
    assert finding.severity == "severe" and finding.cure == "Set the learning rate to 0.03."
    assert not look("rate-too-low", stack())
    slow = stack(parameters=moved(1e-4), losses=[2.05 - step / 4000 for step in range(220)])
    assert look("rate-too-low", slow), "steps that are small, and a loss that never leaves that of a constant"
    assert not look("rate-too-low", stack(parameters=moved(1e-4), losses=[2.05] * 150)), "too early to say so"
    warming = stack(parameters=moved(1e-7))
    warming.updates = [replace(update, learning_rate=update.step * 1e-6) for update in warming.updates]
    assert not look("rate-too-low", warming)


def swinging(amplitude: float, period: int = 40) -> list[float]:
    return [1.9 + amplitude * math.sin(2 * math.pi * step / period) + NOISE[step] for step in range(400)]


def test_a_loss_that_swings(stack: Stack, look: Look) -> None:
    (finding,) = look("oscillates", stack(losses=swinging(1.0)))
    assert finding.evidence["swings"] == 10 and "a third" not in finding.cure
    assert not look("oscillates", stack(losses=swinging(0.0))), "noise is no swing"
    heavy = stack(losses=swinging(1.0))
    heavy.optimizer["momentum"] = 0.99
    assert look("oscillates", heavy)[0].cure.startswith("Set the momentum to 0.9")


def test_a_loss_that_bounces(stack: Stack, look: Look) -> None:
    (finding,) = look("oscillates", stack(losses=[2.0 + (-1) ** step for step in range(200)]))
    assert "undoes the one before" in finding.message


def test_a_slow_fall_is_a_note(stack: Stack, look: Look) -> None:
    (finding,) = look("learns-slowly", stack(losses=[2.0 - step / 2000 for step in range(400)]))
    assert finding.severity == "info"
    assert not look("learns-slowly", stack(losses=[2.0 - step / 300 for step in range(400)]))


def test_a_finding_about_the_optimizer_tells_where_it_is_made(stack: Stack) -> None:
    history = stack(parameters=moved(0.06))
    history.optimizer["line"] = "train.py:9"
    assert next(one for one in diagnose(history) if one.check == "rate-too-high").evidence["line"] == "train.py:9"


def test_updates_of_a_finished_run_are_enough(look: Look) -> None:
    bare = History(updates=[Update(step, 2.0, 0.1) for step in range(1, 300)], constant=2.0, asked="classes")
    for kind in ("diverges", "rate-too-high", "rate-too-low", "oscillates", "learns-slowly"):
        assert not look(kind, bare)


def test_a_rate_that_jumped_and_killed(stack: Stack, look: Look) -> None:
    history = stack(
        activations=lambda layer, step: {"dead": 0.95 if step > 60 and layer == 1 else 0.0},
        parameters=lambda layer, step: {"update": 2.0 if step == 40 else 3e-3},
    )
    history.updates = [replace(one, learning_rate=5.0 if 35 <= one.step < 45 else 0.1) for one in history.updates]
    (finding,) = look("rate-too-high", history)
    assert (finding.place, finding.step, finding.cure) == ("3", 40, "Set the learning rate to 0.1.")
    assert "rose from 0.1 to 5 at step 35. Most units of 3 (ReLU()) died of it." in finding.message


def test_a_rate_that_jumped_between_two_looks(stack: Stack, look: Look) -> None:
    history = stack(losses=[1.0] * 120 + [1e9] * 10 + [3.8] * 70)
    assert not look("diverges", history), "no step is known to be too large"
    history.updates = [replace(one, learning_rate=5.0 if 120 < one.step <= 130 else 0.1) for one in history.updates]
    history.optimizer["step_line"] = "train.py:21"
    (finding,) = look("diverges", history)
    assert "rose from 0.1 to 5 at step 121" in finding.message and finding.evidence["line"] == "train.py:21"
    assert finding.cure.startswith("Set the learning rate to 0.1 and start again")
    assert not look("exploding-gradient", history), "it is no odd batch"


def test_a_jump_that_was_made_good_cost_its_steps(stack: Stack, look: Look) -> None:
    def jumping(back: int) -> History:
        history = stack(losses=[2.0 - step / 100 for step in range(100)] + [1.8] * back + [0.2] * (300 - back))
        history.updates = [replace(one, learning_rate=5.0 if 100 <= one.step < 110 else 0.1) for one in history.updates]
        return history

    (finding,) = look("rate-too-high", jumping(200))
    assert finding.step == 100 and float(finding.evidence["lost_steps"]) > 150
    assert "the loss stood above what it was before" in finding.message
    assert not look("rate-too-high", jumping(20)), "it cost little"
