"""Labelling: a class for each position of a sequence."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pellucid.data.signature import Signature, Target
from pellucid.errors import Place, RecipeError, did_you_mean
from pellucid.forms import UNJUDGED_STEP, Form
from pellucid.losses.loss import Loss
from pellucid.tasks.task import Choice, Task

if TYPE_CHECKING:
    import torch
    from torch import nn

    from pellucid.data.batch import Batch, Scale
    from pellucid.metrics.metric import Prediction


class Labelling(Task):
    """Which class each position of a sequence belongs to, such as the part of speech of each word."""

    kind: Literal["labelling"] = "labelling"
    wants: ClassVar = "sequence"
    targets: ClassVar = frozenset({"steps"})
    answers: ClassVar = "steps"

    class_weight: Literal["none", "balanced"] | dict[str, float] = "none"
    """Weight of each class in the loss: all 1, inverse to its share of the positions, or given by name."""

    def loss_for(self, target: Target) -> Choice:
        """Cross-entropy."""
        return Choice("cross_entropy", "the likelihood of the class of each position", "Bishop 2006, section 4.3")

    def metrics_for(self, target: Target) -> Choice:
        """Spans first where the classes make some: most positions are outside of any, and easily right."""
        if any(name.startswith("B-") for name in target.classes):
            scores = ("span_f1", "step_f1", "step_accuracy")
            return Choice(scores, "the customary scores for spans", "conlleval; arXiv:cs/0306050")
        return Choice(
            ("step_accuracy", "step_f1"), "the customary scores for classes", "scikit-learn's user guide, 3.4"
        )

    def class_weights(self, train: Batch, target: Target) -> torch.Tensor | None:
        """As `class_weight` says, by the judged positions. Raises: RecipeError where it names a class that is none."""
        import torch

        if self.class_weight == "none":
            return None
        assert train.target is not None
        if self.class_weight == "balanced":
            code_P = train.target[train.target != UNJUDGED_STEP]
            counts = torch.bincount(code_P, minlength=len(target.classes)).clamp_min(1)
            return len(code_P) / (len(target.classes) * counts.double())
        for name in self.class_weight:
            if name not in target.classes:
                place, hint = Place(path="task.class_weight"), did_you_mean(name, target.classes)
                raise RecipeError("RECIPE-VALUE", f"no class '{name}'", place=place, hint=hint)
        return torch.tensor([self.class_weight.get(name, 1.0) for name in target.classes], dtype=torch.float64)

    def outputs(self, signature: Signature) -> int:
        """One unit for each class."""
        assert signature.target is not None
        return len(signature.target.classes)

    def head(self, form: Form, signature: Signature) -> nn.Module:
        """Linear from x_BTD to logits_BTC."""
        from torch import nn

        return nn.Linear(form.width, self.outputs(signature))

    def losses(self, output: torch.Tensor, batch: Batch) -> Loss:
        """The sum over the judged positions of each row, and their count.

        Under class weights, which make `batch.weight_B` a weight_BT, one term for each position.
        """
        assert self.loss is not None and batch.target is not None and batch.mixed is None
        output_BTC, target_BT = output.float(), batch.target
        if batch.weight_B is None or batch.weight_B.ndim == 1:
            return self.loss.per_example(output_BTC, target_BT)
        judged_BT = target_BT != UNJUDGED_STEP
        position_P = self.loss.per_example(output_BTC.flatten(0, 1), target_BT.flatten().clamp_min(0)).value_B
        return Loss(position_P.view(target_BT.shape) * judged_BT, judged_BT.to(position_P.dtype))

    def keep(self, output: torch.Tensor, batch: Batch) -> torch.Tensor:
        """code_BT: the most probable class of each position."""
        return output.argmax(2)

    def decode(self, output: torch.Tensor, signature: Signature, scale: Scale | None) -> Prediction:
        """label_NT."""
        from pellucid.metrics.metric import Prediction

        assert signature.target is not None
        classes = signature.target.classes
        return Prediction(label=output.detach().cpu(), classes=len(classes), names=classes)
