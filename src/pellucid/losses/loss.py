"""The abstract LossFunction, and the pair every one of them gives: the sum over an example and its count."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from pellucid.parts import Part

if TYPE_CHECKING:
    import torch


class Loss(NamedTuple):
    """Losses of a batch before they are reduced."""

    value_B: torch.Tensor
    """The sum over an example (over its tokens, pixels or boxes)."""
    weight_B: torch.Tensor | None = None
    """How many terms that sum has; None means 1 for every example."""


class LossFunction(Part):
    """A penalty for each example, a function of output and target."""

    catalogue: ClassVar = "pellucid.losses.catalogue"
    targets: ClassVar[frozenset[str]] = frozenset()
    """What it can compare with: classes (several logits), binary (one logit), labels, values, mask, boxes, pairs."""

    @abstractmethod
    def per_example(self, output: torch.Tensor, target: torch.Tensor) -> Loss:
        """output_BC or output_BD, and a target as in `data.batch.Batch` -> the loss of each example, not reduced."""


def terms(loss: Loss, weight_B: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor | float]:
    """The weighted sum of the terms and their weighted count; batches that make one step add these up."""
    if weight_B is None and loss.weight_B is None:
        return loss.value_B.sum(), float(loss.value_B.shape[0])
    total, count = loss.value_B, loss.weight_B
    if weight_B is not None:
        total = total * weight_B
        count = weight_B if count is None else count * weight_B
    assert count is not None
    return total.sum(), count.sum()


def reduce(loss: Loss, weight_B: torch.Tensor | None) -> torch.Tensor:
    """The one place that divides: the mean over terms, each example weighted by `weight_B`."""
    if weight_B is None and loss.weight_B is None:
        return loss.value_B.mean()
    total, count = terms(loss, weight_B)
    return total / count
