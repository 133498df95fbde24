"""What a run will cost: seconds and memory, measured on a few steps of a copy before training."""

from __future__ import annotations

import copy
import resource
import statistics
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import islice

import torch

from pellucid import devices
from pellucid.errors import TrainingError
from pellucid.training import loop
from pellucid.training.run import look, resident
from pellucid.training.session import Session
from pellucid.training.state import State, player

WARM = 3
"""Steps that are not counted: the first ones allocate."""
TIMED = 0.5
"""Seconds of steps to time, where they are short."""
PATIENCE = 5.0
"""Seconds after which two steps are enough."""
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
    before = peak()
    twin = _copy(session)
    recipe = session.recipe
    assert recipe.evaluate.every is not None and recipe.checkpoint.every is not None
    times: list[float] = []
    with devices.computing(recipe.threads):
        began = last = time.perf_counter()
        try:
            for _ in islice(loop.steps(twin.state, twin.phases()), 2000):
                now = time.perf_counter()
                times.append(now - last)
                last = now
                if now - began > TIMED and len(times) >= (2 * WARM if now - began < PATIENCE else 2):
                    break
        except TrainingError:
            if not times:
                raise
            # it runs away, which is the doctor's business: its steps take as long as others
        look(twin)
        began = time.perf_counter()
        look(twin)
        evaluation = time.perf_counter() - began
    slots = _bytes(twin.state.tensors().values())
    # session and copy hold everything twice; a run holds it once, and the best weights beside it
    held = peak() - slots if peak() > before else resident()
    step = statistics.mean(times[WARM:] or times[1:] or times)
    evaluations = -(-session.steps // recipe.evaluate.every)
    commits = session.steps // recipe.checkpoint.every
    seconds = session.steps * step + evaluations * evaluation + commits * (COMMIT + 1.5 * slots / DISK)
    return Forecast(seconds, step, evaluation, session.steps, evaluations, held)


def peak() -> int:
    """The most bytes this process has held so far."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def _bytes(tensors: Iterable[torch.Tensor]) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


def _copy(session: Session) -> Session:
    network = copy.deepcopy(session.state.network)
    state = State(network, session.recipe)
    for phase in session.phases():
        for turn in phase.turns:
            player(state, turn)
    return replace(session, state=state)
