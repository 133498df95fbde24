"""The averages of the weights over the steps; the average is what is evaluated and kept. All under `no_grad`."""

# pyright: reportPrivateImportUsage=false
# (torch marks its operations over lists of tensors as private; it has had them since 1.9.)

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from annotated_types import Ge, Lt

from pellucid.optim.regularize import Averaging

if TYPE_CHECKING:
    import torch


class EMA(Averaging):
    """A running mean that forgets: a <- d a + (1 - d) w, with d = min(decay, (1 + t) / (10 + t)) at step t.

    The smaller d of the first steps lets the average leave the random start behind.
    """

    kind: Literal["ema"] = "ema"
    reference: ClassVar = "Polyak and Juditsky 1992, doi:10.1137/0330046; the first steps as in TensorFlow"
    decay: Annotated[float, Ge(0), Lt(1)] = 0.999
    """Share of the average that is kept at each step; 0.999 remembers about 1,000 steps."""

    def update(self, average: list[torch.Tensor], params: list[torch.Tensor], step: int, steps: int) -> None:
        """Moves `average` after step number `step` (1-based), in place."""
        import torch

        decay = min(self.decay, (1 + step) / (10 + step))
        torch._foreach_lerp_(average, params, 1 - decay)


class SWA(Averaging):
    """The equal-weight mean of the weights after each step of the last part of the run.

    The n-th of them moves the mean by a <- a + (w - a) / n. The paper averages once an epoch, we at every step.
    """

    kind: Literal["swa"] = "swa"
    reference: ClassVar = "Izmailov et al. 2018, arXiv:1803.05407, algorithm 1"
    start: Annotated[float, Ge(0), Lt(1)] = 0.75
    """Share of the run before the mean begins; until then the average is the weights as they are."""

    def update(self, average: list[torch.Tensor], params: list[torch.Tensor], step: int, steps: int) -> None:
        """Moves `average` after step number `step` (1-based), in place."""
        import torch

        number = step - int(self.start * steps)
        if number <= 1:
            torch._foreach_copy_(average, params)
        else:
            torch._foreach_lerp_(average, params, 1 / number)
