"""Embedding: vectors of words that occur among the same words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from annotated_types import Ge, Le

from pellucid.data.signature import Signature, Target
from pellucid.errors import Place, RecipeError
from pellucid.forms import UNJUDGED_STEP, Form, Tokens
from pellucid.losses.loss import Loss
from pellucid.tasks.task import Choice, Task

if TYPE_CHECKING:
    import torch
    from torch import nn

    from pellucid.data.batch import Batch, Scale
    from pellucid.metrics.metric import Prediction


class Embedding(Task):
    """Which tokens stand around each token, told from that token alone (skip-gram); the intake's vectors are the aim.

    The softmax is over the whole vocabulary, which at some thousands of words is as quick as drawing negatives, and
    exact. `model: {kind: mlp, widths: []}` is the model of the paper: one vector for a word, another for a neighbour.
    """

    kind: Literal["embedding"] = "embedding"
    wants: ClassVar = "sequence"
    targets: ClassVar = frozenset({"next"})
    answers: ClassVar = "neighbours"
    reference: ClassVar = "Mikolov et al. 2013, arXiv:1301.3781, arXiv:1310.4546"

    context: Annotated[int, Ge(1), Le(50)] = 5
    """Tokens on each side that count as neighbours."""

    def loss_for(self, target: Target) -> Choice:
        """Skip-gram."""
        return Choice("skip_gram", "the likelihood of the words around a word", "arXiv:1301.3781")

    def metrics_for(self, target: Target) -> Choice:
        """The perplexity of the tokens around."""
        return Choice(("neighbour_perplexity",), "what the loss says, as a number of words", "arXiv:1310.4546")

    def outputs(self, signature: Signature) -> int:
        """One unit for each token of the vocabulary."""
        from pellucid.data.vocabulary import vocabulary

        return vocabulary(signature, "input").size

    def head(self, form: Form, signature: Signature) -> nn.Module:
        """Linear from x_BTD to logits_BTC; its weights are the vectors of the neighbours.

        Raises: RecipeError for a family that reads the tokens before, which are neighbours.
        """
        from torch import nn

        if form.kind == "sequence":
            message = "embedding tells the words around a word from that word alone, and this family reads others too"
            hint = "model: {kind: mlp, widths: []} has a vector for each word"
            raise RecipeError("RECIPE-FIT", message, place=Place(path="model.kind"), hint=hint)
        return nn.Linear(form.width, self.outputs(signature))

    def losses(self, output: torch.Tensor, batch: Batch) -> Loss:
        """The sum over the neighbours of all tokens of each row, and their count."""
        assert self.loss is not None
        return self.loss.per_example(output.float(), self._around(batch))

    def keep(self, output: torch.Tensor, batch: Batch) -> torch.Tensor:
        """kept_BT2, float32: the sum of the logs of the probabilities of the neighbours, and how many they are."""
        import torch

        from pellucid.losses.sequence import around

        around_BTN = self._around(batch)
        log_BT, count_BT = around(output.float(), around_BTN).sum(2), (around_BTN != UNJUDGED_STEP).sum(2)
        return torch.stack([log_BT, count_BT.to(log_BT.dtype)], 2)

    def decode(self, output: torch.Tensor, signature: Signature, scale: Scale | None) -> Prediction:
        """The likelihoods of the neighbours."""
        from pellucid.metrics.metric import Prediction

        return Prediction(likelihood_NT2=output.detach().cpu())

    def _around(self, batch: Batch) -> torch.Tensor:
        """around_BTN, N = 2 context: the tokens left and right of each that is judged; -1 where there is no text."""
        import torch
        from torch.nn import functional as F

        from pellucid.data.vocabulary import FIRST

        assert isinstance(batch.input, Tokens)
        code_BT = batch.input.code_BT
        text_BT = torch.where(code_BT >= FIRST, code_BT, UNJUDGED_STEP)
        wide_BTN = F.pad(text_BT, (self.context, self.context), value=UNJUDGED_STEP).unfold(1, 2 * self.context + 1, 1)
        around_BTN = torch.cat([wide_BTN[:, :, : self.context], wide_BTN[:, :, self.context + 1 :]], 2)
        judged_BT = text_BT != UNJUDGED_STEP
        if batch.target is not None:  # the last window of a text repeats tokens of the one before, which judges them
            judged_BT = judged_BT & (batch.target != UNJUDGED_STEP)
        return around_BTN.masked_fill(~judged_BT.unsqueeze(2), UNJUDGED_STEP)
