"""Augmentations of spectrograms."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from annotated_types import Ge, Gt, Le

from pellucid.data.augment import Augment
from pellucid.data.batch import Batch
from pellucid.errors import DataError, Place
from pellucid.forms import Steps

if TYPE_CHECKING:
    import torch

    from pellucid.seeds import Draw


class MaskBands(Augment):
    """Hides bands of neighbouring frequencies, and of neighbouring frames, of every sound (SpecAugment).

    What is hidden becomes 0, the mean over the training part.
    """

    kind: Literal["mask_bands"] = "mask_bands"
    forms: ClassVar = frozenset({"sequence"})
    never: ClassVar = frozenset({"steps", "next", "sentence", "future"})
    reference: ClassVar = "Park et al. 2019, arXiv:1904.08779, section 2"
    frequency: Annotated[float, Ge(0), Le(1)] = 0.2
    """The widest band of frequencies, as a share of them all; each is drawn from 0 to this."""
    time: Annotated[float, Ge(0), Le(1)] = 0.2
    """The widest band of frames, as a share of the sound."""
    count: Annotated[int, Gt(0), Le(16)] = 2
    """Bands of either kind."""

    def apply(self, batch: Batch, draw: Draw, black_C: torch.Tensor | None) -> Batch:
        """Bands are drawn for each sound by itself. Raises: DataError where the batch is no series."""
        import torch

        signal = batch.input
        if not isinstance(signal, Steps):
            raise DataError("DATA-AUGMENT", "mask_bands needs sound or series", place=Place(path="data.augment"))
        x_BTD, mask_BT = signal
        rows, _, width = x_BTD.shape
        length_B1 = mask_BT.sum(1, keepdim=True).float()
        width_B1 = torch.full_like(length_B1, width)
        hidden_BTD = torch.zeros_like(x_BTD, dtype=torch.bool)
        for _ in range(self.count):
            wide_B4 = draw.uniform((rows, 4))
            hidden_BTD |= _band(width_B1, width, self.frequency, wide_B4[:, :2])[:, None, :]
            hidden_BTD |= _band(length_B1, x_BTD.shape[1], self.time, wide_B4[:, 2:])[:, :, None]
        return replace(batch, input=Steps(x_BTD.masked_fill(hidden_BTD, 0.0), mask_BT))


def _band(length_B1: torch.Tensor, extent: int, share: float, draw_B2: torch.Tensor) -> torch.Tensor:
    """hidden_BX: a stretch of at most `share` of `length`, that begins anywhere it has room."""
    import torch

    wide_B1 = (draw_B2[:, :1] * ((share * length_B1).floor() + 1)).floor()
    start_B1 = (draw_B2[:, 1:] * (length_B1 - wide_B1 + 1)).floor()
    place_X = torch.arange(extent, device=length_B1.device)
    return (place_X >= start_B1) & (place_X < start_B1 + wide_B1)
