"""Forecasting: the values that follow a window of the past, as points or as bands."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pellucid.data.signature import Signature, Target
from pellucid.forms import Form
from pellucid.losses.loss import Loss
from pellucid.losses.parts import Pinball
from pellucid.tasks.task import Choice, Task

if TYPE_CHECKING:
    import torch
    from torch import nn

    from pellucid.data.batch import Batch, Scale
    from pellucid.metrics.metric import Prediction


class Forecasting(Task):
    """What comes next, at each of several times ahead; with the loss `pinball`, between which bounds too.

    The network gives the difference from the seasonal-naive forecast, in units of the window. Quantiles are sorted when
    they are read, so that none crosses another: that never makes the pinball loss larger (Chernozhukov et al. 2010,
    Econometrica 78). The forecast itself is the median; other losses give a point and no band.
    """

    kind: Literal["forecasting"] = "forecasting"
    wants: ClassVar = "sequence"
    targets: ClassVar = frozenset({"future"})
    answers: ClassVar = "future"
    reference: ClassVar = "Koenker and Bassett 1978, Econometrica 46"

    def loss_for(self, target: Target) -> Choice:
        """Pinball."""
        return Choice("pinball", "a forecast without a band says little", "Koenker and Bassett 1978")

    def metrics_for(self, target: Target) -> Choice:
        """MAE first, in the units of the data."""
        banded = self.loss is None or self.levels
        scores = ("mae", "rmse", "skill", "pinball", "coverage") if banded else ("mae", "rmse", "skill")
        return Choice(scores, "the customary scores for forecasts", "Hyndman and Athanasopoulos 2021, chapter 5")

    @property
    def levels(self) -> tuple[float, ...]:
        """The quantiles that are forecast; none where only points are."""
        return self.loss.quantiles if isinstance(self.loss, Pinball) else ()

    def outputs(self, signature: Signature) -> int:
        """One unit for each quantile of each column."""
        assert signature.target is not None
        return len(signature.target.names) * max(1, len(self.levels))

    def head(self, form: Form, signature: Signature) -> nn.Module:
        """Linear from x_BHW to output_BHK with K = D Q."""
        from torch import nn

        return nn.Linear(form.width, self.outputs(signature))

    def losses(self, output: torch.Tensor, batch: Batch) -> Loss:
        """The loss of each window, of the difference from the base in units of the window."""
        assert self.loss is not None and batch.target is not None and batch.relative is not None
        base_BHD, unit_BD = batch.relative
        standard_BHD = (batch.target - base_BHD) / unit_BD.unsqueeze(1)
        output = output.float()
        return self.loss.per_example(
            output.unflatten(2, (-1, len(self.levels))) if self.levels else output, standard_BHD
        )

    def keep(self, output: torch.Tensor, batch: Batch) -> torch.Tensor:
        """kept_BHK with K = D (Q + 1), in the units of the data: the quantiles of each column, then its base."""
        import torch

        assert batch.relative is not None
        base_BHD1, unit_B1D1 = batch.relative[0].unsqueeze(3), batch.relative[1][:, None, :, None]
        value_BHDQ = base_BHD1 + output.unflatten(2, (base_BHD1.shape[2], -1)) * unit_B1D1
        return torch.cat([value_BHDQ, base_BHD1], 3).flatten(2)

    def decode(self, output: torch.Tensor, signature: Signature, scale: Scale | None) -> Prediction:
        """value_NHD, the seasonal-naive forecast, and the quantiles where there are some."""
        import torch

        from pellucid.metrics.metric import Prediction

        assert signature.target is not None
        kept_NHDK = output.detach().to("cpu", torch.float64).unflatten(2, (len(signature.target.names), -1))
        quantile_NHDQ, naive_NHD = kept_NHDK[..., :-1].sort(3).values, kept_NHDK[..., -1]
        if not self.levels:
            return Prediction(value=quantile_NHDQ[..., 0], naive_NHD=naive_NHD)
        value_NHD = quantile_NHDQ[..., self.levels.index(0.5)]
        return Prediction(value=value_NHD, quantile_NHDQ=quantile_NHDQ, naive_NHD=naive_NHD, levels=self.levels)
