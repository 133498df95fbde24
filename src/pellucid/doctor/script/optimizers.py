"""The optimizers of a script: which parameters they hold, and what lies between a backward pass and a step."""

from __future__ import annotations

import math
import weakref
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from pellucid.doctor.script.ledger import Ledger
from pellucid.doctor.script.lines import user_line
from pellucid.doctor.script.names import Names
from pellucid.probes.gauge import Gauge, Later

LOW = 1e-3
"""Share of the largest learning rate below which hardly anything is learnt any more."""
NAMED = 4
"""Steps in which names are looked up each time: they are settled by then."""
LONG = 20
"""Steps without a gradient after which a parameter counts as unused."""
CHECKED = 4
"""Gradients that are followed from a step to the next backward pass."""
PLANNED = ("total_steps", "T_max", "T_0", "total_iters", "step_size")
"""What schedules call the number of steps after which they are through, or fall."""
SETTINGS = ("weight_decay", "momentum", "eps", "dampening", "nesterov", "maximize")


class Held:
    """What is known about one optimizer."""

    def __init__(self, optimizer: Optimizer, line: str) -> None:
        self.ref = weakref.ref(optimizer)
        self.kind = type(optimizer).__name__
        self.line = line
        self.step_line = ""
        self.steps = 0
        self.gauge: Gauge | None = None
        self.settings: dict[str, float | str] = {}
        self.rate = self.largest = 0.0
        self.first_rate: float | None = None
        self.left: list[tuple[weakref.ref[Tensor], weakref.ref[Tensor], int]] = []
        """(parameter, its gradient, version of the gradient) at the end of the last step."""
        self.uncleared = False
        self.uncleared_steps = 0
        self.reached = False
        """Whether any parameter had a gradient after the last backward pass."""
        self.never: dict[int, tuple[str, str]] | None = None
        """Name and line of the parameters that never had a gradient so far."""
        self.fell: int | None = None
        """Step since which the rate is next to nothing."""
        self.maximize = False
        self.known: list[int] = []
        """Identities of its parameters at the last close look, and their names."""
        self.names: list[str] = []

    def params(self) -> list[Tensor]:
        """The parameters it holds, that ask for gradients."""
        optimizer = self.ref()
        groups: Iterable[dict[str, Any]] = optimizer.param_groups if optimizer is not None else ()
        return [param for group in groups for param in group["params"] if param.requires_grad]


@dataclass(slots=True)
class Schedule:
    """A schedule of learning rates."""

    ref: weakref.ref[Any]
    kind: str
    line: str
    stepped: int = 0
    settings: dict[str, float] = field(default_factory=dict)


