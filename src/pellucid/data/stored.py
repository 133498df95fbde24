"""Rows that stay in a file: drawn when a batch needs them, so that memory does not grow with their number.

An epoch is shuffled in two steps, since single rows far apart are slow to read: the blocks of the file in random order,
then the rows of as many blocks as a pool holds. Both are functions of seed, epoch and pool alone.
"""

from __future__ import annotations

import os
import tempfile
import weakref
from collections.abc import Callable, Iterator

import numpy as np
import torch

from pellucid import seeds
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

    __slots__ = ("count", "device", "judged", "opened", "read", "weight_C")

    def __init__(
        self,
        count: int,
        read: Callable[[int, int], np.ndarray],
        opened: Callable[[np.ndarray], Batch],
        judged: int = SAMPLE,
    ) -> None:
        first = opened(read(0, min(count, 2)))
        super().__init__(first.input, first.target)
        self.count = count
        self.read = read
        """(start, stop) -> those rows as they are kept, which takes less room."""
        self.opened = opened
        """Rows as they are kept -> rows as they are learnt from."""
        self.judged = judged
        """Rows by which it is judged, at most."""
        self.device = "cpu"
        self.weight_C: torch.Tensor | None = None
        """Weight of each class, which multiplies that of the rows."""

    def __len__(self) -> int:
        return self.count

    def part(self, start: int, stop: int) -> Batch:
        """The rows from `start` to `stop`."""
        return self._given(self._read(start, stop))

    def take(self, index: torch.Tensor) -> Batch:
        """The rows at `index`, read one by one."""
        return self._given(np.concatenate([self._read(0, 0), *(self._read(at, at + 1) for at in index.tolist())]))

    def to(self, device: str) -> Stored:
        """The same rows, given on another device."""
        self.device = device
        first = self.part(0, min(self.count, 2))
        self.input, self.target = first.input, first.target
        return self

    def sample(self) -> Batch:
        """The rows by which it is judged: all, or blocks spread evenly over the file."""
        if self.count <= self.judged:
            return self.part(0, self.count)
        blocks, size = max(1, self.judged // BLOCK), min(BLOCK, self.judged)
        starts = (np.arange(blocks) * (self.count - size) / max(blocks - 1, 1)).astype(int)
        return self._given(np.concatenate([self._read(start, start + size) for start in np.unique(starts).tolist()]))

    def shuffled(self, seed: int, epoch: int, size: int, start: int) -> Iterator[Batch]:
        """The batches of one epoch of `size` rows each, from number `start` on; the last one is what is left.

        One row that is left joins the batch before, since a norm cannot use it.
        """
        held: np.ndarray | None = None
        for rows in self._drawn(seed, epoch, size, start):
            if held is not None and len(rows) == 1 < size:
                rows = np.concatenate([held, rows])
            elif held is not None:
                yield self._given(held)
            held = rows
        if held is not None:
            yield self._given(held)

    def _drawn(self, seed: int, epoch: int, size: int, start: int) -> Iterator[np.ndarray]:
        blocks = -(-self.count // BLOCK)
        order = torch.randperm(blocks, generator=seeds.generator(seed, "order", epoch)).tolist()
        order.append(order.pop(order.index(blocks - 1)))  # the last block may be short, so it stays the last
        skip, left = divmod(start * size, POOL * BLOCK)
        rest = self._read(0, 0)
        for pool in range(skip, -(-blocks // POOL)):
            chosen = order[pool * POOL : (pool + 1) * POOL]
            rows = np.concatenate([self._read(block * BLOCK, (block + 1) * BLOCK) for block in chosen])
            order_N = torch.randperm(len(rows), generator=seeds.generator(seed, "order", epoch, pool)).numpy()
            rows, left = np.concatenate([rest, rows[order_N[left:]]]), 0
            whole = len(rows) - len(rows) % size
            for low in range(0, whole, size):
                yield rows[low : low + size]
            rest = rows[whole:]
        if len(rest):
            yield rest

    def _read(self, start: int, stop: int) -> np.ndarray:
        return self.read(start, max(start, min(stop, self.count)))

    def _given(self, rows: np.ndarray) -> Batch:
        """Kept rows as a batch, with the weights of their classes, on the device."""
        batch = self.opened(rows)
        if self.weight_C is not None and batch.target is not None:
            batch = batch.weighed(self.weight_C)
        return batch if self.device == "cpu" else batch.to(self.device)


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
