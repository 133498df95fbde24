"""The flight recorder: one file with everything that does a step again at which the loss was not finite, or leapt.

`RUN/crash/step-NNNNNNNN.safetensors` holds the weights before the step, the batch as the network was given it, and, as
the tensor `about`, a JSON text: recipe, signature, step, rows, the statistics of the last steps, and what went bad.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import torch

from pellucid.artifacts import tensor_bytes, tensors_to_bytes
from pellucid.data.batch import Batch
from pellucid.documents import canonical_json
from pellucid.errors import PellucidError, ResourceError, TrainingError
from pellucid.files import write_atomic
from pellucid.forms import Signal, tensors
from pellucid.record import Event, Reading, Step, defined
from pellucid.training import checkpoint, loop
from pellucid.training.finite import Bad, all_finite, first_bad, walk
from pellucid.training.session import Session, prepare
from pellucid.training.state import State

FORMAT = "pellucid-step"
STEPS, READINGS = 20, 3
"""Steps and readings before it that are kept."""
YOUNG, KEEP = 20, 0.95
"""Losses before which none is a leap, and the share of the running mean that stays with each loss."""
DEVIATIONS, TIMES = 10.0, 3.0
"""A loss leaps that is so many deviations, and so many times the mean, above the mean; ours."""
LARGEST = 2**30
"""Bytes of a network that is recorded."""


class Moment(NamedTuple):
    """A batch on its way through the network."""

    step: int
    """Updates before it."""
    turn: str
    micro: int
    batch: Batch
    loss: float


@dataclass
class Usual:
    """The running mean of a loss and of its squared distance from it."""

    count: int = 0
    mean: float = 0.0
    square: float = 0.0

    def leaps(self, loss: float) -> bool:
        """Whether `loss` is far above what is usual; takes it in."""
        above = loss - self.mean
        far = self.count >= YOUNG and above > max(DEVIATIONS * math.sqrt(self.square), (TIMES - 1) * abs(self.mean))
        share = max(1 - KEEP, 1 / (self.count + 1))
        self.count += 1
        self.mean += share * above
        self.square += share * (above * above - self.square)
        return far


@dataclass
class Recorder:
    """Sees every batch before its gradient is known, and keeps the first one whose loss leaps."""

    session: Session
    folder: Path
    """Of the run."""
    moments: list[Moment] = field(default_factory=list)
    """Those of the step that is under way."""
    usual: dict[str, Usual] = field(default_factory=dict)
    recent: deque[Step] = field(default_factory=lambda: deque(maxlen=STEPS))
    readings: deque[Reading] = field(default_factory=lambda: deque(maxlen=READINGS))
    leapt: bool = False

    def see(self, turn: str, batch: Batch, micro: int, loss: float) -> None:
        """Takes a batch in, and its loss."""
        step = self.session.state.step
        if self.moments and self.moments[0].step != step:
            self.moments.clear()
        self.moments.append(Moment(step, turn, micro, batch, loss))
        if math.isfinite(loss) and self.usual.setdefault(turn, Usual()).leaps(loss) and not self.leapt:
            self.leapt = True
            keep(self, self.session.state, self.moments[-1], Bad("leap", ""))

    def note(self, event: Event) -> None:
        """Takes in what happened."""
        if isinstance(event, Step):
            self.recent.append(event)
        elif isinstance(event, Reading):
            self.readings.append(event)

    def failed(self) -> tuple[Path | None, Bad] | None:
        """Keeps the step at which numbers that are not finite began; where weights hold them, that is an earlier one.

        Returns: the file, and what went bad first; None where neither is known.
        """
        state = self.session.state
        moment = self.moments[-1] if self.moments else None
        whole = all_finite(state.network.state_dict()) is None
        if whole and moment is not None and not math.isfinite(moment.loss):
            bad = first_bad(state, moment.batch)
            return keep(self, state, moment, bad), bad
        try:
            return self._origin()
        except PellucidError:  # it cannot be done again, such as where the data changed meanwhile
            return None

    def _origin(self) -> tuple[Path | None, Bad] | None:
        """Trains again from the newest checkpoint, looking at every gradient."""
        again = prepare(self.session.recipe, self.session.raw)
        path, _ = checkpoint.newest(self.folder)
        if path is not None:
            checkpoint.restore(path, again.state)
        eye = Recorder(again, self.folder, leapt=True)
        again.state.see = eye.see
        before, lost = _copy(again.state), None
        try:
            for event in loop.steps(again.state, again.phases()):
                params = again.state.network.named_parameters()
                gradients = {name: param.grad for name, param in params if param.grad is not None}
                lost = all_finite(again.state.network.state_dict()) or all_finite(gradients)
                if lost is not None:
                    break
                before = _copy(again.state)
                eye.note(event)
            else:
                return None
        except TrainingError:
            pass  # a loss that is not finite: the step under way is the one
        again.state.network.load_state_dict(before)
        for moment in eye.moments:
            turn = again.state.players[moment.turn].turn
            half = again.recipe.precision == "bfloat16"
            bad, _ = walk(again.state.network, turn, moment.batch, (moment.step, moment.micro), half=half)
            if bad is not None:
                break
        else:
            moment, bad = eye.moments[0], Bad("update", lost or "")
        again.state.network.load_state_dict(before)
        return keep(eye, again.state, moment, bad), bad


def keep(recorder: Recorder, state: State, moment: Moment, bad: Bad) -> Path | None:
    """Writes the file of a step; None where the network is too large or the disk refuses: the run matters more."""
    weights = {f"network/{name}": value.detach().cpu() for name, value in state.network.state_dict().items()}
    if tensor_bytes(weights) > LARGEST:
        return None
    session, batch = recorder.session, moment.batch
    parts = {f"input/{place}": part for place, part in enumerate(tensors(batch.input))}
    held = {"target": batch.target, "weight": batch.weight_B, "rows": batch.row_B}
    for name in ("mixed", "relative"):
        pair = getattr(batch, name)
        held |= {f"{name}/{place}": part for place, part in enumerate(pair or ())}
    parts |= {name: value for name, value in held.items() if value is not None}
    about = {
        "format": FORMAT,
        "step": moment.step + 1,
        "turn": moment.turn,
        "micro": moment.micro,
        "loss": str(moment.loss),
        "what": bad.what,
        "place": bad.place,
        "rows": [] if batch.row_B is None else batch.row_B.tolist(),
        "signal": shape_of(batch.input),
        "fresh": batch.fresh,
        "form": session.dataset.form.as_json(),
        "categories": list(session.dataset.categories),
        "recipe": session.recipe.dump(),
        "signature": session.signature.as_json(),
        "steps": [defined(event._asdict()) for event in recorder.recent if event.step <= moment.step],
        "readings": [defined(event._asdict()) for event in recorder.readings if event.step <= moment.step],
    }
    text = torch.frombuffer(bytearray(canonical_json(about)), dtype=torch.uint8)
    named = {f"batch/{name}": value.detach().cpu() for name, value in parts.items()}
    path = recorder.folder / "crash" / f"step-{moment.step + 1:08d}.safetensors"
    try:
        path.parent.mkdir(exist_ok=True)
        write_atomic(path, tensors_to_bytes({"about": text, **weights, **named}))
    except (ResourceError, OSError):
        return None
    return path


def shape_of(signal: Signal) -> Any:
    """How a signal is put together: None for a tensor, else the name of the tuple and its parts."""
    return {"kind": type(signal).__name__, "parts": [shape_of(part) for part in signal]} if isinstance(signal, tuple) \
        else None  # fmt: skip


def _copy(state: State) -> dict[str, torch.Tensor]:
    return {name: value.detach().clone() for name, value in state.network.state_dict().items()}
