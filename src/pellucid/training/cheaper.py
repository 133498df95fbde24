"""A cheaper recipe, where the forecast of one is more than there is to spend."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from pellucid import devices
from pellucid.errors import RecipeError
from pellucid.findings import Finding
from pellucid.recipe import Recipe
from pellucid.training.forecast import Forecast, forecast
from pellucid.training.session import Session, prepare

WITHIN = 3600.0
"""Seconds that a training may take where nobody says it; ours."""
ROOM = 0.9
"""Share of the memory of the machine that a process may hold; ours."""
LOOKING = 0.2
"""Share of the time for evaluations above which there are fewer of them; ours."""
WIDTHS = ("widths", "width", "channels", "hidden")
"""Fields of families that say how wide a network is."""
ROUNDS = 6
"""Forecasts that are made at most."""


class Offer(NamedTuple):
    """A recipe that costs less, and how much."""

    recipe: Recipe
    changes: list[tuple[str, Any, Any]]
    forecast: Forecast
    fits: bool
    """Whether that is little enough."""

    def as_json(self) -> dict[str, Any]:
        """As plain values."""
        cost = {"seconds": self.forecast.seconds, "memory": self.forecast.memory}
        return {"recipe": self.recipe.dump(), "changes": self.changes, "forecast": cost, "fits": self.fits}


def too_costly(cost: Forecast, within: float = WITHIN) -> Finding | None:
    """What is to be said of a training that takes more time or memory than there is."""
    memory = devices.machine().memory * ROOM
    if cost.seconds <= within and cost.memory <= memory:
        return None
    long, large = cost.seconds > within, cost.memory > memory
    said = [f"It would take {cost.seconds:,.0f} s, and {within:,.0f} s are given."] if long else []
    if large:
        said.append(f"It would hold {cost.memory / 2**30:.1f} GiB, and this machine has {memory / 2**30:.1f} to give.")
    return Finding(
        "too-costly",
        "severe" if large else "warning",
        " ".join(said),
        evidence={"seconds": cost.seconds, "within": within, "memory": cost.memory, "room": memory},
        cure="Take the cheaper recipe below, or give it more with --within.",
        why="The cost is that of one step, measured on this machine, times the number of steps.",
    )


def cheaper(session: Session, cost: Forecast, within: float = WITHIN) -> Offer | None:
    """The recipe changed until it costs little enough, the least harmful changes first; each change is measured.

    First fewer evaluations, then narrower layers, then fewer epochs; where memory is short, smaller batches that still
    make steps of as many rows, then narrower layers. None where no change makes it cheaper.
    """
    memory = devices.machine().memory * ROOM
    recipe, now, made = session.recipe, cost, session
    for _ in range(ROUNDS):
        long, large = now.seconds > within, now.memory > memory
        if not long and not large:
            break
        short = [_smaller_batches, narrower] if large else [_seldom, narrower, _fewer_epochs(within)]
        changed = next((other for change in short if (other := change(recipe, made, now)) is not None), None)
        if changed is None:
            break
        made = prepare(changed, session.raw)
        recipe, now = changed, forecast(made)
    if recipe is session.recipe:
        return None
    return Offer(recipe, recipe.changes(session.recipe), now, now.seconds <= within and now.memory <= memory)


def narrower(recipe: Recipe, session: Session, cost: Forecast) -> Recipe | None:
    """Layers of half the width, as long as that is less than half of the work to be saved."""
    if recipe.model is None or cost.steps == 0:
        return None
    model = recipe.model.dump()
    halved = {name: _half(model[name]) for name in WIDTHS if name in model}
    halved = {name: value for name, value in halved.items() if value != model[name]}
    if not halved or sum(layer.parameters for layer in session.layers) < 10_000:
        return None
    try:
        return recipe.replace(model=recipe.model.replace(**halved))
    except (RecipeError, ValueError):  # a width that heads or groups do not divide
        return None


def _half(value: Any) -> Any:
    if isinstance(value, list):
        return [_half(one) for one in value]
    return max(8, value // 2) if isinstance(value, int) and value > 8 else value


def _smaller_batches(recipe: Recipe, session: Session, cost: Forecast) -> Recipe | None:
    """Batches of half the rows, twice as many for each step: the same training, with half the memory."""
    batch, accumulate = getattr(recipe.method, "batch", None), getattr(recipe.method, "accumulate", None)
    if recipe.method is None or batch is None or accumulate is None or batch < 2:
        return None
    return recipe.replace(method=recipe.method.replace(batch=batch // 2, accumulate=2 * accumulate))


def _seldom(recipe: Recipe, session: Session, cost: Forecast) -> Recipe | None:
    """Evaluations at so many steps that they take a tenth of the time."""
    every = recipe.evaluate.every
    if every is None or cost.evaluations * cost.evaluation_seconds < LOOKING * cost.seconds:
        return None
    wanted = math.ceil(cost.evaluation_seconds / (0.1 * cost.step_seconds))
    rarer = min(max(2 * every, wanted), session.steps)
    return recipe.replace(evaluate=recipe.evaluate.replace(every=rarer)) if rarer > every else None


def _fewer_epochs(within: float) -> Callable[[Recipe, Session, Forecast], Recipe | None]:
    def change(recipe: Recipe, session: Session, cost: Forecast) -> Recipe | None:
        """As many epochs as there is time for."""
        epochs = getattr(recipe.method, "epochs", None)
        if recipe.method is None or epochs is None or epochs < 2:
            return None
        fewer = max(1, min(epochs - 1, int(0.9 * epochs * within / cost.seconds)))
        return recipe.replace(method=recipe.method.replace(epochs=fewer))

    return change
