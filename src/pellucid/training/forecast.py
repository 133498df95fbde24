"""What a run will cost: seconds and memory, measured on a few steps of a copy before training."""

from __future__ import annotations

import copy
import statistics
import time
from dataclasses import dataclass, replace
from itertools import islice

from pellucid import devices
from pellucid.training import loop
from pellucid.training.run import look, resident
from pellucid.training.session import Session
from pellucid.training.state import State, player

WARM = 3
"""Steps that are not counted: the first ones allocate."""
TIMED = 0.5
"""Seconds of steps to time."""
COMMIT = 0.01
"""Seconds of a commit beside its bytes."""
DISK = 200e6
"""Bytes a second that a commit writes and hashes."""


@dataclass(frozen=True)
class Forecast:
    """Seconds from the first step to the last score, and the memory of the process."""

    seconds: float
    step_seconds: float
    evaluation_seconds: float
    steps: int
    evaluations: int
    memory: int
    """Bytes held by the whole process."""


def forecast(session: Session) -> Forecast:
    """Times steps and one evaluation on a copy of the session; the session itself is untouched."""
    twin = _copy(session)
    recipe = session.recipe
    assert recipe.evaluate.every is not None and recipe.checkpoint.every is not None
    times: list[float] = []
    with devices.computing(recipe.threads):
        began = last = time.perf_counter()
        for number, _ in enumerate(islice(loop.steps(twin.state, twin.phases()), 2000)):
            now = time.perf_counter()
            if number >= WARM:
                times.append(now - last)
            last = now
            if now - began > TIMED and len(times) >= WARM:
                break
        look(twin)
        began = time.perf_counter()
        look(twin)
        evaluation = time.perf_counter() - began
    held = resident()
    weights = sum(tensor.numel() * tensor.element_size() for tensor in twin.state.tensors().values())
    step = statistics.mean(times) if times else last - began
    evaluations = -(-session.steps // recipe.evaluate.every)
    commits = session.steps // recipe.checkpoint.every
    seconds = session.steps * step + evaluations * evaluation + commits * (COMMIT + 1.5 * weights / DISK)
    return Forecast(seconds, step, evaluation, session.steps, evaluations, held)


def _copy(session: Session) -> Session:
    network = copy.deepcopy(session.state.network)
    state = State(network, session.recipe)
    for phase in session.phases():
        for turn in phase.turns:
            player(state, turn)
    return replace(session, state=state)
