"""The abstract Optimizer and Schedule: plain functions over lists of tensors; the loop keeps their state."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar

from annotated_types import Ge, Gt

from pellucid.parts import Part

if TYPE_CHECKING:
    import torch


class Schedule(Part):
    """The learning rate over time, as a factor of `learning_rate`: a pure function of position."""

    catalogue: ClassVar = "pellucid.optim.catalogue_schedules"

    @abstractmethod
    def factor(self, step: int, steps: int, scores: Sequence[tuple[int, float]]) -> float:
        """The factor at `step` (0-based) of `steps`.

        `scores` are the (step, score) of the evaluations so far, lower is better; only `plateau` reads them.
        """


class Optimizer(Part):
    """A rule that turns gradients into updates."""

    catalogue: ClassVar = "pellucid.optim.catalogue"
    default_kind: ClassVar = "adamw"
    decoupled: ClassVar[bool] = False
    """Whether weight decay acts on the weights directly (Loshchilov and Hutter 2019) rather than on the gradient."""

    learning_rate: Annotated[float, Gt(0)] | None = None
    """Size of a step before the schedule."""
    weight_decay: Annotated[float, Ge(0)] | None = None
    """Pull of the weights (not of biases and norms) towards 0."""
    schedule: Schedule | None = None
    """How the learning rate changes over the run."""
    clip: Annotated[float, Gt(0)] | None = None
    """Largest norm of the whole gradient; larger ones are scaled down to it."""

    @abstractmethod
    def begin(self, params: list[torch.Tensor]) -> dict[str, list[torch.Tensor]]:
        """The state for `params` before the first step: slot name -> one tensor for each parameter."""

    @abstractmethod
    def update(
        self,
        params: list[torch.Tensor],
        grads: list[torch.Tensor],
        slots: dict[str, list[torch.Tensor]],
        *,
        rate: float,
        decay: float,
    ) -> None:
        """One step in place, under `no_grad`; `rate` is the learning rate now, `decay` the weight decay here."""

    def reach(self, slots: dict[str, list[torch.Tensor]], *, rate: float) -> float | list[torch.Tensor]:
        """How far a steady gradient of 1 moves each weight in one step, after `update`: what a proximal step needs."""
        return rate
