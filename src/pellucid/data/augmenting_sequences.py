"""Augmentations of sequences of tokens."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from annotated_types import Ge, Lt

from pellucid.data.augment import Augment
from pellucid.data.batch import Batch
from pellucid.errors import DataError, Place
from pellucid.forms import PADDING, Paired, Tokens

if TYPE_CHECKING:
    import torch

    from pellucid.seeds import Draw


class TokenDropout(Augment):
    """Hides some tokens as unknown ones, so that no single word decides and unknown ones are met in training.

    Of a pair, the tokens of the source: what is to be written stays whole.
    """

    kind: Literal["token_dropout"] = "token_dropout"
    forms: ClassVar = frozenset({"sequence"})
    never: ClassVar = frozenset({"future"})
    reference: ClassVar = "Iyyer et al. 2015, doi:10.3115/v1/P15-1162; Bowman et al. 2016, arXiv:1511.06349, section 3"
    share: Annotated[float, Ge(0), Lt(1)] = 0.1
    """Probability with which each token is hidden."""

    def apply(self, batch: Batch, draw: Draw, black_C: torch.Tensor | None) -> Batch:
        """Each token is drawn for by itself; padding stays padding. Raises: DataError where there are no tokens."""
        from pellucid.data.vocabulary import UNKNOWN

        signal = batch.input
        source = signal.source if isinstance(signal, Paired) else signal
        if not isinstance(source, Tokens):
            raise DataError("DATA-AUGMENT", "token_dropout needs text", place=Place(path="data.augment"))
        hidden_BT = (draw.uniform(tuple(source.code_BT.shape)) < self.share) & (source.code_BT != PADDING)
        hidden = Tokens(source.code_BT.masked_fill(hidden_BT, UNKNOWN))
        return replace(batch, input=signal._replace(source=hidden) if isinstance(signal, Paired) else hidden)
