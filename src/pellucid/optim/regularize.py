"""The abstract Penalty, Constraint and Averaging: each acts at one place of the step."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

from pellucid.parts import Part

if TYPE_CHECKING:
    import torch


class Penalty(Part):
    """A price on large weights; acts on weights with two or more dimensions, never on biases and norms."""

    catalogue: ClassVar = "pellucid.optim.catalogue_penalties"

    @abstractmethod
    def value(self, params: list[torch.Tensor]) -> torch.Tensor:
        """The price, a 0-dim tensor; what is reported beside the loss."""

    @abstractmethod
    def before_step(self, params: list[torch.Tensor], grads: list[torch.Tensor]) -> None:
        """Adds the smooth part of its gradient to `grads`, in place."""

    @abstractmethod
    def after_step(self, params: list[torch.Tensor], reach: float | list[torch.Tensor]) -> None:
        """Applies the part that has a corner (L1) as a proximal step of the optimizer's `reach`, in place."""


class Constraint(Part):
    """A bound that holds after every step."""

    catalogue: ClassVar = "pellucid.optim.catalogue_constraints"

    @abstractmethod
    def apply(self, params: list[torch.Tensor]) -> None:
        """Projects the weights (two or more dimensions) back into the bound, in place."""


class Averaging(Part):
    """A running average of the weights, used for evaluation and for the finished model."""

    catalogue: ClassVar = "pellucid.optim.catalogue_averaging"

    @abstractmethod
    def update(self, average: list[torch.Tensor], params: list[torch.Tensor], step: int, steps: int) -> None:
        """Moves `average` (starts as a copy of the first weights) after step number `step` (1-based), in place."""
