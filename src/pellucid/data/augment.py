"""The abstract Augment: what happens to a training batch each time it is drawn."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

from pellucid.parts import Part

if TYPE_CHECKING:
    import torch

    from pellucid.data.batch import Batch
    from pellucid.seeds import Draw


class Augment(Part):
    """A random change of a whole batch that keeps what it shows."""

    catalogue: ClassVar = "pellucid.data.catalogue_augment"
    forms: ClassVar[frozenset[str]] = frozenset()
    """The kinds of Form it can change: grid, vector."""

    @abstractmethod
    def apply(self, batch: Batch, draw: Draw, black_C: torch.Tensor | None) -> Batch:
        """A new batch; `black_C` is the prepared value of a black pixel, for filling."""
