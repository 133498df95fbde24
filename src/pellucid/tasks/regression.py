"""Regression: one or several numbers, by a linear output."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pellucid.data.signature import Signature, Target
from pellucid.forms import Form
from pellucid.losses.loss import Loss
from pellucid.tasks.task import Choice, Task, blended

if TYPE_CHECKING:
    import torch
    from torch import nn

    from pellucid.data.batch import Batch, Scale
    from pellucid.metrics.metric import Prediction


class Regression(Task):
    """How much: the network learns standardised targets, and predicts in the units of the data."""

    kind: Literal["regression"] = "regression"
    targets: ClassVar = frozenset({"values"})
    answers: ClassVar = "values"

    def loss_for(self, target: Target) -> Choice:
        """Squared errors."""
        return Choice("mse", "the likelihood of values under its outputs", "Bishop 2006, section 4.3")

    def metrics_for(self, target: Target) -> Choice:
        """Those that scikit-learn's users expect."""
        return Choice(("rmse", "mae", "r2"), "the customary scores for values", "scikit-learn's user guide, 3.4")

    def outputs(self, signature: Signature) -> int:
        """One unit for each target column."""
        assert signature.target is not None
        return len(signature.target.names)

    def head(self, form: Form, signature: Signature) -> nn.Module:
        """Linear from x_BD to value_BD, no activation: any number can come out."""
        from torch import nn

        return nn.Linear(form.width, self.outputs(signature))

    def losses(self, output: torch.Tensor, batch: Batch) -> Loss:
        """The loss of each example on standardised targets; under mixup the targets are mixed."""
        assert self.loss is not None
        return self.loss.per_example(output, blended(batch))

    def decode(self, output: torch.Tensor, signature: Signature, scale: Scale | None) -> Prediction:
        """value_ND in the units of the data."""
        import torch

        from pellucid.metrics.metric import Prediction

        value = output.detach().to("cpu", torch.float64)
        if scale is not None:
            value = value * scale.scale_D.to(value) + scale.mean_D.to(value)
        return Prediction(value=value)
