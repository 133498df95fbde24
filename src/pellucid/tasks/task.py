"""The abstract Task: what is asked of a network."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from pellucid.data.signature import Signature, Target
from pellucid.forms import Form
from pellucid.losses.loss import Loss, LossFunction
from pellucid.parts import Part

if TYPE_CHECKING:
    import torch
    from torch import nn

    from pellucid.data.batch import Batch, Scale
    from pellucid.metrics.metric import Prediction


class Choice(NamedTuple):
    """What a task fills in where a recipe leaves it open, and why."""

    value: object
    reason: str
    source: str


class Task(Part):
    """The question: which Form it wants, its head, its loss, its metrics, and how outputs are read."""

    catalogue: ClassVar = "pellucid.tasks.catalogue"
    wants: ClassVar[str] = "vector"
    """The kind of Form the head takes."""
    targets: ClassVar[frozenset[str]] = frozenset()
    """Kinds of target (see `data.signature.Target`) this task can ask about."""
    answers: ClassVar[str] = ""
    """The kind of its answer, by which metrics, the report and the files of predictions go."""

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

    def keep(self, output: torch.Tensor, batch: Batch) -> torch.Tensor:
        """What of the raw outputs of some rows is kept for `decode`; less than all where all would fill memory."""
        return output

    writes: ClassVar[int] = 0
    """Rows of a part that are judged in the end by what `write` gives, at most; 0: all, by what the network gives."""

    def write(self, network: nn.Module, batch: Batch, signature: Signature) -> torch.Tensor:
        """What stands in the place of `keep` in the end, where a network has to be asked step by step."""
        raise AssertionError(f"{type(self).__name__} writes nothing")

    @abstractmethod
    def decode(self, output: torch.Tensor, signature: Signature, scale: Scale | None) -> Prediction:
        """Outputs, as `keep` left them, as labels and probabilities, or as values in the units of the data."""

    @abstractmethod
    def outputs(self, signature: Signature) -> int:
        """Output units of the head, or of each place for grids and pyramids."""

    @abstractmethod
    def loss_for(self, target: Target) -> Choice:
        """The loss where the recipe names none."""

    @abstractmethod
    def metrics_for(self, target: Target) -> Choice:
        """The metrics where the recipe names none."""

    def sees(self, form: Form, signature: Signature) -> Form:
        """What the head needs of a trunk that gives `form`: all of it, or the coarser levels of a pyramid."""
        return form

    def asks(self, target: Target) -> str:
        """What a loss must be for: `answers`, or something narrower."""
        return self.answers

    def class_weights(self, train: Batch, target: Target) -> torch.Tensor | None:
        """weight_C of the classes, float64, which multiplies the weight of every row; None where all count the same."""
        return None

    def begin(self, head: nn.Module) -> None:
        """Changes the first weights of the head where a task needs other ones than the start gave."""

    settles: ClassVar[bool] = False
    """Whether `settle` does anything."""

    def settle(self, head: nn.Module, output: torch.Tensor, valid: Batch) -> None:
        """Fixes what is chosen on the validation part when training is over, as buffers of the head."""


def blended(batch: Batch) -> torch.Tensor:
    """target_BD, under mixup the weighted mean of the two targets of each example."""
    assert batch.target is not None
    if batch.mixed is None:
        return batch.target
    other, share_B = batch.mixed
    return batch.target.lerp(other, share_B[:, None])
