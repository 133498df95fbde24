"""Verification: whether two examples are of one class, for classes that training never saw; faces, for one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from annotated_types import Ge

from pellucid.data.signature import Signature, Target
from pellucid.forms import Form
from pellucid.losses.loss import Loss
from pellucid.losses.parts import PairLoss
from pellucid.tasks.task import Choice, Task

if TYPE_CHECKING:
    import torch
    from torch import nn

    from pellucid.data.batch import Batch, Scale
    from pellucid.metrics.metric import Prediction


class Verification(Task):
    """Whether two examples are of one class, by the cosine of their embeddings; the classes may be new ones.

    Split by class (`data.split: by_group`, or ready-made parts), so that validation and test hold classes that
    training never saw. When training is over, the threshold is fixed on validation, halfway between the mean cosines
    of its pairs of one class and of two.
    """

    kind: Literal["verification"] = "verification"
    targets: ClassVar = frozenset({"classes"})
    answers: ClassVar = "pairs"
    settles: ClassVar = True

    width: Annotated[int, Ge(1)] = 64
    """Numbers of an embedding."""

    def loss_for(self, target: Target) -> Choice:
        """The cosine margin."""
        reason = "it pulls every class together and apart from all others, without a search for pairs"
        return Choice("cosine_margin", reason, "arXiv:1801.09414")

    def metrics_for(self, target: Target) -> Choice:
        """Those of face verification, and of retrieval."""
        scores = ("pair_auc", "pair_accuracy", "tar_at_far", "retrieval")
        return Choice(scores, "the customary scores of verification and retrieval", "arXiv:1503.03832, section 4")

    def outputs(self, signature: Signature) -> int:
        """The width of the embedding."""
        return self.width

    def head(self, form: Form, signature: Signature) -> nn.Module:
        """Linear from x_BF to embedding_BD of length 1, with a prototype of each class where the loss wants one."""
        from pellucid.nn.cosine_head import CosineHead

        assert signature.target is not None
        classes = len(signature.target.classes) if self._pair_loss.prototypes else 0
        return CosineHead(form.width, self.width, classes)

    def losses(self, output: torch.Tensor, batch: Batch) -> Loss:
        """The loss of each example: against the prototypes in training, against the other examples at evaluation."""
        from pellucid.losses.embedding import with_means

        assert batch.target is not None and batch.mixed is None
        loss, embedding_BD = self._pair_loss, output[:, : self.width]
        if not loss.prototypes:
            return loss.per_example(embedding_BD, batch.target)
        if output.shape[1] != self.width + 1:
            return loss.per_example(output[:, self.width :], batch.target)
        cosine_BK, code_B, weight_B = with_means(embedding_BD, batch.target)
        return Loss(loss.per_example(cosine_BK, code_B).value_B * weight_B, weight_B)

    def decode(self, output: torch.Tensor, signature: Signature, scale: Scale | None) -> Prediction:
        """The embeddings, and the threshold once it is fixed."""
        import torch

        from pellucid.metrics.metric import Prediction

        output = output.detach().to("cpu", torch.float64)
        threshold = float(output[0, -1]) if len(output) else torch.inf
        return Prediction(embedding_ND=output[:, : self.width], threshold=threshold if threshold <= 1 else None)

    def settle(self, head: nn.Module, output: torch.Tensor, valid: Batch) -> None:
        """Fixes the threshold on the pairs of the validation part; without both kinds of pair there is none."""
        from pellucid.metrics.verification import midway, pairs
        from pellucid.nn.cosine_head import CosineHead

        assert valid.target is not None
        threshold = midway(pairs(output[:, : self.width].detach().cpu(), valid.target.cpu()))
        for module in head.modules():
            if isinstance(module, CosineHead) and threshold is not None:
                module.threshold.fill_(threshold)

    @property
    def _pair_loss(self) -> PairLoss:
        assert isinstance(self.loss, PairLoss)
        return self.loss
