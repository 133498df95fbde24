"""Classification: one of several classes. Two classes take one sigmoid unit, more take a softmax."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pellucid.data.signature import Signature
from pellucid.forms import Form
from pellucid.losses.loss import Loss
from pellucid.tasks.task import Task

if TYPE_CHECKING:
    import torch
    from torch import nn

    from pellucid.data.batch import Batch, Scale
    from pellucid.metrics.metric import Prediction


class Classification(Task):
    """Which of the classes an example belongs to."""

    kind: Literal["classification"] = "classification"
    targets: ClassVar = frozenset({"classes"})

    class_weight: Literal["none", "balanced"] | dict[str, float] = "none"
    """Weight of each class in the loss: all 1, inverse to its share of the rows, or given by name."""

    def outputs(self, signature: Signature) -> int:
        """One unit for two classes (the log-odds of the second), else one for each class."""
        assert signature.target is not None
        return 1 if len(signature.target.classes) == 2 else len(signature.target.classes)

    def head(self, form: Form, signature: Signature) -> nn.Module:
        """Linear from x_BD to logits_BC, or to logit_B1 for two classes."""
        from torch import nn

        return nn.Linear(form.width, self.outputs(signature))

    def losses(self, output: torch.Tensor, batch: Batch) -> Loss:
        """The loss of each example; under mixup the two targets share it."""
        assert self.loss is not None and batch.target is not None
        if batch.mixed is None:
            return self.loss.per_example(output, batch.target)
        other, share_B = batch.mixed
        here = self.loss.per_example(output, batch.target).value_B
        there = self.loss.per_example(output, other).value_B
        return Loss(here * (1 - share_B) + there * share_B)

    def decode(self, output: torch.Tensor, signature: Signature, scale: Scale | None) -> Prediction:
        """Probabilities of all classes and the most probable one."""
        import torch

        from pellucid.metrics.metric import Prediction

        logits = output.detach().to("cpu", torch.float64)
        if logits.shape[1] == 1:
            second = torch.sigmoid(logits)
            probability = torch.cat([torch.sigmoid(-logits), second], 1)
        else:
            probability = torch.softmax(logits, 1)
        return Prediction(label=probability.argmax(1), probability=probability)
