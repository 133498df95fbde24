"""The Transformer: an encoder, a causal decoder, or both, as the data asks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from annotated_types import Ge, Lt

from pellucid.errors import Place, RecipeError
from pellucid.families.family import Family
from pellucid.forms import Form
from pellucid.nn.activation_parts import GELU, Activation
from pellucid.nn.init_parts import Initializer, Xavier

if TYPE_CHECKING:
    from torch import nn

    from pellucid.nn.transformer import EncoderDecoder, Sizes, Stack, TransformerTrunk


class Transformer(Family):
    """Attention and feed-forward layers over sequences (Vaswani et al. 2017, arXiv:1706.03762).

    It reads as an encoder; where what follows each position is asked it is a causal decoder; where one sequence
    continues another, an encoder and a decoder.
    """

    kind: Literal["transformer"] = "transformer"
    accepts: ClassVar = frozenset({"sequence"})
    gives: ClassVar = frozenset({"sequence"})
    continues: ClassVar = True

    width: Annotated[int, Ge(2)] = 128
    """Features at each position."""
    depth: Annotated[int, Ge(1)] = 4
    """Blocks, of the encoder and of the decoder each."""
    heads: Annotated[int, Ge(1)] = 4
    """Heads of attention, which share the width."""
    groups: Annotated[int, Ge(1)] | None = None
    """Keys and values that the heads share; none given: each head has its own (Ainslie et al. 2023)."""
    feed_forward: Annotated[int, Ge(1)] | None = None
    """Units of the feed-forward layers; none given: four times the width."""
    activation: Activation = GELU()
    """The function between the feed-forward layers."""
    norm: Literal["pre", "post"] = "pre"
    """Whether layers are normalised before they run, which trains without warm-up, or after their sum, as published."""
    positions: Literal["rotary", "sinusoidal", "learned", "none"] = "rotary"
    """How it knows where things stand; with none it is blind to their order."""
    dropout: Annotated[float, Ge(0), Lt(1)] = 0.1
    """Share of numbers set to 0 in each training step: of the inputs, of each layer's outputs, of the hidden units."""
    pool: Literal["mean", "max", "last", "attention"] = "mean"
    """How a sequence becomes a vector."""
    init: Initializer | None = None
    """Initial weights; none given: Xavier."""

    def build(self, form: Form) -> TransformerTrunk | EncoderDecoder:
        """Steps(x_BTI, mask_BT) -> Steps(x_BTD, mask_BT); of a pair, over the positions of the second.

        Raises: RecipeError where heads do not share the width evenly, or groups the heads.
        """
        from pellucid.nn.transformer import EncoderDecoder, TransformerTrunk

        sizes = self._sizes()
        context = form.context
        if context is None:
            return TransformerTrunk(self._stack(form, sizes), replace(form, width=self.width))
        encoder, decoder = self._stack(form, sizes), self._stack(context, sizes, crosses=True)
        return EncoderDecoder(encoder, decoder, replace(context, width=self.width))

    def start(self) -> tuple[Initializer, float]:
        """The initialiser; the sums of the blocks keep their size by normalisation."""
        return self.init or Xavier(), 1.0

    def embedding(self) -> int:
        """As wide as a block."""
        return self.width

    def pools(self) -> str:
        """As `pool` says."""
        return self.pool

    def _sizes(self) -> Sizes:
        from pellucid.nn.transformer import Sizes

        groups = self.groups or self.heads
        if self.width % self.heads:
            fitting = [heads for heads in range(1, self.width + 1) if self.width % heads == 0]
            near = min(fitting, key=lambda heads: abs(heads - self.heads))
            message = f"{self.heads} heads cannot share {self.width} features evenly"
            raise RecipeError("RECIPE-FIT", message, place=Place(path="model.heads"), hint=f"model.heads: {near}")
        if self.heads % groups:
            message = f"{groups} groups cannot share {self.heads} heads evenly"
            raise RecipeError("RECIPE-FIT", message, place=Place(path="model.groups"), hint="model.groups: 1")
        if self.positions == "rotary" and self.width // self.heads % 2:
            message = f"rotary positions turn pairs of features, and a head has {self.width // self.heads}"
            hint = "an even number of features a head, or model.positions: sinusoidal"
            raise RecipeError("RECIPE-FIT", message, place=Place(path="model.positions"), hint=hint)
        hidden = self.feed_forward or 4 * self.width
        return Sizes(self.width, self.heads, groups, hidden, self.norm, self.dropout, self.activation.build)

    def _stack(self, form: Form, sizes: Sizes, *, crosses: bool = False) -> Stack:
        from pellucid.nn.transformer import Block, Stack

        blocks = [Block(sizes, crosses=crosses) for _ in range(self.depth)]
        return Stack(blocks, form, sizes, self._positions(form.extent[0]))

    def _positions(self, longest: int) -> nn.Module | None:
        from pellucid.nn import positions

        if self.positions == "rotary":
            return positions.Rotary(self.width // self.heads, longest)
        if self.positions == "sinusoidal":
            return positions.Sinusoidal(self.width, longest)
        return positions.Learned(self.width, longest) if self.positions == "learned" else None
