"""The forward passes of a script: which layers run, in which mode, on what, and what they put out."""

from __future__ import annotations

import weakref
from collections import deque
from typing import Any

import torch
from torch import Tensor, nn

from pellucid.doctor.history import Layer
from pellucid.doctor.script.ledger import Ledger
from pellucid.doctor.script.lines import user_line
from pellucid.doctor.script.names import Names, says
from pellucid.probes import measure
from pellucid.probes.gauge import Later

MEMORY = 5
"""Sampled batches on which a unit must be silent to be called dead."""
MODAL = (nn.modules.batchnorm._BatchNorm, nn.modules.dropout._DropoutNd)
"""Layers that work differently in training and evaluation."""
NORMS = ("BatchNorm", "LayerNorm", "GroupNorm", "InstanceNorm", "RMSNorm")
WEIGHTED = (nn.Linear, nn.modules.conv._ConvNd)
SMALL = 16
"""Rows of a batch below which it is noted that a batch norm ran on it."""
SEEN = 2**13
"""Numbers of an output that are looked at, about."""
FIRST = 3
"""Batches that are described whole."""
JUDGED = 8
"""Evaluated batches that are described."""
LARGE, SOME = 2**20, 2**14
"""Numbers of an input above which only some rows are described: in the first batches, and later."""


class Frame:
    """A call of a module that has not returned."""

    def __init__(self, module: nn.Module) -> None:
        self.module = module
        self.ran = 0
        """Modules that ran inside."""


