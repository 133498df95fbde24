"""What is known about a training, wherever it happened: the one thing every check reads.

A run folder and a watched script both end up here, so a check never knows which of the two it looks at.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from pellucid.record import Reading

HALF_LIFE = 20
"""Steps after which a loss counts half in the running mean."""
EARLY = 100
"""Steps after which a network should be better than a constant."""
NOTHING_LEARNT = 0.9
"""Share of the loss of the best constant above which nothing worth naming was learnt."""
STALLED = 0.02
"""Gain over the last fifth of a training below which it stands still."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A module without children."""

    name: str
    """Its path in the network, such as `trunk.2`."""
    kind: str
    """Its class, such as `Linear`."""
    says: str = ""
    """It and its arguments, such as `Linear(64, 64)`."""
    line: str = ""
    """Where it is made in a person's code, such as `train.py:31`."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A tensor of weights."""

    name: str
    layer: str
    shape: tuple[int, ...]
    learns: bool = True
    """Whether it asks for a gradient."""
    optimized: bool = True
    """Whether an optimizer holds it."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One observation that is no reading: of a loss and what it was given, of a batch, of the order of calls."""

    kind: str
    """One of those in `docs/doctor.md`, such as `loss-input`."""
    step: int
    """Updates made before it."""
    place: str = ""
    """A layer, a parameter, a function."""
    values: dict[str, float | int | str] = field(default_factory=dict)
    line: str = ""
    """Where in a person's code."""


@dataclass(frozen=True, slots=True)
class Update:
    """One step of an optimizer."""

    step: int
    """From 1."""
    loss: float
    """Mean loss of the batch, unscaled."""
    learning_rate: float
    norm: float | None = None
    """Norm of all gradients before clipping, where it is known."""


@dataclass(frozen=True, slots=True)
class Look:
    """One evaluation on rows that were not trained on."""

    step: int
    train_loss: float
    loss: float


@dataclass
class History:
    """Everything the checks may stand on; fields that nothing is known about are empty."""

    layers: list[Layer] = field(default_factory=list)
    """In the order of execution."""
    parameters: list[Parameter] = field(default_factory=list)
    updates: list[Update] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    constant: float | None = None
    """The loss of the best constant answer: entropy of the classes, variance of the values, ..."""
    asked: Literal["", "classes", "binary", "values", "other"] = ""
    """What the loss is for."""
    optimizer: dict[str, float | str] = field(default_factory=dict)
    """Its class under `kind`, and its settings: `learning_rate weight_decay momentum eps clip`."""
    planned: int | None = None
    """Updates that were to be made."""
    source: Literal["run", "script"] = "run"

    def seen(self, kind: str) -> Iterator[Fact]:
        """The facts of a kind, in their order."""
        return (fact for fact in self.facts if fact.kind == kind)

    def values(self, name: str, places: Literal["parameters", "layers"] = "parameters") -> dict[str, list[float]]:
        """Place -> the numbers called `name` of all readings that hold it, in their order."""
        found: dict[str, list[float]] = {}
        for reading in self.readings:
            for place, numbers in getattr(reading, places).items():
                if name in numbers:
                    found.setdefault(place, []).append(numbers[name])
        return found

    def layer_of(self, parameter: str) -> Layer:
        """The layer that holds a parameter."""
        name = parameter.rpartition(".")[0]
        return next((layer for layer in self.layers if layer.name == name), Layer(name, ""))

    @cached_property
    def weights(self) -> list[Parameter]:
        """The matrices and kernels that learn, in the order of execution."""
        order = {layer.name: place for place, layer in enumerate(self.layers)}
        learnt = [one for one in self.parameters if one.learns and len(one.shape) >= 2]
        return sorted(learnt, key=lambda one: order.get(one.layer, len(order)))

    @cached_property
    def smooth(self) -> list[float]:
        """The running mean of the loss after each update."""
        keep, mean, found = 0.5 ** (1 / HALF_LIFE), 0.0, []
        for number, update in enumerate(self.updates, 1):
            mean = keep * mean + (1 - keep) * update.loss
            found.append(mean / (1 - keep**number))
        return found

    @property
    def broken(self) -> bool:
        """Whether a loss was not finite."""
        return any(not math.isfinite(update.loss) for update in self.updates)

    @property
    def harmed(self) -> bool:
        """Whether the training does badly: not finite, no better than a constant, or standing still early."""
        if self.broken:
            return True
        if len(self.updates) < EARLY or self.optimizer.get(
            "rivals"
        ):  # of two that play against each other, no loss falls
            return False
        now = self.smooth[-1]
        if self.constant is not None and self.constant > 0:
            return now > NOTHING_LEARNT * self.constant
        then = self.smooth[-(len(self.smooth) // 5) - 1]
        return now > then - STALLED * abs(then) and now > 0.5 * abs(self.smooth[0])
