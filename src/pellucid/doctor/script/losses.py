"""The losses of a script: what each was given, which of them is backpropagated, and what it could be at best."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor

from pellucid.doctor.script.graph import producer
from pellucid.doctor.script.ledger import Ledger
from pellucid.doctor.script.lines import user_line
from pellucid.doctor.script.targets import Classes, Shares, Targets, Values

FUNCTIONS = (
    "cross_entropy",
    "nll_loss",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "mse_loss",
    "l1_loss",
    "smooth_l1_loss",
    "huber_loss",
    "kl_div",
    "gaussian_nll_loss",
)
LOGITS = ("cross_entropy", "nll_loss")
BINARY = ("binary_cross_entropy", "binary_cross_entropy_with_logits")
DIFFERENCES = ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss")
FIRST = 3
"""Calls whose inputs are always described."""
COUNTED = 50
"""Steps whose targets are all counted; later some are."""
SOME = 2**14
"""Numbers that are described of what a loss is given, after the first calls."""
LARGE = 4096
"""Targets in one batch above which they are counted on close steps only."""


@dataclass(slots=True)
class Call:
    """One call of a loss function in the forward pass of a step."""

    name: str
    node: int
    """Number of the node of the graph that it made."""
    value: Tensor
    """The mean loss."""
    given: dict[str, Any] = field(default_factory=dict)
    """Its arguments; on close steps only, and let go of after the backward pass."""
    line: str = ""


class Losses:
    """Follows calls of loss functions, by name, to the backward pass that they end in."""

    def __init__(self, ledger: Ledger, layer_of: Callable[[Tensor], str]) -> None:
        self.ledger = ledger
        self.layer_of = layer_of
        self.pending: list[Call] = []
        self.names: set[str] = set()
        self.mixed = False
        """Whether one backward pass had several losses, or the script has several functions."""
        self.targets: Targets | None = None
        self.described = 0
        self.judged: list[Tensor] = []
        """Losses worked out without gradients since the last step."""
        self._defaults: dict[str, dict[str, Any]] = {}

    def called(self, name: str, original: Callable, args: tuple, kwargs: dict, out: object) -> None:
        """A loss function returned `out`."""
        if not isinstance(out, Tensor) or not out.is_floating_point() or len(args) + len(kwargs) < 2:
            return
        reduction, value = kwargs.get("reduction", "mean"), out.detach()
        if value.dim():
            value = value.mean()
        elif reduction == "sum":
            target = args[1] if len(args) > 1 else kwargs["target"]
            value = value / max(target.numel(), 1)
        if not torch.is_grad_enabled():
            if name in self.names:
                self.judged.append(value)
            return
        if out.grad_fn is None:
            return
        call = Call(name, out.grad_fn._sequence_nr(), value)
        close = self.ledger.close or self.described < FIRST
        if close or self.ledger.step < COUNTED or self.ledger.step % 10 == 0:
            if name not in self._defaults:
                known = inspect.signature(original).parameters.values()
                self._defaults[name] = {one.name: one.default for one in known}
            defaults = self._defaults[name]
            given = defaults | dict(zip(defaults, args, strict=False)) | kwargs
            if close:
                call.given, call.line = given, user_line()
            self._count(name, given, close)
        self.pending.append(call)

    def describe(self, call: Call) -> None:
        """Notes what a loss that is backpropagated was given."""
        if not call.given:
            return
        self.described += 1
        given, target = call.given["input"], call.given["target"]
        few = given if self.described <= FIRST or not given.dim() else given[:: max(1, given.numel() // SOME)]
        values = {**_of_input(call.name, few), **_of_pair(call.name, given, target)}
        values |= _of_target(target, call.given.get("ignore_index"))
        node, steps = producer(given)
        values |= node
        self.ledger.note(
            "loss-input",
            call.name,
            call.line,
            **values,
            producer_layer=self.layer_of(steps),
            reduction=call.given.get("reduction", "mean"),
            loss=call.value,
        )

    def fed(self, calls: list[Call], gathered: int) -> None:
        """Learns which losses a backward pass came from; `gathered` calls were made since the one before."""
        self.names |= {call.name for call in calls}
        if len(self.names) > 1 or (gathered > 1 and len(calls) != 1):
            self.mixed = True

    @property
    def asked(self) -> Literal["", "classes", "binary", "values", "other"]:
        """What the losses are for: `classes`, `binary`, `values` or `other`."""
        if self.mixed or self.targets is None:
            return "other"
        return self.targets.asked

    def constant(self) -> float | None:
        """The loss of the best constant answer, where there is one loss and it is known."""
        return None if self.mixed or self.targets is None else self.targets.constant()

    def _count(self, name: str, given: dict[str, Any], close: bool) -> None:
        value, target = given["input"].detach(), given["target"].detach()
        if target.numel() > LARGE and not close:
            return
        if name in LOGITS and not target.is_floating_point():
            if self.targets is None:
                smoothing = given.get("label_smoothing", 0.0)
                self.targets = Classes(value.shape[1 if value.dim() > 1 else 0], given.get("weight"), smoothing)
            if isinstance(self.targets, Classes):
                label_N = target.reshape(-1)
                judged = label_N != given["ignore_index"]
                label_N = label_N[judged]
                self.targets.add(label_N)
                if close:
                    rows = value.movedim(1, -1).reshape(-1, value.shape[1]) if value.dim() > 1 else value[None]
                    self.targets.predicted(rows.argmax(1)[judged], label_N)
        elif name == "cross_entropy" or name in BINARY:
            asked = "classes" if name == "cross_entropy" else "binary"
            if self.targets is None:
                boost = given.get("pos_weight")
                self.targets = Shares(asked, float(boost) if boost is not None and boost.numel() == 1 else 1.0)
            if isinstance(self.targets, Shares):
                self.targets.add(target.reshape(len(target), -1) if target.dim() else target.reshape(1, 1))
        elif name in DIFFERENCES and (close or isinstance(self.targets, Values)):
            if self.targets is None:
                self.targets = Values(name, float(given.get("beta", given.get("delta", 1.0))))
            if isinstance(self.targets, Values) and target.dim():
                self.targets.add(target.reshape(len(target), -1))


def _of_input(name: str, given: Tensor) -> dict[str, float | int | str | Tensor]:
    value = given.detach().float()
    if value.numel() == 0:
        return {}
    deviation, mean = torch.std_mean(value, correction=0)
    found: dict[str, float | int | str | Tensor] = {
        "least": value.amin(),
        "largest": value.amax(),
        "mean": mean,
        "deviation": deviation,
        "positive": (value > 0).float().mean(),
        "unit_interval": ((value > 0) & (value < 1)).all().float(),
    }
    if name in LOGITS and value.dim() > 1:
        sums = value.sum(1)
        proper = (value.amin(1) >= 0) & ((sums - 1).abs() < 1e-3)
        found |= {"probabilities": proper.float().mean(), "log_sum": value.logsumexp(1).abs().amax()}
        found["classes"] = value.shape[1]
    return found


def _of_pair(name: str, given: Tensor, target: Tensor) -> dict[str, float | int | str | Tensor]:
    pairwise = name in DIFFERENCES
    try:
        whole = math.prod(torch.broadcast_shapes(given.shape, target.shape)) if pairwise else given.numel()
    except RuntimeError:
        whole = given.numel()
    return {
        "batch": given.shape[0] if given.dim() else 1,
        "input_shape": "x".join(map(str, given.shape)),
        "target_shape": "x".join(map(str, target.shape)),
        "broadcast": int(pairwise and whole > max(given.numel(), target.numel())),
    }


def _of_target(target: Tensor, ignored: int | None) -> dict[str, float | int | str | Tensor]:
    value = target.detach()
    integer = not value.is_floating_point()
    found: dict[str, float | int | str | Tensor] = {"target_integer": int(integer)}
    if value.numel() == 0:
        return found
    whole = value.float()
    deviation, mean = torch.std_mean(whole, correction=0)
    found |= {"target_least": whole.amin(), "target_largest": whole.amax(), "target_mean": mean}
    found["target_deviation"] = deviation
    if value.numel() <= LARGE:
        found["target_distinct"] = len(value.unique())
        found["target_whole"] = (whole == whole.round()).all().float()
    if ignored is not None and integer:
        found["ignored"] = (value == ignored).float().mean()
        found |= _padding(target, ignored)  # what is detached does not know whose view it is
    return found


def _padding(target: Tensor, ignored: int) -> dict[str, Tensor]:
    """Share of positions at the ends of rows that all hold the value rows most often end with."""
    base = target._base
    rows = base if target.dim() == 1 and base is not None and base.numel() == target.numel() else target
    if rows.dim() != 2 or rows.shape[1] < 2:
        return {}
    last = rows[:, -1].mode().values
    tail = (rows == last).flip(1).cumprod(1)
    return {"padded": tail.float().mean() * (last != ignored)}