class Optimizers:
    """Follows the optimizers of a script."""

    def __init__(self, ledger: Ledger, names: Names) -> None:
        self.ledger, self.names = ledger, names
        self.held: list[Held] = []
        self.schedules: list[Schedule] = []
        self._cut: dict[str, int] = {}

    def made(self, optimizer: Optimizer, line: str) -> None:
        """An optimizer was made."""
        if all(held.ref() is not optimizer for held in self.held):
            self.held.append(Held(optimizer, line))

    def of(self, optimizer: Optimizer) -> Held:
        """What is known about an optimizer."""
        for held in self.held:
            if held.ref() is optimizer:
                return held
        self.made(optimizer, "")
        return self.held[-1]

    def all_params(self) -> dict[int, Tensor]:
        """Everything that any optimizer holds, by identity."""
        return {id(param): param for held in self.held for param in held.params()}

    def backward_begins(self) -> None:
        """Looks whether the gradients of the last step are still there."""
        for held in self.held:
            if not held.left:
                continue
            pairs = [(param_ref(), grad_ref(), version) for param_ref, grad_ref, version in held.left]
            kept = all(param is not None and grad is not None and param.grad is grad for param, grad, _ in pairs)
            grads = [(grad, version) for _, grad, version in pairs if grad is not None]
            if kept and all(grad._version == version for grad, version in grads):
                held.uncleared = held.uncleared or any(bool(grad.any()) for grad, _ in grads)
            elif not (kept and held.uncleared and any(bool(grad.any()) for grad, _ in grads)):
                held.uncleared, held.left = False, []  # cleared, or another backward pass came in between

    def count_reached(self) -> None:
        """Counts what the backward pass reached."""
        for held in self.held:
            held.reached = any(param.grad is not None for param in held.params()) if self.ledger.close else False

    def stepping(self, held: Held, ran_backward: bool, closure: bool) -> None:
        """An optimizer is about to step, on a step that is looked at closely."""
        params = held.params()
        if held.steps == 0:
            self._first(held, params)
        optimizer = held.ref()
        assert optimizer is not None
        scale = getattr(optimizer, "grad_scale", None)
        if held.steps < NAMED or [id(param) for param in params] != held.known:
            held.known = [id(param) for param in params]
            held.names = [self.names.of_parameter(param)[0] for param in params]
        held.gauge = Gauge(held.names, params)
        held.gauge.before(float(scale) if isinstance(scale, Tensor) else 1.0)
        if not ran_backward or closure:
            return
        grads = sum(param.grad is not None for param in params)
        if held.reached and not grads:
            self.ledger.note("gradients-lost", "", user_line(), parameters=len(params))
        missing = {id(param): param for param in params if param.grad is None}
        if held.never is None:
            held.never = {}
            for key, param in missing.items():
                name, module = self.names.of_parameter(param)
                held.never[key] = (name, self.names.line(module))
        held.never = {key: said for key, said in held.never.items() if key in missing}

    def follow(self, held: Held) -> None:
        """Whether gradients were left, told at the step; then remembers the gradients there are now."""
        if held.uncleared:
            held.uncleared_steps += 1
            if held.uncleared_steps in (1, LONG):
                for param_ref, _, _ in held.left:
                    param = param_ref()
                    if param is not None:
                        place = self.names.of_parameter(param)[0]
                        self.ledger.note("gradients-left", place, user_line(), steps=held.uncleared_steps)
        held.uncleared = False
        some = sorted((param for param in held.params() if param.grad is not None), key=Tensor.numel)[:CHECKED]
        held.left = [
            (weakref.ref(one), weakref.ref(one.grad), one.grad._version) for one in some if one.grad is not None
        ]

    def stepped(self, held: Held) -> Later[dict[str, dict[str, float]]] | None:
        """An optimizer has stepped: the numbers of its parameters."""
        gauge, held.gauge = held.gauge, None
        if gauge is not None and held.steps == 0:  # a closure runs the network only during the step
            gauge.names = [self.names.of_parameter(param)[0] for param in gauge.params]
        return gauge.after() if gauge is not None else None

    def rates(self, held: Held) -> float:
        """The learning rate of the first group; the largest so far is kept."""
        optimizer = held.ref()
        rate = optimizer.param_groups[0].get("lr", 0.0) if optimizer is not None else 0.0
        held.rate = float(rate) if not isinstance(rate, Tensor) or rate.device.type == "cpu" else held.rate
        held.first_rate = held.rate if held.first_rate is None else held.first_rate
        held.largest = max(held.largest, held.rate)
        if held.rate > LOW * held.largest:
            held.fell = None
        elif held.fell is None:
            held.fell = self.ledger.step
        return held.rate

    def reached_without(self, leaves: list[Tensor]) -> None:
        """Notes parameters that the loss reaches and no optimizer holds."""
        held = self.all_params()
        for leaf in leaves:
            if id(leaf) in held:
                continue
            name, module = self.names.of_parameter(leaf)
            if module is not None and leaf.grad is not None:
                norm = torch.linalg.vector_norm(leaf.grad.detach().float()) / math.sqrt(max(leaf.numel(), 1))
                self.ledger.once("not-optimized", name, self.names.line(module), gradient=norm)

    def cut(self, held: Held, ran: dict[str, weakref.ref[torch.nn.Module]]) -> None:
        """Notes layers that ran without getting a gradient while layers behind them got some."""
        mine = {id(param) for param in held.params()}
        downstream = ""
        for name, ref in reversed(ran.items()):
            module = ref()
            params = [one for one in module.parameters() if one.requires_grad] if module is not None else []
            if not params:
                continue
            if any(param.grad is not None for param in params):
                downstream = name
            elif downstream and all(id(param) in mine for param in params):
                self._cut[name] = self._cut.get(name, 0) + 1
                if self._cut[name] == 3:
                    self.ledger.once("cut", name, self.names.line(module), downstream=downstream)

    def schedule(self, scheduler: Any) -> None:
        """A schedule of learning rates was made."""
        self.schedules.append(Schedule(weakref.ref(scheduler), type(scheduler).__name__, user_line()))

    def count_schedules(self) -> None:
        """Reads how often each schedule was stepped, while it lives."""
        for schedule in self.schedules:
            scheduler = schedule.ref()
            if scheduler is not None:
                schedule.stepped = int(getattr(scheduler, "last_epoch", 0))
                for name in PLANNED:
                    value = getattr(scheduler, name, None)
                    if isinstance(value, (int, float)):
                        schedule.settings[name] = float(value)

    def finish(self, epoch: int) -> None:
        """Notes what only the whole training tells; `epoch` is how many batches one has, 0 where nobody knows."""
        self.count_schedules()
        for held in self.held:
            for name, line in (held.never or {}).values() if held.steps > LONG else ():
                self.ledger.once("unused", name, line, steps=held.steps)
        if not self.held:
            return
        held = max(self.held, key=lambda one: one.steps)
        for schedule in self.schedules:
            values: dict[str, float | int] = {"rate": held.rate, "largest": held.largest, "stepped": schedule.stepped}
            planned = next((schedule.settings[name] for name in PLANNED if name in schedule.settings), None)
            if planned is not None:
                values["planned"] = planned
            if held.fell is not None:
                values["step"] = held.fell
            if epoch:
                values["per_epoch_batches"] = epoch
            self.ledger.note(
                "schedule", schedule.kind, schedule.line, updates=held.steps, **values, **schedule.settings
            )

    def _first(self, held: Held, params: list[Tensor]) -> None:
        optimizer = held.ref()
        assert optimizer is not None
        group = optimizer.param_groups[0]
        for name in SETTINGS:
            value = group.get(name)
            if isinstance(value, (bool, int, float)):
                held.settings[name] = float(value)
        if isinstance(group.get("betas"), tuple):
            held.settings["momentum"], held.settings["beta2"] = (float(one) for one in group["betas"][:2])
        held.maximize = bool(group.get("maximize", False))
        gone = [param for param in params if self.names.lost(param)]
        if gone:
            shapes = ", ".join("x".join(map(str, param.shape)) for param in gone[:4])
            self.ledger.note("unowned", "", held.line, parameters=len(gone), shapes=shapes)
        for param in params:
            if param.dim() >= 2 and param.shape[0] > 1 and param.numel() <= 2**24:
                flat = param.detach().reshape(len(param), -1)
                if bool((flat == flat[:1]).all()):
                    name, module = self.names.of_parameter(param)
                    line = self.names.line(module)
                    self.ledger.once("constant-weights", name, line, rows=len(flat), zero=int(not flat.any()))
