"""Rows that stay in a file: drawn when a batch needs them, so that memory does not grow with their number.

An epoch is shuffled in two steps, since single rows far apart are slow to read: the blocks of the file in random order,
then the rows of as many blocks as a pool holds. Both are functions of seed, epoch and pool alone.
"""

from __future__ import annotations

import os
import tempfile
import weakref
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import torch

from pellucid import forms, seeds
from pellucid.data.batch import Batch
from pellucid.errors import Place, ResourceError

BLOCK = 1024
"""Rows that are read at once."""
POOL = 64
"""Blocks whose rows are shuffled together."""
SAMPLE = 100_000
"""Rows by which a stored part is judged where all of them would not fit."""


class Stored(Batch):
    """A Batch whose rows are read from where they lie; `input` and `target` are those of its first rows."""

    __slots__ = ("count", "device", "read", "weight_C")

    def __init__(self, count: int, read: Callable[[int, int], Batch]) -> None:
        first = read(0, min(count, 2))
        super().__init__(first.input, first.target)
        self.count = count
        self.read = read
        """(start, stop) -> those rows."""
        self.device = "cpu"
        self.weight_C: torch.Tensor | None = None
        """Weight of each class, which multiplies that of the rows."""

    def __len__(self) -> int:
        return self.count

    def part(self, start: int, stop: int) -> Batch:
        """The rows from `start` to `stop`."""
        batch = self.read(start, max(start, min(stop, self.count)))
        if self.weight_C is not None and batch.target is not None:
            own_B = self.weight_C[batch.target].float()
            batch = replace(batch, weight_B=own_B if batch.weight_B is None else batch.weight_B * own_B)
        return batch if self.device == "cpu" else batch.to(self.device)

    def take(self, index: torch.Tensor) -> Batch:
        """The rows at `index`, read one by one."""
        return together([self.part(at, at + 1) for at in index.tolist()])

    def to(self, device: str) -> Stored:
        """The same rows, given on another device."""
        self.device = device
        return self

    def sample(self, most: int = SAMPLE) -> Batch:
        """At most so many rows, in blocks spread evenly over the file."""
        if self.count <= most:
            return self.part(0, self.count)
        blocks = max(1, most // BLOCK)
        starts = (np.arange(blocks) * (self.count - BLOCK) / max(blocks - 1, 1)).astype(int)
        return together([self.part(start, start + BLOCK) for start in np.unique(starts).tolist()])

    def shuffled(self, seed: int, epoch: int, size: int, start: int) -> Iterator[Batch]:
        """The batches of one epoch of `size` rows each, from number `start` on; the last one is what is left."""
        blocks = -(-self.count // BLOCK)
        order = torch.randperm(blocks, generator=seeds.generator(seed, "order", epoch)).tolist()
        order.append(order.pop(order.index(blocks - 1)))  # the last block may be short, so it stays the last
        skip, left = divmod(start * size, POOL * BLOCK)
        rest: list[Batch] = []
        waiting = 0
        for pool in range(skip, -(-blocks // POOL)):
            chosen = order[pool * POOL : (pool + 1) * POOL]
            rows = together([self.part(block * BLOCK, (block + 1) * BLOCK) for block in chosen])
            rows = rows.take(torch.randperm(len(rows), generator=seeds.generator(seed, "order", epoch, pool)))
            if left:
                rows, left = rows.part(left, len(rows)), 0
            rest, waiting = [*rest, rows], waiting + len(rows)
            if waiting >= size:
                whole = together(rest)
                for low in range(0, waiting - size + 1, size):
                    yield whole.part(low, low + size)
                rest, waiting = [whole.part(waiting - waiting % size, waiting)], waiting % size
        if waiting:
            yield together(rest)


def together(batches: list[Batch]) -> Batch:
    """Several batches as one."""
    if len(batches) == 1:
        return batches[0]
    first, columns = batches[0], zip(*(forms.tensors(batch.input) for batch in batches), strict=True)
    joined = iter([torch.cat(column) for column in columns])
    return replace(
        first,
        input=forms.each(first.input, lambda _: next(joined)),
        target=_cat([batch.target for batch in batches]),
        weight_B=_cat([batch.weight_B for batch in batches]),
        row_B=_cat([batch.row_B for batch in batches]),
    )


def _cat(tensors: list[torch.Tensor | None]) -> torch.Tensor | None:
    found = [tensor for tensor in tensors if tensor is not None]
    return torch.cat(found) if found else None


class Records:
    """Rows of equal size in a file without a name, which the system takes away with the process."""

    def __init__(self, dtype: np.dtype) -> None:
        with tempfile.TemporaryFile() as file:
            self.file = os.dup(file.fileno())
        weakref.finalize(self, os.close, self.file)
        self.dtype = dtype
        self.count = 0

    def append(self, rows: np.ndarray) -> None:
        """Adds rows behind the last one.

        Raises: ResourceError where the disk is full.
        """
        data = memoryview(rows.tobytes())
        try:
            while data:
                data = data[os.pwrite(self.file, data, self.count * self.dtype.itemsize + rows.nbytes - len(data)) :]
        except OSError as fault:
            hint = "set TMPDIR to a larger disk"
            message = f"the prepared rows cannot be kept in {tempfile.gettempdir()}: {fault.strerror}"
            raise ResourceError("DISK-FULL", message, place=Place(tempfile.gettempdir()), hint=hint) from None
        self.count += len(rows)

    def read(self, start: int, stop: int) -> np.ndarray:
        """The rows from `start` to `stop`."""
        size = self.dtype.itemsize
        data = os.pread(self.file, max(0, min(stop, self.count) - start) * size, start * size)
        return np.frombuffer(data, self.dtype)
