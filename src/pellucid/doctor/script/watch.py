"""The watch over a script's training: puts together what happens between one step of an optimizer and the next."""

from __future__ import annotations

import math
import threading
import time
import traceback
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch._C import _functorch  # pyright: ignore[reportAttributeAccessIssue]
from torch.optim import Optimizer

from pellucid.doctor.history import History
from pellucid.doctor.script import graph
from pellucid.doctor.script.activity import Activity
from pellucid.doctor.script.clock import Clock
from pellucid.doctor.script.ledger import Ledger
from pellucid.doctor.script.lines import user_line
from pellucid.doctor.script.losses import Losses
from pellucid.doctor.script.names import Names
from pellucid.doctor.script.optimizers import Held, Optimizers
from pellucid.doctor.script.past import Passed, Past
from pellucid.doctor.script.questions import Questions, shadow
from pellucid.probes.gauge import Gauge, Later, read
from pellucid.record import Reading

FIRST = 3
"""Steps in which it is looked which parameters the loss reaches."""
FOLLOWED = 30
"""Steps of an optimizer after which it is always looked whether gradients are left for the next."""
TIMED = 8
"""Of the steps that nobody looks at closely one in so many is timed, and stands for the others."""
CUTS = 20
"""Steps of an optimizer in which it is looked whether a layer is cut off."""
Numbers = dict[str, dict[str, float]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a script ended and what was seen."""

    code: int
    """Its exit code."""
    history: History
    share: float
    """The doctor's own time over that of the training steps."""
    faults: tuple[str, ...] = ()
    """Tracebacks of what went wrong in the doctor."""


@dataclass(slots=True)
class Open:
    """The step that is running."""

    backwards: int = 0
    losses: list[Tensor] = field(default_factory=list)
    norm: Tensor | None = None
    part: Tensor | None = None
    """Square of the norm of the gradients of the first of several batches."""


class Watch:
    """Everything that is learnt about the trainings of one script."""

    def __init__(self) -> None:
        self.ledger, self.names, self.clock, self.past = Ledger(), Names(), Clock(), Past()
        self.activity = Activity(self.ledger, self.names)
        self.losses = Losses(self.ledger, lambda node: graph.owner(node, self.names.layer_of))
        self.optimizers = Optimizers(self.ledger, self.names)
        self.questions = Questions(self.ledger, self.names, self.activity, self.losses)
        self.faults: list[str] = []
        """What went wrong in the doctor itself."""
        self.busy = False
        self.plain = False
        """Whether of this step no more is wanted than its loss and its rate."""
        self.hooked: Callable[[bool], None] = lambda on: None
        """Turns the hooks of modules on and off."""
        self.compiled = False
        self.fired = 0
        """Steps that optimizers made."""
        self._open = Open()
        self._scales = False
        """Whether gradients are those of a loss that a scaler multiplied."""
        self._scaled: dict[int, Tensor] = {}
        """Number of a node -> the loss before it was scaled."""
        self._leaves: list[weakref.ref[Tensor]] = []
        self._shadow: tuple[weakref.ref[nn.Module], tuple[Any, ...], dict[str, Any]] | None = None
        self._hand: tuple[Gauge, list[Tensor], list[int]] | None = None
        """Of a training without an optimizer: the parameters, and their versions at the last backward pass."""
        self._thread: int | None = None
        """The one that trains; None until a backward pass tells."""
        self.over = False
        """Whether the watch has ended; a function that somebody wrapped in the meantime may still call it."""

    def guarded(self, act: Callable[..., None], *args: Any) -> None:
        """Does `act` unless the doctor is at work already, or a compiler or a tracer is; counts time and faults."""
        if _traced() or self.busy or self.over or self._thread not in (None, threading.get_ident()):
            return
        weight = 1 if self.ledger.close else 0 if self.ledger.step % TIMED else TIMED  # to ask for the time is dear
        began, self.busy = time.thread_time() if weight else 0.0, True
        try:
            act(*args)
        except Exception:  # noqa: BLE001 - a fault of the doctor must never reach the training of a person
            self.faults.append(traceback.format_exc())
        finally:
            self.busy = False
            if weight:
                self.clock.own += weight * (time.thread_time() - began)

    def know(self, made: nn.Module | Optimizer) -> None:
        """Learns of a network or an optimizer that was there before."""
        if isinstance(made, nn.Module):
            self.names.known(made)
        else:
            self.optimizers.made(made, "")
            self.questions.loaded = self.questions.loaded or bool(made.state)

    def outcome(self, code: int) -> Outcome:
        """What was seen so far, of a script that ended with `code`."""
        seen: list[History] = []
        (thread, self._thread), (over, self.over) = (self._thread, None), (self.over, False)
        self.guarded(lambda: seen.append(self._history()))
        self._thread, self.over = thread, over
        history = seen[0] if seen else History(source="script")
        return Outcome(code, history, self.clock.share, tuple(self.faults))

    def _history(self) -> History:
        self._by_hand()
        read(self.ledger.waiting())
        with self.ledger.aside():
            self.activity.finish()
            self.optimizers.finish(self.past.epoch)
            self.questions.finish()
            return self.past.history(self.ledger, self.activity, self.losses, self.optimizers)

    # -- the backward pass

    def backward_begins(self, tensors: Any) -> None:
        """A backward pass begins at `tensors`."""
        given = tensors if isinstance(tensors, Tensor) else next(iter(tensors), None)
        if not isinstance(given, Tensor) or given.grad_fn is None:
            return
        self._thread = threading.get_ident()
        self._by_hand()
        self.optimizers.backward_begins()
        fed, self.losses.pending = self.losses.pending, []
        if self.plain and len(fed) == 1:
            value = fed[0].value
        else:
            value = self._scaled.pop(given.grad_fn._sequence_nr(), given).detach()
            value = value.mean() if value.dim() else value
        if self.ledger.close:
            numbers = graph.behind(given.grad_fn, {call.node for call in fed})
            gathered, fed = len(fed), [call for call in fed if call.node in numbers]
            self.losses.fed(fed, gathered)
            for call in fed:
                self.losses.describe(call)
            if self.ledger.step < FIRST:
                self._leaves = [weakref.ref(leaf) for leaf in graph.leaves(given.grad_fn)]
            self.questions.of_graph(given)
            self.questions.of_sign(fed, value)
            if not self._open.backwards:  # the batch that is kept is the first of a step
                self.questions.of_batch(fed)
            if not self.ledger.step and not self._open.backwards and not self.compiled:
                self.questions.of_first(fed, given)
            if self._open.backwards == 1 and self.optimizers.held and not self._scales:
                self._open.part = _square(self.optimizers.held[0].params())
        loss = fed[0].value if len(fed) == 1 else value
        self._open.losses.append(loss if loss.device.type == "cpu" else loss.clone())
        if loss.device.type == "cpu" and not self.questions.broken and not math.isfinite(float(loss)):
            self.questions.of_value(given)
        self._open.backwards += self.plain  # nothing else is asked for when it has ended

    def backward_ended(self) -> None:
        """A backward pass is over."""
        self._open.backwards += 1
        self.optimizers.count_reached()
        if self.optimizers.held and self.ledger.step < FIRST:
            self.optimizers.reached_without([leaf for ref in self._leaves if (leaf := ref()) is not None])
        if not self.optimizers.held:
            self._start_by_hand()

    # -- the step

    def step_begins(self, optimizer: Optimizer, closure: bool) -> None:
        """An optimizer is about to step."""
        held, ran = self.optimizers.of(optimizer), bool(self._open.backwards)
        held.step_line = held.step_line or user_line()
        if self.ledger.step < FIRST:
            self.names.freeze()
        if not self.ledger.close:
            return
        if ran and self._shadow is not None:
            self._run_shadow()
        if self._open.part is not None and held is self.optimizers.held[0]:
            norm, parts = self._open.norm, self._open.backwards
            whole = _square(held.params()) if norm is None else norm.square()
            self.ledger.note("noise", part=self._open.part, whole=whole, parts=parts)
        self.optimizers.stepping(held, ran, closure)
        if ran:
            if held.steps < CUTS:
                self.optimizers.cut(held, self.activity.ran)

    def step_ended(self, optimizer: Optimizer) -> None:
        """An optimizer has stepped."""
        held = self.optimizers.of(optimizer)
        self.fired += 1
        if held.steps == 0:  # not before: a closure runs the network during the step
            self.names.freeze()
            self.past.describe(held, self.names, self.activity)
        later = self.optimizers.stepped(held)
        if self.ledger.close or held.steps < FOLLOWED:
            self.optimizers.follow(held)
        else:
            held.left = []
        held.steps += 1
        if self._open.backwards:
            self.close(held, later)
        elif later is not None and self.past.readings:  # a second optimizer behind the same backward pass
            self.past.readings[-1][1].parameters.update(read([later])[0])

    def close(self, held: Held | None, later: Later[Numbers] | None) -> None:
        """A step is over: reads its numbers, and settles how closely the next one is looked at."""
        step, now, was_close = self.ledger.step + 1, self._open, self.ledger.close
        loss = now.losses[0] if len(now.losses) == 1 else torch.stack(now.losses).mean()
        rate = self.optimizers.rates(held) if held is not None else 0.0
        self.past.add(Passed(held, step, float(loss) if loss.device.type == "cpu" else loss, rate, now.norm))
        if was_close:
            self._read(held, step, later)
            self.past.settle()
            self.optimizers.count_schedules()
        self.activity.step_over(was_close)
        self.ledger.step = step
        if self.losses.judged:
            self.past.looked(self.losses.judged)
            self.losses.judged = []
        self._open = Open()
        self._scaled.clear()
        self.ledger.close = self.clock.tick(step, was_close)
        self.plain = not self.ledger.close and step >= FIRST and bool(self.optimizers.held)
        self.hooked(self.ledger.close)

    def _read(self, held: Held | None, step: int, later: Later[Numbers] | None) -> None:
        """Brings all numbers of a step to the processor at once."""
        moved = later if later is not None else Later[Numbers]([], lambda numbers: {})
        late: list[Later[Any]] = [moved, self.activity.later(), *self.ledger.waiting()]
        parameters, layers, *_ = read(late)
        along = [numbers.pop("along") for numbers in parameters.values() if "along" in numbers]
        if along and held is not None and held is self.optimizers.held[0]:
            self.questions.of_direction(held.line, sum(along))
        if step == 1:
            self.questions.of_start(layers)
        if not self.past.asked:  # a gradient scaler looks for infinity by itself
            self.questions.of_gradients(parameters)
        self.past.readings.append((held, Reading(step, parameters, layers)))

    def _run_shadow(self) -> None:
        (ref, args, kwargs), self._shadow = self._shadow or (lambda: None, (), {}), None
        module = ref()
        if module is None:
            return
        self.hooked(True)
        self.activity.shadow, self.busy = True, False  # the hooks that run are ours
        try:
            shadow(module, args, kwargs)
        finally:
            self.activity.shadow, self.busy = False, True
            self.hooked(False)

    # -- what the script calls beside

    def compared(self, told: dict[str, int] | None) -> None:
        """Several processes trained together, and this was seen of them."""
        if told is not None:
            self.ledger.once("replicas", "", self.optimizers.held[0].step_line if self.optimizers.held else "", **told)

    def clipped(self, norm: object, limit: float) -> None:
        """Gradients were clipped; several calls in one step are of several groups, and the first is told."""
        if isinstance(norm, Tensor) and self._open.norm is None:
            self._open.norm = norm.detach().clone()
            self.past.clips.append((self._open.norm, float(limit)))
            self.past.clip_line = self.past.clip_line or user_line()

    def scaled(self, scaled: object, loss: object) -> None:
        """A gradient scaler multiplied a loss."""
        self._scales = True
        if isinstance(scaled, Tensor) and isinstance(loss, Tensor) and scaled.grad_fn is not None:
            self._scaled[scaled.grad_fn._sequence_nr()] = loss.detach()

    def scaler_stepped(self, scaler: Any, optimizer: Optimizer, skipped: bool) -> None:
        """A gradient scaler stepped an optimizer, or left the step out."""
        self.past.asked += 1
        self.past.scaler_line = self.past.scaler_line or user_line()
        if self.ledger.close:
            self.past.scale = float(scaler.get_scale())
        if skipped:
            self.past.skipped += 1
            held = self.optimizers.of(optimizer)
            self.optimizers.follow(held)
            if self._open.backwards:
                self.close(held, None)

    def epoch_began(self, loader: Any) -> None:
        """A loader of batches is gone through; the longest is that of the training."""
        try:
            length = len(loader)
        except TypeError:
            return  # a stream has no length
        if length > self.past.epoch:
            self.past.epoch, self.past.loader_line = length, user_line()

    def compiled_ran(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """A compiled network is about to run."""
        if self.ledger.close and torch.is_grad_enabled() and self._shadow is None:
            self._shadow = weakref.ref(module), args, kwargs

    # -- trainings without an optimizer

    def _start_by_hand(self) -> None:
        if self._hand is None and self._leaves:
            params = [leaf for ref in self._leaves if (leaf := ref()) is not None]
            self.names.freeze()
            gauge = Gauge([self.names.of_parameter(param)[0] for param in params], params)
            gauge.before()
            self._hand = gauge, params, [param._version for param in params]

    def _by_hand(self) -> None:
        """Where the weights have moved since the last backward pass, and there is no optimizer, that was a step."""
        if self._hand is None or self.optimizers.held:
            return
        gauge, params, versions = self._hand
        if any(param._version != version for param, version in zip(params, versions, strict=True)):
            self._hand = None
            pending, self.losses.pending = self.losses.pending, []
            self.close(None, gauge.after())
            self.losses.pending = pending


def _square(params: list[Tensor]) -> Tensor:
    """The square of the norm of the gradients."""
    squares = [param.grad.detach().float().square().sum() for param in params if param.grad is not None]
    return torch.stack(squares).sum() if squares else torch.zeros(())


def _traced() -> bool:
    """Whether a compiler (asked first: it is to see no more of ours), a tracer or a transform such as `vmap` works."""
    if torch.compiler.is_compiling():
        return True
    return bool(torch._C._get_tracing_state()) or _functorch.peek_interpreter_stack() is not None
