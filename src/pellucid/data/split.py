"""Splits: which rows train, which choose, which judge."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

from pellucid.parts import Part

if TYPE_CHECKING:
    import numpy as np

    from pellucid.data.splitting import Facts


class Split(Part):
    """A rule that puts every row in exactly one of train, valid and test."""

    catalogue: ClassVar = "pellucid.data.catalogue_splits"
    default_kind: ClassVar = "hash"

    @abstractmethod
    def assign(self, facts: Facts, seed: int) -> np.ndarray:
        """uint8 part_N: 0 train, 1 valid, 2 test. Rows with equal content always get the same part."""
