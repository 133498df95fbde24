"""Language modelling: which token follows each position, from those before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pellucid.data.signature import Signature, Target
from pellucid.forms import UNJUDGED_STEP, Form
from pellucid.losses.loss import Loss
from pellucid.tasks.task import Choice, Task

if TYPE_CHECKING:
    import torch
    from torch import nn

    from pellucid.data.batch import Batch, Scale
    from pellucid.metrics.metric import Prediction


class Language(Task):
    """How probable each token is after those before it (Bengio et al. 2003, JMLR 3); what it learns can write."""

    kind: Literal["language"] = "language"
    wants: ClassVar = "sequence"
    targets: ClassVar = frozenset({"next"})
    answers: ClassVar = "next"

    def loss_for(self, target: Target) -> Choice:
        """Cross-entropy."""
        return Choice("cross_entropy", "the likelihood of the text", "Bengio et al. 2003, JMLR 3")

    def metrics_for(self, target: Target) -> Choice:
        """Bits per character first: it compares models whatever their tokens are."""
        scores = ("bits_per_character", "perplexity", "token_accuracy")
        return Choice(scores, "the customary scores for language models", "Graves 2013, arXiv:1308.0850")

    def outputs(self, signature: Signature) -> int:
        """One unit for each token of the vocabulary."""
        from pellucid.data.vocabulary import vocabulary

        return vocabulary(signature, "input").size

    def head(self, form: Form, signature: Signature) -> nn.Module:
        """Linear from x_BTD to logits_BTC."""
        from torch import nn

        return nn.Linear(form.width, self.outputs(signature))

    def losses(self, output: torch.Tensor, batch: Batch) -> Loss:
        """The sum over the judged tokens of each row, and their count."""
        assert self.loss is not None and batch.target is not None and batch.mixed is None
        return self.loss.per_example(output.float(), batch.target)

    def keep(self, output: torch.Tensor, batch: Batch) -> torch.Tensor:
        """kept_BT2, float32: the log of the probability of the true token, and whether it was the most probable."""
        import torch

        from pellucid.losses.sequence import around

        if batch.target is None:
            return output.new_zeros(*output.shape[:2], 2)
        log_BT1 = around(output.float(), batch.target.unsqueeze(2))
        right_BT = (output.argmax(2) == batch.target) & (batch.target != UNJUDGED_STEP)
        return torch.cat([log_BT1, right_BT.unsqueeze(2)], 2)

    def decode(self, output: torch.Tensor, signature: Signature, scale: Scale | None) -> Prediction:
        """The likelihoods, and what each token is worth in characters."""
        from pellucid.data.vocabulary import vocabulary
        from pellucid.metrics.metric import Prediction

        characters = vocabulary(signature, "input").characters
        return Prediction(likelihood_NT2=output.detach().cpu(), characters=characters)
