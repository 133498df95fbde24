"""What is asked beside the numbers of a step: of the first batch, of a loss that is not finite, of where updates go."""

from __future__ import annotations

import math
import weakref
from statistics import fmean
from typing import Any

import torch
from torch import Tensor, nn

from pellucid.doctor.history import Fact
from pellucid.doctor.script import copies, graph
from pellucid.doctor.script.activity import Activity
from pellucid.doctor.script.ledger import Ledger
from pellucid.doctor.script.lines import user_line
from pellucid.doctor.script.losses import Call, Losses
from pellucid.doctor.script.names import Names
from pellucid.doctor.script.tells import Tells

PROBES = 10
"""Updates whose direction is compared with that of the loss."""
STEADY = 1.05
"""Ratio of the largest to the smallest factor between the loss and what is backpropagated that is no change."""
GROWN = 10
"""Losses of past steps whose graphs still live above which it is noted."""


class Sentinel:
    """Lives as long as the graph it is attached to."""

    __slots__ = ("__weakref__",)


class Questions:
    """Asks, and notes the answers as facts."""

    def __init__(self, ledger: Ledger, names: Names, activity: Activity, losses: Losses) -> None:
        self.ledger, self.names, self.activity, self.losses = ledger, names, activity, losses
        self.tells = Tells()
        self.loaded = False
        """Whether weights were read from somewhere."""
        self.broken = False
        """Whether a number that is not finite was met."""
        self._ratio: Tensor | None = None
        self._backward = self._loss = ""
        self._along: list[tuple[float, Tensor | None]] = []
        self._graphs: list[weakref.ref[Sentinel]] = []

    def of_batch(self, fed: list[Call]) -> None:
        """Keeps a batch with its targets."""
        if self.activity.batch is not None and len(fed) == 1 and fed[0].given:
            self.tells.add(copies.first_tensor(self.activity.batch[0]), fed[0].given["target"])

    def of_first(self, fed: list[Call], loss: Tensor) -> None:
        """Asks the first batch: what is frozen, and whether outputs depend on what they must not know."""
        root, batch = self.activity.root() if self.activity.root is not None else None, self.activity.batch
        if root is None or batch is None:
            return
        self._frozen(root)
        for name, before in graph.chained(loss.grad_fn, self.names.layer_of):
            self.ledger.once("chained", name, after=before)
        shapes = graph.stretched(loss.grad_fn)
        if shapes is not None and not fed:
            line = next((fact.line for fact in self.ledger.seen("input")), "")
            self.ledger.note("stretched", "", line, input_shape=shapes[0], made_shape=shapes[1])
        share = copies.asked(copies.leak_batch, root, batch)
        if share:
            self.ledger.note("leak-batch", share=share)
        if len(fed) == 1 and fed[0].given:
            told = copies.asked(copies.leak_future, root, batch, fed[0].given["target"])
            if told is not None and told[0]:
                share, layer = told
                place = self.names.of_module(layer) if layer is not None else ""
                self.ledger.note("leak-future", place, self.names.line(layer), share=share)

    def of_evaluation(self) -> None:
        """Asks whether the first batch that was evaluated would come out the same again."""
        if self.activity.evaluated is None or self.activity.stack:
            return
        module, args, kwargs = self.activity.evaluated
        self.activity.evaluated = None
        layer, difference = copies.asked(copies.random_eval, module, (args, kwargs)) or (None, 0.0)
        if difference:
            place = self.names.of_module(layer) if layer is not None else ""
            self.ledger.note("random-eval", place, self.names.line(layer), difference=difference)

    def of_start(self, layers: dict[str, dict[str, float]]) -> None:
        """Notes how the outputs of the layers vary before anything is learnt."""
        previous = 0.0
        for name, numbers in layers.items():
            if "deviation" in numbers:
                spread: dict[str, float | int | str] = {"deviation": numbers["deviation"], "previous": previous}
                self.ledger.facts.append(Fact("start", 0, name, spread))
                previous = numbers["deviation"]

    def of_gradients(self, parameters: dict[str, dict[str, float]]) -> None:
        """Notes the gradient that stopped being a number first: that of the last layer."""
        bad = [name for name, numbers in parameters.items() if not math.isfinite(numbers.get("largest", 0.0))]
        if bad and not self.broken:
            self.broken = True
            order = {name: place for place, name in enumerate(self.activity.layers)}
            last = max(bad, key=lambda name: order.get(name.rpartition(".")[0], -1))
            self.ledger.note("not-finite", last.rpartition(".")[0], what="gradient", operation="")

    def of_value(self, loss: Tensor) -> None:
        """Finds where the first loss that is not finite stopped being a number."""
        self.broken = True
        found = graph.not_finite(loss.grad_fn, self.names.layer_of)
        place, line = str(found.pop("place", "")), user_line()
        root, batch = self.activity.root() if self.activity.root is not None else None, self.activity.batch
        if found.get("what") == "forward" and root is not None and batch is not None:
            layer = copies.asked(copies.first_bad, root, batch)
            if layer is not None:  # what stands before the first weights leaves no trace in the graph
                place, line = self.names.of_module(layer), self.names.line(layer) or line
        self.ledger.note("not-finite", place, line, **found)

    def of_graph(self, loss: Tensor) -> None:
        """Follows how many graphs of past losses still live."""
        self._graphs = [ref for ref in self._graphs if ref() is not None]
        if len(self._graphs) >= GROWN:
            self.ledger.once("memory", growth=float(len(self._graphs)), steps=self.ledger.step)
        sentinel = Sentinel()
        self._graphs.append(weakref.ref(sentinel))
        assert loss.grad_fn is not None
        metadata: Any = loss.grad_fn.metadata  # which type checkers take for a method
        metadata["pellucid"] = sentinel

    def of_sign(self, calls: list[Call], value: Tensor) -> None:
        """Keeps the ratio of what is backpropagated to the loss."""
        self._ratio = value / calls[0].value if len(calls) == 1 else None
        if len(self._along) < PROBES:
            self._backward, self._loss = user_line(), calls[0].line if len(calls) == 1 else ""

    def of_direction(self, line: str, along: float) -> None:
        """Notes how often updates go up the loss: by its sign, and by where the weights go."""
        if self.losses.mixed or len(self._along) >= PROBES or not math.isfinite(along):
            return
        self._along.append((along, self._ratio))
        if len(self._along) == PROBES:
            ratios = [float(ratio) if ratio is not None else 1.0 for _, ratio in self._along]
            flipped = max(ratios) < 0 and min(ratios) > STEADY * max(ratios)
            worse = fmean((-one if flipped else one) > 0 for one, _ in self._along)
            where = (self._loss if flipped else "") or self._backward or line  # a minus stands behind the loss
            self.ledger.note("sign", line=where, worse=worse, probes=PROBES, flipped=int(flipped))

    def finish(self) -> None:
        """Notes what only the whole training tells."""
        for name, score in self.tells.scores():
            self.ledger.note("feature-tells", name, score=score)
        told: dict[str, Any] = self.tells.neighbours()
        if told:
            self.ledger.note("neighbours", **told)

    def _frozen(self, root: nn.Module) -> None:
        layers = [one for one in root.modules() if next(one.parameters(recurse=False), None) is not None]
        still = [one for one in layers if not any(param.requires_grad for param in one.parameters(recurse=False))]
        for one in still:
            place, line, share = self.names.of_module(one), self.names.line(one), len(still) / len(layers)
            self.ledger.once("frozen", place, line, share=share, fresh=int(not self.loaded))


def shadow(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Runs the forward pass of a compiled network again without its compiler, for the hooks of its layers; its buffers
    and the random numbers stay as they are."""
    buffers = {name: buffer.detach().clone() for name, buffer in module.named_buffers()}
    with copies.quiet(module):
        torch.func.functional_call(module, buffers, args, kwargs)
