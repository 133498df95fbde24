"""Augmentations of series (and of sound as frames): random changes of prepared steps, drawn from the `Draw` given.

Of a past and what is known of its future, the past alone is changed. Steps that only fill up stay as they are.

    B  series    T  steps    D  channels
"""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from annotated_types import Ge, Gt, Le, Lt

from pellucid.data.augment import Augment
from pellucid.data.batch import Batch
from pellucid.errors import DataError, Place
from pellucid.forms import Paired, Steps

if TYPE_CHECKING:
    import torch

    from pellucid.seeds import Draw

WARPS = 4
"""Stretches of a series that go at a speed of their own."""


class Stepwise(Augment):
    """Changes what stands at the steps of every series."""

    forms: ClassVar = frozenset({"sequence"})
    reference: ClassVar = "Um et al. 2017, arXiv:1706.00527"

    @abstractmethod
    def changed(self, x_BTD: torch.Tensor, length_B: torch.Tensor, draw: Draw) -> torch.Tensor:
        """The new x_BTD; `length_B` counts the steps that are there."""

    def apply(self, batch: Batch, draw: Draw, black_C: torch.Tensor | None) -> Batch:
        """Raises: DataError where a batch holds no steps of numbers."""
        import torch

        signal = batch.input
        steps = signal.source if isinstance(signal, Paired) else signal
        if not isinstance(steps, Steps):
            raise DataError("DATA-AUGMENT", f"{self.dump()['kind']} needs series", place=Place(path="data.augment"))
        x_BTD = self.changed(steps.x_BTD, steps.mask_BT.sum(1), draw)
        made = Steps(torch.where(steps.mask_BT[:, :, None], x_BTD, steps.x_BTD), steps.mask_BT)
        return replace(batch, input=signal._replace(source=made) if isinstance(signal, Paired) else made)


class Jitter(Stepwise):
    """Adds normal noise to every value of every step."""

    kind: Literal["jitter"] = "jitter"
    scale: Annotated[float, Ge(0), Le(5)] = 0.05
    """Standard deviation, in standard deviations of the training data."""

    def changed(self, x_BTD: torch.Tensor, length_B: torch.Tensor, draw: Draw) -> torch.Tensor:
        """Each value by itself."""
        return x_BTD + draw.normal(tuple(x_BTD.shape), self.scale)


class Magnify(Stepwise):
    """Multiplies each channel of each series by a factor of its own."""

    kind: Literal["magnify"] = "magnify"
    never: ClassVar = frozenset({"future"})
    most: Annotated[float, Ge(1), Le(4)] = 1.2
    """Largest factor, either way."""

    def changed(self, x_BTD: torch.Tensor, length_B: torch.Tensor, draw: Draw) -> torch.Tensor:
        """As often larger as smaller: the logarithm of the factor is uniform."""
        shape = (x_BTD.shape[0], 1, x_BTD.shape[2])
        return x_BTD * draw.uniform(shape, -1.0, 1.0).mul(math.log(self.most)).exp()


class HideSpan(Stepwise):
    """Blanks a run of steps of every series at their mean, so that no single moment decides."""

    kind: Literal["hide_span"] = "hide_span"
    reference: ClassVar = "DeVries and Taylor 2017, arXiv:1708.04552, along time"
    share: Annotated[float, Gt(0), Lt(1)] = 0.2
    """Largest run, as a share of the series."""

    def changed(self, x_BTD: torch.Tensor, length_B: torch.Tensor, draw: Draw) -> torch.Tensor:
        """A run of up to `share` of the steps that are there, anywhere among them."""
        import torch

        size_B = (draw.uniform((len(x_BTD),)) * self.share * length_B).round()
        start_B = (draw.uniform((len(x_BTD),)) * (length_B - size_B + 1)).floor()
        at_T = torch.arange(x_BTD.shape[1], device=x_BTD.device)[None]
        hidden_BT = (at_T >= start_B[:, None]) & (at_T < (start_B + size_B)[:, None])
        return x_BTD.masked_fill(hidden_BT[:, :, None], 0.0)


class WarpTime(Stepwise):
    """Lets four stretches of every series go faster or slower, while its length stays."""

    kind: Literal["warp_time"] = "warp_time"
    never: ClassVar = frozenset({"future", "steps"})
    amount: Annotated[float, Ge(0), Lt(1)] = 0.2
    """Largest change of speed, as a share."""

    def changed(self, x_BTD: torch.Tensor, length_B: torch.Tensor, draw: Draw) -> torch.Tensor:
        """Straight lines between the old steps; first and last stay where they are."""
        import torch

        count, steps, _ = x_BTD.shape
        speed_BW = draw.uniform((count, WARPS), 1 - self.amount, 1 + self.amount)
        passed_BW = torch.cat([speed_BW.new_zeros(count, 1), speed_BW.cumsum(1)], 1) / speed_BW.sum(1, keepdim=True)
        last_B1 = (length_B - 1).clamp(min=1)[:, None]
        turn_BT = (torch.arange(steps, device=x_BTD.device) / last_B1).clamp(max=1) * WARPS
        stretch_BT = turn_BT.long().clamp(max=WARPS - 1)
        begin_BT, end_BT = passed_BW.gather(1, stretch_BT), passed_BW.gather(1, stretch_BT + 1)
        place_BT = torch.lerp(begin_BT, end_BT, turn_BT - stretch_BT) * last_B1
        before_BT = place_BT.long().clamp(max=steps - 1)
        after_BT = torch.minimum((before_BT + 1), last_B1)
        left, right = (at.clamp(max=steps - 1)[:, :, None].expand_as(x_BTD) for at in (before_BT, after_BT))
        return torch.lerp(x_BTD.gather(1, left), x_BTD.gather(1, right), (place_BT - before_BT)[:, :, None])
