"""Supervised learning: one phase, one player, batches of the training part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Literal

from annotated_types import Ge

from pellucid import forms, seeds
from pellucid.errors import Place, RecipeError
from pellucid.methods.method import Method, Phase, Turn, learn

if TYPE_CHECKING:
    from pellucid.data.batch import Batch, Dataset
    from pellucid.losses.loss import Loss
    from pellucid.network.assemble import Network
    from pellucid.seeds import Draw
    from pellucid.tasks.task import Task

LARGEST_COPY = 256 * 2**20
"""Bytes of training data up to which an epoch is permuted at once; above, each batch is gathered by itself."""


class Supervised(Method):
    """Every batch moves the whole network towards its targets."""

    kind: Literal["supervised"] = "supervised"
    epochs: Annotated[int, Ge(1)] | None = None
    """Passes over the training part."""
    batch: Annotated[int, Ge(1)] | None = None
    """Rows in a batch; a number of at least the training rows is full-batch descent, 1 is one by one."""
    accumulate: Annotated[int, Ge(1)] = 1
    """Batches whose gradients make one step."""

    def phases(self, network: Network, task: Task, data: Dataset, seed: int) -> Iterator[Phase]:
        """One phase of all epochs."""
        from pellucid.nn.sequence import SequenceTrunk

        assert self.epochs is not None and self.batch is not None
        if min(self.batch, len(data.train)) == 1:
            _refuse_batch_norm(network)
        stream = self._lanes(task, data) if _carries(network) else Shuffled(data, self.batch, seed)

        def loss(network: Network, batch: Batch, draw: Draw) -> Loss:
            if batch.fresh and isinstance(network.trunk, SequenceTrunk):
                network.trunk.forget()
            return learn(network, task, batch)

        groups = -(-stream.steps_per_epoch // self.accumulate)
        yield Phase("supervised", stream, (Turn("network", "", loss),), groups * self.epochs, self.accumulate)

    def _lanes(self, task: Task, data: Dataset) -> Lanes:
        """The windows of running text, each row of a batch going on where it ended in the batch before.

        Raises: RecipeError where rows do not follow one another.
        """
        assert self.batch is not None
        if type(task).answers != "next":
            message = "stateful layers go on where the row before ended, and these rows do not follow one another"
            hint = "model.stateful: false; running text (task language) has rows that do"
            raise RecipeError("RECIPE-FIT", message, place=Place(path="model.stateful"), hint=hint)
        return Lanes(data, min(self.batch, len(data.train)))


def _carries(network: Network) -> bool:
    from pellucid.nn.sequence import SequenceTrunk

    return isinstance(network.trunk, SequenceTrunk) and network.trunk.stateful


def _refuse_batch_norm(network: Network) -> None:
    """Raises: RecipeError where a layer needs the spread of a batch, and a batch is one row."""
    from torch import nn

    if any(isinstance(module, nn.BatchNorm1d) for module in network.modules()):
        raise RecipeError(
            "RECIPE-FIT",
            "batch normalisation compares the rows of a batch, and there is one row in it",
            place=Place(path="method.batch"),
            hint="a larger method.batch, or model.norm: layer",
        )


@dataclass(frozen=True)
class Shuffled:
    """The training part in a new order every epoch: order and augmentation are functions of the position alone."""

    data: Dataset
    size: int
    seed: int

    @property
    def steps_per_epoch(self) -> int:
        """Batches in an epoch; a last batch of one row joins the one before, since a norm cannot use it."""
        rows = len(self.data.train)
        count = -(-rows // self.size)
        return count - 1 if self.size > 1 and rows % self.size == 1 and count > 1 else count

    def batches(self, epoch: int, start: int) -> Iterator[Batch]:
        """The batches of one epoch, from number `start` on."""
        import torch

        from pellucid.data.stored import Stored

        train, last = self.data.train, self.steps_per_epoch - 1
        device = str(forms.tensors(train.input)[0].device)
        draw = seeds.Draw(self.seed, "augment", device) if self.data.augment else None
        if isinstance(train, Stored):
            for number, batch in enumerate(train.shuffled(self.seed, epoch, self.size, start), start):
                yield self._augmented(batch.ready(), draw, epoch, number)
            return
        order = torch.randperm(len(train), generator=seeds.generator(self.seed, "order", epoch))
        tensors = forms.tensors(train.input)
        bytes_held = sum(tensor.numel() * tensor.element_size() for tensor in tensors)
        order = order.to(tensors[0].device)
        whole = train.take(order) if bytes_held <= LARGEST_COPY else None
        for number in range(start, last + 1):
            low, high = number * self.size, len(train) if number == last else (number + 1) * self.size
            batch = (whole.part(low, high) if whole else train.take(order[low:high])).ready()
            yield self._augmented(batch, draw, epoch, number)

    def _augmented(self, batch: Batch, draw: Draw | None, epoch: int, number: int) -> Batch:
        """A batch after what the recipe does to each one that is drawn."""
        if draw is not None:
            draw.at(epoch, number)
            for augment in self.data.augment:
                batch = augment.apply(batch, draw, self.data.black_C)
        return batch


@dataclass(frozen=True)
class Lanes:
    """The training rows in their order, in as many lanes as a batch has rows; what fills no batch is left out."""

    data: Dataset
    size: int

    @property
    def steps_per_epoch(self) -> int:
        """Rows of one lane."""
        return len(self.data.train) // self.size

    def batches(self, epoch: int, start: int) -> Iterator[Batch]:
        """The batches of one epoch, from number `start` on; the first of an epoch begins anew."""
        import torch

        first_B = torch.arange(self.size) * self.steps_per_epoch
        for number in range(start, self.steps_per_epoch):
            batch = self.data.train.take(first_B.to(forms.tensors(self.data.train.input)[0].device) + number)
            yield replace(batch, fresh=number == 0)
