"""Trunks over sequences: they read one whole at once, or go on position by position from what they remember."""

from __future__ import annotations

from abc import abstractmethod
from typing import TypeAlias

import torch

from pellucid.forms import Paired, Steps, each, tensors
from pellucid.nn.trunk import Trunk

Memory: TypeAlias = "torch.Tensor | tuple[Memory, ...]"
"""What a trunk remembers of the positions before: tensors with the examples first, in tuples."""


class SequenceTrunk(Trunk):
    """A trunk whose output at every position can be had in one pass, or one position after the other.

    Going on from what `proceed` remembers of a first half equals one pass over the whole, where the trunk is causal.
    """

    stateful: bool = False
    """Whether each row of a batch goes on where that row of the batch before ended."""
    carried: Memory | None = None
    """What a stateful trunk in training remembers of the batch before; None for every other one."""

    @abstractmethod
    def forward(self, signal: Steps | Paired) -> Steps:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Steps(x_BTD, mask_BT) -> Steps over the same positions; of a pair, over those of its context."""

    @abstractmethod
    def begin(self, source: Steps | None, rows: int) -> Memory:
        """The memory of `rows` examples before their first position; after reading `source` where there is one."""

    @abstractmethod
    def proceed(self, steps: Steps, memory: Memory) -> tuple[Steps, Memory]:
        """The outputs of further positions, and what is remembered then.

        Raises: RuntimeError for a trunk that needs the future (bidirectional, not causal).
        """

    def forget(self) -> None:
        """The next batch begins anew."""
        self.carried = None

    def memories(self) -> dict[str, torch.Tensor]:
        """What is carried from batch to batch, under the numbers of its tensors; empty where nothing is."""
        kept = [] if self.carried is None else tensors(self.carried)
        return {str(number): tensor for number, tensor in enumerate(kept)}

    def restore(self, memories: dict[str, torch.Tensor]) -> None:
        """Puts back what `memories` gave."""
        if not memories:
            return self.forget()
        kept = iter([memories[str(number)] for number in range(len(memories))])
        self.carried = each(self.begin(None, len(memories["0"])), lambda _: next(kept))