class Activity:
    """Looks at the outermost calls of modules and at the layers inside them while its hooks are on."""

    def __init__(self, ledger: Ledger, names: Names) -> None:
        self.ledger, self.names = ledger, names
        self.stack: list[Frame] = []
        self.layers: dict[str, Layer] = {}
        """Name -> layer, in the order of their first run."""
        self.seen: dict[str, dict[str, Tensor]] = {}
        """Layer -> numbers of this step."""
        self.ran: dict[str, weakref.ref[nn.Module]] = {}
        """Layers of this step that ran in the training's forward pass."""
        self.evaluating = 0
        """Outermost calls without gradients and in training mode since the last step."""
        self.modes: list[tuple[bool, str]] = []
        """(training, class of a layer that cares) of the outermost calls with gradients in this step."""
        self.root: weakref.ref[nn.Module] | None = None
        self.batch: tuple[tuple[Any, ...], dict[str, Any]] | None = None
        """What the first outermost call of this step was given."""
        self.evaluated: tuple[nn.Module, tuple[Any, ...], dict[str, Any]] | None = None
        """The first outermost call in evaluation mode, until it was tried twice."""
        self.judged_inputs = 0
        """Batches that were evaluated and described."""
        self.tried = False
        self.shadow = False
        """Whether a step of a compiled network is being run again without gradients."""
        self.silent: dict[str, deque[Tensor]] = {}
        self._before: tuple[str, nn.Module, torch.Size] | None = None
        self._first = self._modal = self._judged = ""
        self._modals: weakref.WeakKeyDictionary[nn.Module, str] = weakref.WeakKeyDictionary()
        """Class of a layer inside an outermost module that works differently in evaluation."""
        self._inputs = 0
        self._batches: dict[str, list[tuple[int, int]]] = {}

    @property
    def learning(self) -> bool:
        """Whether what runs is the forward pass of a training step."""
        return self.shadow or torch.is_grad_enabled()

    def entered(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """A module is about to run."""
        if not self.stack:
            self._begin(module, args, kwargs)
        elif self._before is not None and isinstance(module, WEIGHTED) and args:
            self._functional(args[0])
        for frame in self.stack[-1:]:
            frame.ran += 1
        self.stack.append(Frame(module))

    def left(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: object) -> None:
        """A module has run; `output` is None where it failed."""
        while self.stack:
            frame = self.stack.pop()
            if frame.module is module:
                if not frame.ran:
                    self._leaf(module, args, output)
                break
        if not self.stack:
            self._before = None
            self._ended(module, args, kwargs)

    def _ended(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """An outermost call is over; only now are arguments known that were given by name."""
        if self.learning:
            if kwargs and self.root is not None and self.root() is module and self.batch == ((), {}):
                self.batch = (args, kwargs)
                if self.ledger.close:
                    self._input(args, kwargs)
        elif not module.training and not self.tried and self.ledger.step and _weighs(module):
            self.tried, self.evaluated = True, (module, args, kwargs)

    def later(self) -> Later[dict[str, dict[str, float]]]:
        """The numbers of the layers in this step."""
        for name, rows in self.silent.items():
            if name in self.seen and len(rows) == MEMORY:
                self.seen[name]["dead"] = torch.stack(list(rows)).all(0).float().mean()
        seen, self.seen = self.seen, {}
        places = [(layer, what) for layer, numbers in seen.items() for what in numbers]
        tensors = [number for numbers in seen.values() for number in numbers.values()]
        return Later(tensors, lambda numbers: _said(places, numbers))

    def step_over(self, was_close: bool) -> None:
        """A step is over: notes the modes in which its batches ran, and forgets them."""
        modes = [mode for mode, _ in self.modes]
        if was_close and modes and self.modes[0][1] and not any(modes):
            self.ledger.once("trained-in-eval", module=self.modes[0][1], steps=0)
            fact = next(self.ledger.seen("trained-in-eval"))
            fact.values["steps"] = int(fact.values["steps"]) + 1
        self._evaluated_in_train()
        self.stack.clear()
        self.ran, self.modes = {}, []
        self.batch = self.root = self._before = None

    def _begin(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if not _weighs(module) and next(module.children(), None) is None:
            return
        if not self.names.knows(module):
            self.names.seen(module)
        modal = self._modals.get(module)
        if modal is None:
            modal = next((type(one).__name__ for one in module.modules() if isinstance(one, MODAL)), "")
            self._modals[module] = modal
        if self.learning:
            self.modes.append((module.training, modal))
            if self.root is None:
                self.root, self.batch, self._first = weakref.ref(module), (args, kwargs), ""
                if self.ledger.close:
                    self._input(args, kwargs)
        elif not module.training and self.judged_inputs < JUDGED and self.ledger.step:
            self.judged_inputs += 1
            self._input(args, kwargs, "judged-input")
        elif module.training and modal:
            self._judged = self._judged if self.evaluating else user_line()
            self.evaluating += 1
            self._modal = modal

    def _evaluated_in_train(self) -> None:
        """Notes that batches were only evaluated, in training mode."""
        if self.evaluating >= 2 and self.ledger.step:
            self.ledger.note("evaluated-in-train", "", self._judged, batches=self.evaluating, module=self._modal)
        self.evaluating = 0

    def _input(self, args: tuple[Any, ...], kwargs: dict[str, Any], kind: str = "input") -> None:
        value = next((one for one in (*args, *kwargs.values()) if isinstance(one, Tensor) and one.dim()), None)
        if value is None or value.numel() == 0:
            return
        value = value.detach()
        rows = len(value)
        most = LARGE if self.ledger.step < FIRST else SOME
        if value.numel() > most:
            value = value[:: min(-(-value.numel() // most), max(rows // 8, 1))]
        facts: dict[str, Any] = {"integer": int(not value.is_floating_point()), "rows": rows}
        facts["features"] = value.shape[-1] if value.dim() > 1 else 1
        if value.is_floating_point():
            facts |= _of_values(value.float())
        if kind == "input":
            self._inputs = len(self.ledger.facts)
        self.ledger.note(kind, "", user_line(), **facts)

    def _leaf(self, module: nn.Module, args: tuple[Any, ...], output: object) -> None:
        top = self.stack[0].module if self.stack else module
        if not self.names.knows(module):
            if not self.stack:
                return
            self.names.seen(top)  # it may have been put in since
        if not self.names.knows(module) and _weighs(module):
            self.names.adopt(module, top)
            self._unregistered(module, top)
        name, kind = self.names.of_module(module), type(module).__name__
        if not self.learning and not self.ledger.close:
            return
        if name not in self.layers:
            self.layers[name] = Layer(name, kind, says(module), self.names.line(module))
            self._made(name, module)
        first = name not in self.ran
        self.ran.setdefault(name, weakref.ref(module))
        if not self._first:
            self._first = kind
            if self.ledger.facts[self._inputs : self._inputs + 1] and self.ledger.close:
                fact = self.ledger.facts[self._inputs]
                if fact.kind == "input":
                    fact.values["normalised"] = int(kind.startswith(NORMS))
        while isinstance(output, (tuple, list)) and output:
            output = output[0]
        if not isinstance(output, Tensor) or not output.is_floating_point() or output.dim() < 2 or not output.numel():
            return
        if isinstance(module, nn.modules.batchnorm._BatchNorm) and module.training:
            self._norm(name, args[0] if args else output)
        if first and self.ledger.close and self.learning:
            value = measure.part(output, SEEN).contiguous()
            self._note(name, measure.activation(kind, value))
            if kind in measure.RECTIFIERS:
                self.silent.setdefault(name, deque(maxlen=MEMORY)).append(measure.silent_units(value))
        weighs = isinstance(module, WEIGHTED) or kind.startswith(NORMS)
        self._before = (name, module, output.shape) if weighs and first else None

    def _note(self, name: str, numbers: dict[str, Tensor]) -> None:
        self.seen.setdefault(name, {}).update(numbers)

    def _functional(self, value: object) -> None:
        """What a layer is given tells whether a function such as `F.relu` stood between it and the one before."""
        assert self._before is not None
        name, _, shape = self._before
        self._before = None
        if not self.ledger.close or name not in self.seen or not isinstance(value, Tensor) or value.grad_fn is None:
            return
        if value.dim() < 2 or not value.is_floating_point() or not value.numel():
            return
        made = self._between(value)
        if not made:
            return
        if value.dim() == 2 and len(shape) == 4 and value.shape[1] % shape[1] == 0:
            value = value.reshape(len(value), shape[1], 1, -1)  # maps that were laid flat
        seen = measure.part(value, SEEN).contiguous()
        for what, number in measure.activation(made, seen).items():
            if what in ("saturated", "silent"):
                self.seen[name][what] = number
        if made in measure.RECTIFIERS:
            self.silent.setdefault(name, deque(maxlen=MEMORY)).append(measure.silent_units(seen))

    @staticmethod
    def _between(value: Tensor) -> str:
        """`ReLU`, `Tanh` or `Sigmoid`, where the graph shows that function within three nodes before a tensor."""
        node: Any = value.grad_fn
        for _ in range(4):
            if node is None:
                return ""
            name = node.name().partition("Backward")[0]
            if name in ("Relu", "Tanh", "Sigmoid"):
                return {"Relu": "ReLU"}.get(name, name)
            if name in ("Addmm", "Convolution", "Mm") or not node.next_functions:
                return ""
            node = node.next_functions[0][0]
        return ""

    def _made(self, name: str, module: nn.Module) -> None:
        if isinstance(module, nn.modules.dropout._DropoutNd):
            self.ledger.once("dropout", name, self.names.line(module), share=float(module.p))

    def _norm(self, name: str, given: object) -> None:
        if isinstance(given, Tensor) and given.dim() > 1:
            if self.learning:
                self._batches.setdefault(name, []).append((len(given), given.numel() // max(given.shape[1], 1)))

    def finish(self) -> None:
        """Notes what only the whole training tells."""
        self._evaluated_in_train()
        for name, sizes in self._batches.items():
            batch, values = sorted(sizes)[len(sizes) // 2]  # the last batch of an epoch may well be small
            if batch < SMALL:
                self.ledger.note("batch-norm-small", name, self.layers[name].line, batch=batch, values=values)

    def _unregistered(self, module: nn.Module, top: nn.Module) -> None:
        layer, line = self.names.of_module(module), self.names.line(module)
        for name, _ in module.named_parameters(recurse=False):
            self.ledger.once("unregistered", f"{layer}.{name}", line, owner=type(top).__name__)


def _weighs(module: nn.Module) -> bool:
    return next(module.parameters(), None) is not None


def _of_values(value: Tensor) -> dict[str, Any]:
    deviation, mean = torch.std_mean(value, correction=0)
    bad = ~torch.isfinite(value)
    found: dict[str, Any] = {"mean": mean, "deviation": deviation, "largest": value.amax(), "least": value.amin()}
    found["not_finite"] = bad.sum().float()
    found["row"] = bad.reshape(len(value), -1).any(1).float().argmax().float()
    if value.dim() == 2 and len(value) > 1:
        each_F, mean_F = torch.std_mean(value, 0, correction=0)
        moves = each_F > 0
        least = torch.where(moves, each_F, torch.inf).amin()
        found["spread"] = torch.where(torch.isfinite(least), each_F.amax() / least, 1.0)
        varied = each_F > 0.1 * deviation  # a pixel that is hardly ever lit says nothing of the scale
        found["centre"] = torch.where(varied, mean_F.abs() / each_F.clamp_min(1e-30), 0.0).amax()
        found["constant"] = (~moves).sum().float()
    return found


def _said(places: list[tuple[str, str]], numbers: list[float]) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for (layer, what), number in zip(places, numbers, strict=True):
        found.setdefault(layer, {})[what] = number
    return found
