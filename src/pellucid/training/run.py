"""The run: drives the loop, looks at the validation part, records, commits, and stops.

With a folder it survives being killed at any moment; without one (a fit inside a larger program) nothing is written.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, cast

import torch

from pellucid import devices
from pellucid.errors import Interrupted, Place, TrainingError
from pellucid.files import refuse, write_atomic
from pellucid.findings import Finding
from pellucid.recipe import Recipe
from pellucid.record import Evaluated, Event, Found, Stopped, Tested
from pellucid.training import checkpoint, evaluate, loop, stop
from pellucid.training.built import built
from pellucid.training.finite import all_finite, kept_not_finite
from pellucid.training.flight import Recorder
from pellucid.training.loop import Ask
from pellucid.training.session import Session
from pellucid.training.state import averaged

Examine = Callable[[Event], Iterable[Finding]]
HEARTBEAT = 5.0
"""Seconds between two heartbeats."""


@dataclass
class Signals:
    """The first SIGINT, SIGTERM or SIGHUP asks the run to commit and stop; the second ends the process at once."""

    caught: int | None = None

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Handles the signals while inside; only the main thread can, elsewhere nothing changes."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def handle(number: int, frame: FrameType | None) -> None:
            if self.caught is not None:
                os._exit(128 + number)
            self.caught = number

        before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def check(self, writer: Writer, step: int) -> None:
        """Raises: Interrupted where a signal was caught; everything up to `step` is committed."""
        if self.caught is not None:
            raise interrupted(writer, self.caught, step)


@dataclass
class Writer:
    """The files of a running run. Without a folder every method does nothing."""

    folder: Path | None
    offset: int = 0
    """Bytes of `record.jsonl` so far."""
    lines: list[str] = field(default_factory=list)
    beat: float = 0.0
    findings: list[Finding] = field(default_factory=list)
    """What must be said about the run beside what was found in its data."""

    def record(self, event: Event) -> None:
        """Adds an event to `record.jsonl`; it reaches the disk with the next commit."""
        if self.folder is not None:
            self.lines.append(event.line())

    def flush(self) -> None:
        """Brings all lines to the disk."""
        if self.folder is None or not self.lines:
            return
        data = "".join(self.lines).encode()
        path = self.folder / "record.jsonl"
        try:
            with path.open("ab") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        except OSError as fault:
            refuse(fault, path, len(data))
        self.offset += len(data)
        self.lines.clear()

    def journal(self, event: str, **facts: Any) -> None:
        """Adds a line to `journal.jsonl` at once."""
        if self.folder is None:
            return
        line = json.dumps({"event": event, "time": time.time(), "pid": os.getpid(), **facts}) + "\n"
        path = self.folder / "journal.jsonl"
        try:
            with path.open("a") as file:
                file.write(line)
        except OSError as fault:
            refuse(fault, path, len(line))

    def pulse(self, step: int, began: float) -> None:
        """Replaces `heartbeat.json` every few seconds."""
        now = time.monotonic()
        if self.folder is not None and now - self.beat > HEARTBEAT:
            self.beat = now
            beat = {"step": step, "seconds": round(now - began, 1), "memory": resident(), "time": time.time()}
            write_atomic(self.folder / "heartbeat.json", json.dumps(beat).encode() + b"\n", durable=False)

    def commit(self, session: Session) -> None:
        """Commits the state, with everything recorded so far."""
        if self.folder is not None:
            self.flush()
            path = checkpoint.commit(self.folder, session.state, {"record": self.offset})
            self.journal("committed", step=session.state.step, path=path.name)


def events(
    session: Session, writer: Writer, signals: Signals | None = None, examine: Examine = lambda event: ()
) -> Generator[Event, None, None]:
    """Trains to the end and yields everything that happens; what is recorded is a function of recipe and data alone.

    Args:
        examine: is given every event, and what it finds is recorded and yielded behind it.

    Raises: TrainingError, ResourceError, and Interrupted after a signal, with the state committed.
    """
    return cast("Generator[Event, None, None]", asking(session, writer, signals, examine))


def asking(
    session: Session, writer: Writer, signals: Signals | None = None, examine: Examine = lambda event: ()
) -> Generator[Event | Ask, None, None]:
    """What `events` yields, and before each step of a network that is trained together with others its `Ask`."""
    recorder = None if writer.folder is None else Recorder(session, writer.folder)
    session.state.see = None if recorder is None else recorder.see
    with devices.computing(session.recipe.threads), _generators(session.recipe), _kept(writer, session, recorder):
        for event in _events(session, writer, signals or Signals()):
            if isinstance(event, Ask):
                yield event
                continue
            if recorder is not None:
                recorder.note(event)
            writer.record(event)
            yield event
            for finding in examine(event):
                found = Found(session.state.step, finding.as_json())
                writer.record(found)
                yield found
        writer.flush()


def _events(session: Session, writer: Writer, signals: Signals) -> Iterator[Event | Ask]:
    """What happens, in its order; whoever iterates has recorded an event when the next one is asked for."""
    state, recipe = session.state, session.recipe
    assert recipe.evaluate.every is not None and recipe.checkpoint.every is not None
    began = time.monotonic()
    if state.step == 0:
        yield built(session)
    if state.stopped is None:
        for event in loop.asking(state, session.phases()):
            if isinstance(event, Ask):
                yield event
                continue
            if state.reading is not None:
                yield state.reading
            yield event
            last = state.step == session.steps
            if state.step % recipe.evaluate.every == 0 or last:
                evaluated = look(session)
                yield evaluated
                state.stopped = stop.reason(recipe.stop, state, evaluated.train_loss) or ("epochs" if last else None)
            if state.stopped or signals.caught is not None or state.step % recipe.checkpoint.every == 0:
                if state.stopped:
                    yield Stopped(state.step, state.stopped, state.best_step)
                writer.commit(session)
            if state.stopped:
                break
            signals.check(writer, state.step)
            writer.pulse(state.step, began)
    restore_best(session)
    bad = all_finite(state.network.state_dict())
    if bad is not None:
        raise kept_not_finite(state.step, bad)
    yield from judged(session)


@contextmanager
def _kept(writer: Writer, session: Session, recorder: Recorder | None) -> Iterator[None]:
    """Brings the record of a training that failed to the disk: `pellucid diagnose` reads there why."""
    try:
        yield
    except TrainingError as fault:
        writer.flush()
        step = session.state.step
        facts: dict[str, Any] = {}
        if fault.code == "TRAIN-NONFINITE":
            step += 1  # it failed in the step that it did not end
            known = recorder and recorder.failed()
            if known:
                facts = {"what": known[1].what, "place": known[1].place}
                facts |= {"recorded": known[0].name} if known[0] is not None else {}
        writer.journal("failed", step=step, code=fault.code, message=fault.message, **facts)
        if writer.folder is None:
            raise
        hint = f"{fault.hint}; pellucid diagnose {writer.folder} says more"
        raise type(fault)(fault.code, fault.message, place=fault.place, hint=hint) from None


@contextmanager
def _generators(recipe: Recipe) -> Iterator[None]:
    """Gives torch's default generator back as it was, after a person's own modules drew from it."""
    if recipe.model is None or not recipe.model.foreign():
        yield
        return
    with torch.random.fork_rng(devices=[]):
        yield


def look(session: Session) -> Evaluated:
    """Scores the validation part, and keeps the weights where they are the best so far."""
    state, recipe = session.state, session.recipe
    assert recipe.task is not None and recipe.task.metrics
    names = tuple(
        dict.fromkeys(name for name in (recipe.task.metrics[0], recipe.stop.metric) if name != "loss" and name)
    )
    with averaged(state):
        scores = evaluate.score(
            state.network,
            session.dataset.valid,
            recipe.task,
            signature=session.signature,
            scale=session.dataset.scale,
            names=names,
            precision=recipe.precision,
        )
        best = stop.note(state, stop.lower_is_better(recipe.stop, scores))
    train_loss = state.loss_total / state.loss_rows if state.loss_rows else 0.0
    state.loss_total, state.loss_rows = 0.0, 0.0
    price = None
    if recipe.penalties:
        with torch.no_grad():
            players = state.players.values()
            price = sum(float(penalty.value(player.weights)) for penalty in recipe.penalties for player in players)
    return Evaluated(state.step, state.epoch, train_loss, scores.loss, scores.metrics, best, price)


def restore_best(session: Session) -> None:
    """Puts the best weights into the network: what is judged, shipped and explained."""
    if session.state.best is not None:
        session.state.network.load_state_dict(session.state.best)
    for parameter in session.state.network.parameters():
        parameter.grad = None  # what is judged, shipped and explained learns no more
    session.state.network.eval()
    task, valid = session.recipe.task, session.dataset.valid
    assert task is not None
    if task.settles:
        output = evaluate.outputs(session.state.network, valid, task, session.recipe.precision)
        task.settle(session.state.network.head, output, valid)


def judged(session: Session) -> Iterator[Tested]:
    """The final scores of the kept weights on every part."""
    recipe = session.recipe
    assert recipe.task is not None and recipe.task.metrics
    for part in ("train", "valid", "test"):
        if len(session.dataset.part(part)) == 0:
            continue
        scores = evaluate.judged(
            session.state.network,
            session.dataset.part(part),
            recipe.task,
            signature=session.signature,
            scale=session.dataset.scale,
            precision=recipe.precision,
        )
        yield Tested(part, scores.loss, scores.metrics)


def interrupted(writer: Writer, number: int, step: int) -> Interrupted:
    """The fault for a signal after which everything was committed."""
    name = signal.Signals(number).name
    writer.journal("signal", signal=name, step=step)
    where = Place(str(writer.folder)) if writer.folder else Place()
    message = f"stopped by {name} after step {step}" + (", committed" if writer.folder else "")
    hint = f"go on with: pellucid resume {writer.folder}" if writer.folder else None
    return Interrupted("PREEMPTED", message, place=where, hint=hint)


def resident() -> int:
    """Bytes of memory this process holds now (its largest so far, where the system does not say)."""
    status = Path("/proc/self/statm")
    if status.exists():
        return int(status.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
