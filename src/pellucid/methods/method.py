"""The abstract Method: who learns, from which batches, by which loss, in which order."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

from pellucid.forms import Branched
from pellucid.parts import Part

if TYPE_CHECKING:
    from pellucid.data.batch import Batch, Dataset
    from pellucid.losses.loss import Loss
    from pellucid.network.assemble import Network
    from pellucid.seeds import Draw
    from pellucid.tasks.task import Task


class Stream(Protocol):
    """Batches as a pure function of position; it remembers nothing."""

    @property
    def steps_per_epoch(self) -> int:
        """Batches in an epoch."""
        ...

    def batches(self, epoch: int, start: int) -> Iterator[Batch]:
        """The batches of one epoch, from number `start` on."""
        ...


@dataclass(frozen=True)
class Turn:
    """One player's move."""

    name: str
    learns: str
    """Which child of the network moves, as a dotted path; empty for all of it."""
    loss: Callable[[Network, Batch, Draw], Loss]


@dataclass(frozen=True)
class Phase:
    """One stretch of training."""

    name: str
    batches: Stream
    turns: tuple[Turn, ...]
    steps: int
    accumulate: int = 1
    """Batches whose gradients make one step."""


def learn(network: Network, task: Task, batch: Batch) -> Loss:
    """The loss of each example; auxiliary outputs add theirs, times their weight."""
    output = network(batch.input)
    if not isinstance(output, Branched):
        return task.losses(output, batch)
    loss = task.losses(output.main, batch)
    for weight, side in zip(network.side_weights, output.sides, strict=True):
        loss = loss._replace(value_B=loss.value_B + weight * task.losses(side, batch).value_B)
    return loss


class Method(Part):
    """How a network learns; `phases` does no work before it is iterated."""

    catalogue: ClassVar = "pellucid.methods.catalogue"
    default_kind: ClassVar = "supervised"

    @abstractmethod
    def phases(self, network: Network, task: Task, data: Dataset, seed: int) -> Iterator[Phase]:
        """The stretches of training, in order; on resume the phase is found again by its index."""
