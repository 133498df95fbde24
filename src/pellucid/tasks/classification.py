"""Classification: one of several classes. Two classes take one sigmoid unit, more take a softmax."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pellucid.data.signature import Signature, Target
from pellucid.errors import Place, RecipeError, did_you_mean
from pellucid.forms import Form
from pellucid.losses.loss import Loss
from pellucid.tasks.task import Choice, Task

if TYPE_CHECKING:
    import torch
    from torch import nn

    from pellucid.data.batch import Batch, Scale
    from pellucid.metrics.metric import Prediction


MANY = 10
"""Classes from which it matters whether the true one is among the five most probable."""
SCORES = ("accuracy", "balanced_accuracy", "f1", "roc_auc", "log_loss", "calibration_error")
BINARY_SCORES = (*SCORES[:2], "precision", "recall", "f1", "roc_auc", "average_precision", *SCORES[4:])


class Classification(Task):
    """Which of the classes an example belongs to."""

    kind: Literal["classification"] = "classification"
    targets: ClassVar = frozenset({"classes"})
    answers: ClassVar = "classes"

    class_weight: Literal["none", "balanced"] | dict[str, float] = "none"
    """Weight of each class in the loss: all 1, inverse to its share of the rows, or given by name."""

    def asks(self, target: Target) -> str:
        """`binary` for two classes."""
        return "binary" if len(target.classes) == 2 else "classes"

    def loss_for(self, target: Target) -> Choice:
        """Cross-entropy."""
        kind = self.asks(target)
        loss, units = (
            ("binary_cross_entropy", "one sigmoid unit") if kind == "binary" else ("cross_entropy", "a softmax")
        )
        return Choice(loss, f"the likelihood of {kind} under {units}", "Bishop 2006, section 4.3")

    def metrics_for(self, target: Target) -> Choice:
        """Those that scikit-learn's users expect; with many classes also whether the true one is among the first."""
        kind = self.asks(target)
        scores = BINARY_SCORES if kind == "binary" else SCORES
        if len(target.classes) > MANY:
            scores = (*scores[:1], "top5_accuracy", *scores[1:])
        return Choice(scores, f"the customary scores for {kind}", "scikit-learn's user guide, 3.4")

    def class_weights(self, train: Batch, target: Target) -> torch.Tensor | None:
        """As `class_weight` says. Raises: RecipeError where it names a class that is none."""
        import torch

        if self.class_weight == "none":
            return None
        assert train.target is not None
        if self.class_weight == "balanced":
            counts = torch.bincount(train.target, minlength=len(target.classes)).clamp_min(1)
            return len(train) / (len(target.classes) * counts.double())
        for name in self.class_weight:
            if name not in target.classes:
                place, hint = Place(path="task.class_weight"), did_you_mean(name, target.classes)
                raise RecipeError("RECIPE-VALUE", f"no class '{name}'", place=place, hint=hint)
        return torch.tensor([self.class_weight.get(name, 1.0) for name in target.classes], dtype=torch.float64)

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
