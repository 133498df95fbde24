from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from pellucid import devices
from pellucid.training.cheaper import ROOM, cheaper, too_costly
from pellucid.training.forecast import Forecast, forecast
from pellucid.training.session import Session

Make = Callable[..., Session]
FREE = Forecast(seconds=1.0, step_seconds=0.01, evaluation_seconds=0.0, steps=100, evaluations=1, memory=2**20)


def test_what_there_is_enough_of_is_not_remarked_upon():
    assert too_costly(FREE) is None and too_costly(replace(FREE, seconds=3599.0)) is None


def test_time_and_memory_are_told_apart():
    long = too_costly(replace(FREE, seconds=50.0), within=10.0)
    assert long is not None and long.severity == "warning" and "50 s" in long.message and "10 s" in long.message
    room = devices.machine().memory * ROOM
    large = too_costly(replace(FREE, memory=int(2 * room)))
    assert large is not None and large.severity == "severe" and "GiB" in large.message
    assert large.check == long.check == "too-costly"


@pytest.mark.row("E11")
def test_a_recipe_that_takes_too_long_is_made_cheaper_and_measured(make: Make):
    session = make("digits", {"method.epochs": 400, "model.widths": [256, 256]})
    cost = forecast(session)
    within = cost.seconds / 6
    assert too_costly(cost, within) is not None
    offer = cheaper(session, cost, within)
    assert offer is not None and offer.fits and offer.forecast.seconds <= within
    changed = {path: (before, after) for path, before, after in offer.changes}
    assert changed and set(changed) <= {"evaluate.every", "model.widths", "method.epochs"}
    assert session.recipe.method != offer.recipe.method or session.recipe.model != offer.recipe.model
    assert offer.as_json()["forecast"] == {"seconds": offer.forecast.seconds, "memory": offer.forecast.memory}


def test_memory_is_saved_by_smaller_batches_of_which_more_make_a_step(make: Make):
    session = make("classes", {"method.batch": 64})
    huge = replace(FREE, memory=int(2 * devices.machine().memory))
    offer = cheaper(session, huge)
    assert offer is not None and offer.fits
    assert {(path, after) for path, _, after in offer.changes} >= {("method.batch", 32), ("method.accumulate", 2)}


def test_what_can_be_made_no_cheaper_is_left(make: Make):
    session = make("classes", {"method.epochs": 1})
    assert cheaper(session, replace(FREE, seconds=1e9)) is None
