from __future__ import annotations

import math

import pytest

from pellucid.doctor.history import EARLY, Fact, History, Layer, Parameter, Update
from pellucid.record import Reading


def falling(losses: list[float], **more: object) -> History:
    return History(updates=[Update(step, loss, 0.1) for step, loss in enumerate(losses, 1)], **more)  # type: ignore[arg-type]


def test_the_running_mean_starts_at_the_first_loss_and_ends_near_the_last():
    smooth = falling([2.0] + [1.0] * 200).smooth
    assert smooth[0] == 2.0 and smooth[1] == pytest.approx(1.5, abs=0.02) and smooth[-1] == pytest.approx(1.0, abs=1e-2)


@pytest.mark.parametrize(
    ("losses", "constant", "harmed"),
    [
        ([2.3] * (EARLY - 1), 2.3, False),  # too early to tell
        ([2.3] * EARLY, 2.3, True),
        ([1.0] * EARLY, 2.3, False),
        ([1.0, math.nan], None, True),
        ([3.0] * 300, None, True),  # it stands still
        ([3.0 * 0.99**step for step in range(300)], None, False),
    ],
)
def test_when_a_training_does_badly(losses: list[float], constant: float | None, harmed: bool):
    assert falling(losses, constant=constant).harmed == harmed


def test_matrices_come_in_the_order_of_execution():
    history = History(
        layers=[Layer("first", "Linear"), Layer("last", "Linear")],
        parameters=[
            Parameter("last.weight", "last", (3, 4)),
            Parameter("last.bias", "last", (3,)),
            Parameter("first.weight", "first", (4, 2)),
            Parameter("still.weight", "still", (4, 2), learns=False),
        ],
    )
    assert [one.name for one in history.weights] == ["first.weight", "last.weight"]
    assert history.layer_of("first.weight").kind == "Linear" and history.layer_of("other.weight").kind == ""


def test_numbers_and_facts_are_found_by_name():
    readings = [Reading(step, {"a": {"norm": float(step)}, "b": {"update": 0.1}}, {}) for step in (1, 2)]
    history = History(readings=readings, facts=[Fact("frozen", 0, "a"), Fact("memory", 1), Fact("frozen", 2, "b")])
    assert history.values("norm") == {"a": [1.0, 2.0]}
    assert [fact.place for fact in history.seen("frozen")] == ["a", "b"]
