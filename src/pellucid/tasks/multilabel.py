"""Multi-label classification: any of several labels, each decided by its own sigmoid unit."""

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


class Multilabel(Task):
    """Which of the labels hold, each by itself."""

    kind: Literal["multilabel"] = "multilabel"
    targets: ClassVar = frozenset({"labels"})
    answers: ClassVar = "labels"

    def loss_for(self, target: Target) -> Choice:
        """Binary cross-entropy, label by label."""
        return Choice("binary_cross_entropy", "the likelihood of labels under its outputs", "Bishop 2006, section 4.3")

    def metrics_for(self, target: Target) -> Choice:
        """Those that scikit-learn's users expect."""
        return Choice(
            ("f1", "roc_auc", "accuracy", "log_loss"),
            "the customary scores for labels",
            "scikit-learn's user guide, 3.4",
        )

    def outputs(self, signature: Signature) -> int:
        """One unit for each label."""
        assert signature.target is not None
        return len(signature.target.names)

    def head(self, form: Form, signature: Signature) -> nn.Module:
        """Linear from x_BD to logits_BC."""
        from torch import nn

        return nn.Linear(form.width, self.outputs(signature))

    def losses(self, output: torch.Tensor, batch: Batch) -> Loss:
        """The mean loss over the labels of each example; under mixup the targets are mixed."""
        assert self.loss is not None
        return self.loss.per_example(output, blended(batch))

    def decode(self, output: torch.Tensor, signature: Signature, scale: Scale | None) -> Prediction:
        """Probability of each label, and 1 where it is at least a half."""
        import torch

        from pellucid.metrics.metric import Prediction

        probability = torch.sigmoid(output.detach().to("cpu", torch.float64))
        return Prediction(label=(probability >= 0.5).long(), probability=probability)
