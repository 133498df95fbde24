"""The abstract Start: what happens to a built network before training."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

from pellucid.parts import Part

if TYPE_CHECKING:
    from pellucid.data.batch import Batch
    from pellucid.families.family import Family
    from pellucid.network.assemble import Network


class Start(Part):
    """Where the first weights come from."""

    catalogue: ClassVar = "pellucid.transfer.catalogue"
    default_kind: ClassVar = "scratch"

    @abstractmethod
    def apply(self, network: Network, family: Family, sample: Batch, seed: int) -> None:
        """Sets the weights in place; `sample` is a training batch for starts that look at data."""
