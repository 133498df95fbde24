"""The Transformer: every position looks at the others through attention."""

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
    from pellucid.nn.transformer import Block, EncoderDecoder, TransformerTrunk


class Transformer(Family):
    """Layers of attention and feed-forward; causal where what follows each position is asked.

    Of a pair of sequences one is read by an encoder, and the other by a decoder that looks back at it.
    """

    kind: Literal["transformer"] = "transformer"
    accepts: ClassVar = frozenset({"sequence"})
    gives: ClassVar = frozenset({"sequence"})
    continues: ClassVar = True
    reference: ClassVar = "Vaswani et al. 2017, arXiv:1706.03762"

    width: Annotated[int, Ge(1)] = 128
    """Numbers at each position."""
    depth: Annotated[int, Ge(1)] = 4
    """Layers; of a pair, as many for each sequence."""
    heads: Annotated[int, Ge(1)] = 4
    """Ways in which each layer looks at the other positions."""
    groups: Annotated[int, Ge(1)] | None = None
    """Keys and values that heads share (Ainslie et al. 2023, arXiv:2305.13245); none given: each has its own."""
    feed_forward: Annotated[int, Ge(1)] | None = None
    """Units between the two layers of feed-forward; none given: 4 times the width."""
    activation: Activation = GELU()
    """The function of those units."""
    norm: Literal["pre", "post"] = "pre"
    """Whether each layer normalises what it reads, which trains without warmup, or what it gives, as published."""
    positions: Literal["learned", "sinusoidal", "rotary", "none"] = "rotary"
    """How a layer knows where things stand; learned ones end at the longest sequence of the data."""
    dropout: Annotated[float, Ge(0), Lt(1)] = 0.1
    """Share of numbers set to 0 in each training step: of what comes in, of what each layer adds, and inside it."""
    pool: Literal["mean", "max", "last", "attention"] = "mean"
    """How a sequence becomes a vector."""
    init: Initializer | None = None
    """Initial weights; none given: Xavier."""

    def build(self, form: Form) -> TransformerTrunk | EncoderDecoder:
        """Steps(x_BTI, mask_BT) -> Steps(x_BTD, mask_BT); of a pair, over the positions of the second.

        Raises: RecipeError where width, heads and groups do not divide one another.
        """
        from pellucid.nn.transformer import EncoderDecoder

        self._refuse()
        if form.context is None:
            return self._trunk(form, cross=False)
        encoder = self._trunk(replace(form, context=None), cross=False)
        return EncoderDecoder(encoder, self._trunk(form.context, cross=True))

    def start(self) -> tuple[Initializer, float]:
        """The initialiser, whatever the activation: what is added to the input need not keep its size."""
        return self.init or Xavier(), 1.0

    def embedding(self) -> int:
        """As wide as a layer."""
        return self.width

    def pools(self) -> str:
        """What `pool` says."""
        return self.pool

    def _trunk(self, form: Form, *, cross: bool) -> TransformerTrunk:
        from torch import nn

        from pellucid.nn.transformer import Entrance, TransformerTrunk

        entrance = Entrance(form, self.width, self.positions, self.dropout)
        norm = nn.LayerNorm(self.width) if self.norm == "pre" else nn.Identity()
        blocks = [self._block(cross) for _ in range(self.depth)]
        return TransformerTrunk(entrance, blocks, norm, replace(form, width=self.width))

    def _block(self, cross: bool) -> Block:
        from pellucid.nn.attention import CrossAttention, SelfAttention
        from pellucid.nn.transformer import Block, FeedForward

        groups = self.groups or self.heads
        return Block(
            SelfAttention(self.width, self.heads, groups),
            CrossAttention(self.width, self.heads, groups) if cross else None,
            FeedForward(self.width, self.feed_forward or 4 * self.width, self.activation.build(), self.dropout),
            pre=self.norm == "pre",
            dropout=self.dropout,
        )

    def _refuse(self) -> None:
        groups = self.groups or self.heads
        if self.width % self.heads:
            message = f"a width of {self.width} cannot be shared out evenly among {self.heads} heads"
            raise RecipeError("RECIPE-VALUE", message, place=Place(path="model.heads"), hint=_divisors(self.width))
        if self.heads % groups:
            message = f"{self.heads} heads cannot share {groups} keys and values evenly"
            raise RecipeError("RECIPE-VALUE", message, place=Place(path="model.groups"), hint=_divisors(self.heads))
        if self.positions == "rotary" and self.width // self.heads % 2:
            message = f"rotary positions turn pairs of numbers, and a head has {self.width // self.heads}"
            hint = "an even width for each head, or positions: sinusoidal"
            raise RecipeError("RECIPE-FIT", message, place=Place(path="model.positions"), hint=hint)


def _divisors(whole: int) -> str:
    return "one of: " + ", ".join(str(part) for part in range(1, whole + 1) if whole % part == 0)
