"""The abstract Task: what is asked of a network."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

from pellucid.data.signature import Signature
from pellucid.forms import Form
from pellucid.losses.loss import Loss, LossFunction
from pellucid.parts import Part

if TYPE_CHECKING:
    import torch
    from torch import nn

    from pellucid.data.batch import Batch, Scale
    from pellucid.metrics.metric import Prediction


class Task(Part):
    """The question: which Form it wants, its head, its loss, its metrics, and how outputs are read."""

    catalogue: ClassVar = "pellucid.tasks.catalogue"
    wants: ClassVar[str] = "vector"
    """The kind of Form the head takes."""
    targets: ClassVar[frozenset[str]] = frozenset()
    """Kinds of target (see `data.signature.Target`) this task can ask about."""

    loss: LossFunction | None = None
    """What training makes small; the plan picks the one that fits the target."""
    metrics: tuple[str, ...] | None = None
    """Scores to report; the first one decides which weights are kept."""

    @abstractmethod
    def head(self, form: Form, signature: Signature) -> nn.Module:
        """One linear layer from `form` to the outputs of this task."""

    @abstractmethod
    def losses(self, output: torch.Tensor, batch: Batch) -> Loss:
        """The loss of each example, not reduced."""

    @abstractmethod
    def decode(self, output: torch.Tensor, signature: Signature, scale: Scale | None) -> Prediction:
        """Raw outputs as labels and probabilities, or as values in the units of the data."""

    @abstractmethod
    def outputs(self, signature: Signature) -> int:
        """Output units of the head."""
