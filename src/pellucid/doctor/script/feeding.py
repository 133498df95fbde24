"""Shims of what goes in and out: inputs, targets, the order of rows, and what a loss is given."""

from __future__ import annotations

import weakref
from contextlib import ExitStack
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, IterableDataset

from pellucid.doctor.script.losses import BINARY, DIFFERENCES, FUNCTIONS
from pellucid.doctor.script.places import after_call, before_call, on_loss, on_root, running

BATCHES = 20
"""Batches that means and deviations are learnt from; those after them do not move what the network is used to."""
WIDE = 10.0
"""Deviations beyond which a value is cut off where inputs are cleaned."""
TINY = 1e-12


class Spread:
    """Mean and deviation over the finite values of the first batches."""

    def __init__(self) -> None:
        self.batches = 0
        self.mean = self.deviation = torch.zeros(())
        self._count, self._sum, self._squares = (torch.zeros(()) for _ in range(3))

    def see(self, value: Tensor) -> None:
        """Learns from a batch: by feature where it is a matrix, else one for all."""
        if self.batches == BATCHES:
            return
        self.batches += 1
        rows = value.detach().double()
        axes = 0 if value.dim() == 2 else tuple(range(value.dim()))
        finite = rows.isfinite()
        rows = torch.where(finite, rows, 0.0)
        self._count = self._count + finite.sum(axes)
        self._sum, self._squares = self._sum + rows.sum(axes), self._squares + (rows**2).sum(axes)
        mean = self._sum / self._count.clamp_min(1)
        deviation = (self._squares / self._count.clamp_min(1) - mean**2).clamp_min(0).sqrt()
        self.mean = mean.to(value.dtype)
        self.deviation = torch.where(deviation > 1e-6 * mean.abs() + TINY, deviation, 1.0).to(value.dtype)


def inputs(stack: ExitStack, standardise: bool) -> None:
    """Inputs without gaps and without values far from all others; with `standardise`, of mean 0 and deviation 1."""
    spread, first = Spread(), weakref.WeakSet[nn.Module]()
    inside = running(stack)  # the module itself is not in it yet

    def change(module: nn.Module, args: Any) -> Any:
        if inside or not args or not isinstance(args[0], Tensor) or not args[0].is_floating_point():
            return None
        if not first:
            first.add(module)
        if module not in first:
            return None
        if not spread.batches:
            spread.see(args[0])
        clean = torch.where(args[0].isnan(), spread.mean, args[0])
        reach = WIDE * spread.deviation
        clean = torch.minimum(torch.maximum(clean, spread.mean - reach), spread.mean + reach)
        if torch.is_grad_enabled():
            spread.see(clean)
        return ((clean - spread.mean) / spread.deviation if standardise else clean, *args[1:])

    before_call(stack, change)


def shuffle(stack: ExitStack) -> None:
    """Loaders draw their rows in random order."""
    original = DataLoader.__init__

    def made(self: Any, dataset: Any, *args: Any, **kwargs: Any) -> None:
        ordered = len(args) < 2 and not any(kwargs.get(name) for name in ("shuffle", "sampler", "batch_sampler"))
        if ordered and not isinstance(dataset, IterableDataset):
            kwargs["shuffle"] = True
        original(self, dataset, *args, **kwargs)

    DataLoader.__init__ = made
    stack.callback(setattr, DataLoader, "__init__", original)


def logits(stack: ExitStack, measure: bool) -> list[float]:
    """Gives each loss of probabilities what it wants, whatever it was given: logits, or logarithms."""

    def change(name: str, given: Tensor, target: Tensor, keywords: dict[str, Any]) -> tuple[Tensor, Tensor]:
        if name == "nll_loss":
            return given.log_softmax(1 if given.dim() > 1 else 0), target
        sure = given.detach()
        if name in BINARY:
            return (given.logit(1e-6) if bool(((sure >= 0) & (sure <= 1)).all()) else given), target
        axis = 1 if given.dim() > 1 else 0
        proper = bool((sure >= 0).all()) and bool(((sure.sum(axis) - 1).abs() < 1e-3).all())
        return (given.clamp_min(TINY).log() if proper else given), target

    names = ("cross_entropy", "nll_loss", "binary_cross_entropy_with_logits")
    return on_loss(stack, names, change, measure=measure)


def mean(stack: ExitStack, measure: bool) -> list[float]:
    """The mean over a batch where a loss is its sum."""

    def change(name: str, given: Tensor, target: Tensor, keywords: dict[str, Any]) -> tuple[Tensor, Tensor]:
        if keywords.get("reduction") == "sum":
            keywords["reduction"] = "mean"
        return given, target

    return on_loss(stack, FUNCTIONS, change, measure=measure)


def shapes(stack: ExitStack, measure: bool) -> list[float]:
    """Targets in the shape of the output, where they hold as many values."""

    def change(name: str, given: Tensor, target: Tensor, keywords: dict[str, Any]) -> tuple[Tensor, Tensor]:
        return given, target.view_as(given) if target.numel() == given.numel() else target

    return on_loss(stack, DIFFERENCES, change, measure=measure)


def targets(stack: ExitStack, measure: bool) -> list[float]:
    """Targets of mean 0 and deviation 1 to learn from; what the network says without gradients is scaled back."""
    spread = Spread()
    inside = running(stack)
    roots: weakref.WeakSet[nn.Module] = weakref.WeakSet()

    def change(name: str, given: Tensor, target: Tensor, keywords: dict[str, Any]) -> tuple[Tensor, Tensor]:
        if not torch.is_grad_enabled() and not measure:
            return given, target
        spread.see(target.flatten())
        said = (given - spread.mean) / spread.deviation if measure else given
        return said, (target - spread.mean) / spread.deviation

    def back(module: nn.Module, args: Any, output: Any) -> Any:
        if torch.is_grad_enabled() or len(inside) > 1 or module not in roots or not isinstance(output, Tensor):
            return None
        return output * spread.deviation + spread.mean if spread.batches else None

    if not measure:
        on_root(stack, roots.add)
        after_call(stack, back)
    return on_loss(stack, DIFFERENCES, change, measure=measure)
