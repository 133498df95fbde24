"""Translation: a sequence of tokens is read, then another one is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from annotated_types import Ge, Le

from pellucid.data.signature import Signature, Target
from pellucid.forms import Form, Paired
from pellucid.losses.loss import Loss
from pellucid.tasks.task import Choice, Task

if TYPE_CHECKING:
    import torch
    from torch import nn

    from pellucid.data.batch import Batch, Scale
    from pellucid.metrics.metric import Prediction


class Translation(Task):
    """Writes one sentence after reading another (Sutskever et al. 2014, arXiv:1409.3215).

    In training each token is told from the true ones before it (teacher forcing). While training goes on it is judged
    the same way; in the end, on new data and in the report by what it writes by itself, with a beam search.
    """

    kind: Literal["translation"] = "translation"
    wants: ClassVar = "sequence"
    targets: ClassVar = frozenset({"sentence"})
    answers: ClassVar = "sentence"
    reference: ClassVar = "Sutskever et al. 2014, arXiv:1409.3215; Wu et al. 2016, arXiv:1609.08144"
    writes: ClassVar[int] = 300

    beam: Annotated[int, Ge(1), Le(64)] = 4
    """Beginnings that are kept while a sentence is written; 1 takes the most probable token each time."""
    length_penalty: Annotated[float, Ge(0), Le(2)] = 0.6
    """How much longer sentences are favoured, each token of which makes a sentence less probable; 0: not at all."""

    def loss_for(self, target: Target) -> Choice:
        """Cross-entropy."""
        return Choice("cross_entropy", "the likelihood of the sentence", "Sutskever et al. 2014, arXiv:1409.3215")

    def metrics_for(self, target: Target) -> Choice:
        """Token accuracy first: it needs no writing, so it can be had while training goes on."""
        scores = ("token_accuracy", "bleu", "chrf", "exact_match")
        return Choice(scores, "the customary scores for translations", "Post 2018, arXiv:1804.08771")

    def outputs(self, signature: Signature) -> int:
        """One unit for each token of the vocabulary that is written in."""
        from pellucid.data.vocabulary import vocabulary

        return vocabulary(signature, "target").size

    def head(self, form: Form, signature: Signature) -> nn.Module:
        """Linear from x_BUD to logits_BUC."""
        from torch import nn

        return nn.Linear(form.width, self.outputs(signature))

    def losses(self, output: torch.Tensor, batch: Batch) -> Loss:
        """The sum over the tokens of each sentence, and their count."""
        assert self.loss is not None and batch.target is not None and batch.mixed is None
        return self.loss.per_example(output.float(), batch.target)

    def keep(self, output: torch.Tensor, batch: Batch) -> torch.Tensor:
        """code_BU: the most probable token after the true ones before it."""
        return output.argmax(2)

    def write(self, network: nn.Module, batch: Batch, signature: Signature) -> torch.Tensor:
        """code_BU: what the network writes by itself after reading each source."""
        from pellucid.tasks.writing import beam

        assert isinstance(batch.input, Paired)
        return beam(network, batch.input.source, width=self.beam, penalty=self.length_penalty)

    def decode(self, output: torch.Tensor, signature: Signature, scale: Scale | None) -> Prediction:
        """label_NU of tokens, and what spells them."""
        from pellucid.data.vocabulary import vocabulary
        from pellucid.metrics.metric import Prediction
        from pellucid.tasks.writing import sentence

        known = vocabulary(signature, "target")

        def spell(code_NU: torch.Tensor) -> list[str]:
            return [known.decode(sentence(code_U)) for code_U in code_NU.tolist()]

        return Prediction(label=output.detach().cpu(), spell=spell)
