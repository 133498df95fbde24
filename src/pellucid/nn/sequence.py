"""Trunks over sequences: they read one whole at once, or go on position by position from what they remember."""

from __future__ import annotations

from abc import abstractmethod
from typing import TypeAlias

import torch

from pellucid.forms import Paired, Steps
from pellucid.nn.trunk import Trunk

Memory: TypeAlias = "torch.Tensor | tuple[Memory, ...]"
"""What a trunk remembers of the positions before: tensors with the examples first, in tuples."""


class SequenceTrunk(Trunk):
    """A trunk whose output at every position can be had in one pass, or one position after the other.

    Going on from what `proceed` remembers of a first half equals one pass over the whole, where the trunk is causal.
    """

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
