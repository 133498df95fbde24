"""The steps that are over, and the history that is made of them at the end."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean
from typing import Any

import torch
from torch import Tensor

from pellucid.doctor.history import History, Look, Parameter, Update
from pellucid.doctor.script.activity import Activity
from pellucid.doctor.script.ledger import Ledger
from pellucid.doctor.script.losses import Losses
from pellucid.doctor.script.names import Names
from pellucid.doctor.script.optimizers import Held, Optimizers
from pellucid.doctor.script.targets import ORDERED, Classes
from pellucid.probes.gauge import Later, read
from pellucid.record import Reading

Number = Tensor | float
EARLY, MOST = 100, 2000
"""Readings that are all kept, and how many there are at most."""


@dataclass(slots=True)
class Passed:
    """A step that is over; its numbers may still be on their device."""

    held: Held | None
    step: int
    loss: Number
    rate: float
    norm: Number | None


class Past:
    """Keeps what was seen of the steps."""

    def __init__(self) -> None:
        self.passed: list[Passed] = []
        self.readings: list[tuple[Held | None, Reading]] = []
        self.looks: list[Look] = []
        self.parameters: dict[str, Parameter] = {}
        self.clips: list[tuple[Number, float]] = []
        """(norm, limit) of each step that clips."""
        self.clip_line = self.scaler_line = self.loader_line = ""
        """Where gradients are clipped, a scaler steps, the longest loader is gone through."""
        self.asked = self.skipped = 0
        """Steps that a gradient scaler was asked for, and those it left out."""
        self.scale = 0.0
        self.epoch = 0
        """Batches of the longest loader."""
        self._settled = self._clipped = self._since = 0
        """Steps and clips whose numbers are on the processor, and steps before the last look."""

    def add(self, passed: Passed) -> None:
        """A step is over."""
        self.passed.append(passed)

    def settle(self) -> None:
        """Brings the numbers of the steps so far to the processor, and lets go of what a long training has too much
        of: of the readings behind the first ones, every second."""
        fresh = self.passed[self._settled :]
        self._settled = len(self.passed)
        normed = [one for one in fresh if one.norm is not None]
        for one, loss in zip(fresh, _floats([one.loss for one in fresh]), strict=True):
            one.loss = loss
        for one, norm in zip(normed, _floats([one.norm for one in normed if one.norm is not None]), strict=True):
            one.norm = norm
        norms = _floats([norm for norm, _ in self.clips[self._clipped :]])
        self.clips[self._clipped :] = [(norm, self.clips[self._clipped + at][1]) for at, norm in enumerate(norms)]
        self._clipped = len(self.clips)
        if len(self.readings) > MOST:
            self.readings[EARLY:] = self.readings[EARLY::2]

    def looked(self, judged: list[Tensor]) -> None:
        """Losses were worked out without gradients before the last step."""
        before, self._since = [one.loss for one in self.passed[self._since : -1]], len(self.passed) - 1
        if before and judged:
            loss = torch.stack([one.float() for one in judged]).mean()
            trained = fmean(_floats(before))
            self.looks.append(Look(self.passed[-1].step - 1, trained, float(loss)))

    def describe(self, held: Held, names: Names, activity: Activity) -> None:
        """Writes down which parameters there are."""
        for param in held.params():
            name, module = names.of_parameter(param)
            layer = names.of_module(module) if module is not None else ""
            self.parameters[name] = Parameter(name, layer, tuple(param.shape))
        root = activity.root() if activity.root is not None else None
        for param in root.parameters() if root is not None else ():
            name, module = names.of_parameter(param)
            layer = names.of_module(module) if module is not None else ""
            known = Parameter(name, layer, tuple(param.shape), param.requires_grad, optimized=False)
            self.parameters.setdefault(name, known)

    def history(self, ledger: Ledger, activity: Activity, losses: Losses, optimizers: Optimizers) -> History:
        """What was seen, for the checks: of several optimizers, the steps of the one that made most."""
        stepped = {id(one.held) for one in self.passed}  # optimizers behind one backward pass count as one
        trained = [held for held in optimizers.held if id(held) in stepped]
        main = max(trained, key=lambda one: one.steps, default=None)
        passed = [one for one in self.passed if one.held is main]
        self._finish(ledger, losses)
        alone = len(trained) < 2
        norms = iter(_floats([one.norm for one in passed if one.norm is not None]))
        history = History(
            layers=list(activity.layers.values()),
            parameters=list(self.parameters.values()),
            updates=[
                Update(one.step, loss, one.rate, next(norms) if one.norm is not None else None)
                for one, loss in zip(passed, _floats([one.loss for one in passed]), strict=True)
            ],
            readings=[reading for held, reading in self.readings if held is main],
            looks=self.looks,
            facts=ledger.facts,
            constant=losses.constant() if alone else None,
            asked=losses.asked if alone else "other",
            source="script",
        )
        if main is not None:
            history.optimizer = {"kind": main.kind, "learning_rate": main.first_rate or 0.0, **main.settings}
            if not alone:
                history.optimizer["rivals"] = float(len(trained) - 1)
            if main.line:
                history.optimizer |= {"line": main.line, "step_line": main.step_line}
            if self.clips:
                history.optimizer["clip"] = self.clips[-1][1]
        return history

    def _finish(self, ledger: Ledger, losses: Losses) -> None:
        if self.clips:
            before = _floats([norm for norm, _ in self.clips])
            pairs = list(zip(before, (limit for _, limit in self.clips), strict=True))
            share = fmean(norm > limit for norm, limit in pairs)
            ledger.note("clipped", "", self.clip_line, share=share, before=fmean(before), after=fmean(map(min, pairs)))
        if self.asked:
            ledger.note(
                "step-skipped",
                "",
                self.scaler_line,
                share=self.skipped / self.asked,
                scale=self.scale,
                steps=self.asked,
            )
        if isinstance(losses.targets, Classes):
            order: dict[str, Any] = losses.targets.order()
            if order:
                ledger.note("label-order", "", self.loader_line, batches=ORDERED, **order)
            predicted: dict[str, Any] = losses.targets.predictions()
            if predicted:
                ledger.note("predictions", **predicted)
        padded = [fact for fact in ledger.seen("loss-input") if fact.values.get("padded")]
        if padded:
            shares = [float(fact.values["padded"]) for fact in padded]
            ledger.note("padding-counted", "", padded[0].line, share=fmean(shares))


def _floats(numbers: list[Number]) -> list[float]:
    """Numbers on the processor, in one transfer."""
    here = iter(read([Later([one for one in numbers if isinstance(one, Tensor)], list)])[0])
    return [next(here) if isinstance(one, Tensor) else one for one in numbers]
