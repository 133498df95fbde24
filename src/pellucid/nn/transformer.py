"""The Transformer: blocks of attention and feed-forward layers over the positions of sequences."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, cast

import torch
from torch import nn

from pellucid.forms import Form, Paired, Steps
from pellucid.nn.attention import Attention, Cache
from pellucid.nn.noise import Dropout
from pellucid.nn.positions import Rotary
from pellucid.nn.sequence import Memory, SequenceTrunk

NormPlace = Literal["pre", "post"]


@dataclass(frozen=True)
class Sizes:
    """What all blocks of a Transformer have in common."""

    width: int
    heads: int
    groups: int
    hidden: int
    """Units of the feed-forward layers."""
    norm: NormPlace
    dropout: float
    activation: Callable[[], nn.Module]


@dataclass(frozen=True)
class Sight:
    """What the positions of one pass may look at, the same for every block."""

    causal: bool = False
    """Only at themselves and those before."""
    mask: torch.Tensor | None = None
    """bool, True where a position may be looked at, to be broadcast over BHTS."""
    turn_T1D: torch.Tensor | None = None


class FeedForward(nn.Module):
    """Two linear layers at each position by itself."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.widen = nn.Linear(sizes.width, sizes.hidden)
        self.activation = sizes.activation()
        self.dropout = Dropout(sizes.dropout)
        self.narrow = nn.Linear(sizes.hidden, sizes.width)

    def forward(self, x_BTD: torch.Tensor) -> torch.Tensor:
        """x_BTD -> x_BTD."""
        return self.narrow(self.dropout(self.activation(self.widen(x_BTD))))


class Block(nn.Module):
    """Attention, perhaps attention to another sequence, and feed-forward layers, each beside a residual connection.

    Layer normalisation stands before each of them or after its sum (Xiong et al. 2020, arXiv:2002.04745).
    """

    def __init__(self, sizes: Sizes, *, crosses: bool) -> None:
        super().__init__()
        self.pre = sizes.norm == "pre"
        self.attention = Attention(sizes.width, sizes.heads, sizes.groups)
        self.attention_norm = nn.LayerNorm(sizes.width)
        self.cross = Attention(sizes.width, sizes.heads, sizes.groups) if crosses else None
        self.cross_norm = nn.LayerNorm(sizes.width) if crosses else None
        self.feed_forward = FeedForward(sizes)
        self.feed_forward_norm = nn.LayerNorm(sizes.width)
        self.dropout = Dropout(sizes.dropout)

    def forward(
        self,
        x_BTD: torch.Tensor,
        sight: Sight,
        past: Cache | None = None,
        source: tuple[Cache, torch.Tensor | None] | None = None,
    ) -> tuple[torch.Tensor, Cache]:
        """x_BTD -> x_BTD, and the keys and values of all positions so far."""
        seen: list[Cache] = []

        def attend(x_BTD: torch.Tensor) -> torch.Tensor:
            cache = self.attention.looked_at(x_BTD, sight.turn_T1D)
            if past is not None:
                cache = torch.cat([past[0], cache[0]], 1), torch.cat([past[1], cache[1]], 1)
            seen.append(cache)
            return self.attention(x_BTD, cache, mask=sight.mask, causal=sight.causal, turn_T1D=sight.turn_T1D)

        x_BTD = self._beside(x_BTD, attend, self.attention_norm)
        if source is not None:
            cross, cache, mask = cast("Attention", self.cross), *source
            x_BTD = self._beside(x_BTD, lambda x: cross(x, cache, mask=mask), cast("nn.Module", self.cross_norm))
        return self._beside(x_BTD, self.feed_forward, self.feed_forward_norm), seen[0]

    def _beside(
        self, x_BTD: torch.Tensor, layer: Callable[[torch.Tensor], torch.Tensor], norm: nn.Module
    ) -> torch.Tensor:
        if self.pre:
            return x_BTD + self.dropout(layer(norm(x_BTD)))
        return norm(x_BTD + self.dropout(layer(x_BTD)))


class Stack(nn.Module):
    """Blocks over one another, with what brings inputs to their width and tells their positions."""

    def __init__(self, blocks: Iterable[Block], form: Form, sizes: Sizes, positions: nn.Module | None) -> None:
        super().__init__()
        self.project = nn.Linear(form.width, sizes.width) if form.width != sizes.width else nn.Identity()
        self.positions = positions
        self.dropout = Dropout(sizes.dropout)
        self.blocks = nn.ModuleList(blocks)
        self.norm = nn.LayerNorm(sizes.width) if sizes.norm == "pre" else nn.Identity()
        self.causal, self.even = form.causal, form.even

    def forward(self, steps: Steps, source: tuple[tuple[Cache, ...], torch.Tensor | None] | None = None) -> Steps:
        """Steps(x_BTI, mask_BT) -> Steps(x_BTD, mask_BT) in one pass."""
        # what only fills up stands behind everything else, so a causal position never sees it
        mask = None if self.even or self.causal else visible(steps.mask_BT)
        return self._through(steps, None, source, mask=mask, causal=self.causal)[0]

    def go_on(
        self,
        steps: Steps,
        past: tuple[Cache, ...],
        mask_BT: torch.Tensor,
        source: tuple[tuple[Cache, ...], torch.Tensor | None] | None,
    ) -> tuple[Steps, tuple[Cache, ...]]:
        """The outputs of further positions, and the keys and values of all so far; `mask_BT` is of all of them."""
        first, count = past[0][0].shape[1], steps.x_BTD.shape[1]
        mask = visible(mask_BT)
        if count > 1:
            order_TT = torch.ones(count, first + count, dtype=torch.bool, device=mask.device).tril(first)
            mask = mask & order_TT
        return self._through(steps, past, source, mask=mask, causal=False)

    def _through(
        self,
        steps: Steps,
        past: tuple[Cache, ...] | None,
        source: tuple[tuple[Cache, ...], torch.Tensor | None] | None,
        *,
        mask: torch.Tensor | None,
        causal: bool,
    ) -> tuple[Steps, tuple[Cache, ...]]:
        first = 0 if past is None else past[0][0].shape[1]
        x_BTD, turn_T1D = self.project(steps.x_BTD), None
        if isinstance(self.positions, Rotary):
            turn_T1D = self.positions.turns(first, x_BTD.shape[1])
        elif self.positions is not None:
            x_BTD = self.positions(x_BTD, first)
        x_BTD = self.dropout(x_BTD)
        sight, seen = Sight(causal, mask, turn_T1D), list[Cache]()
        for number, block in enumerate(self.blocks):
            look = None if source is None else (source[0][number], source[1])
            x_BTD, cache = block(x_BTD, sight, None if past is None else past[number], look)
            seen.append(cache)
        return Steps(self.norm(x_BTD), steps.mask_BT), tuple(seen)

    def empty(self, like: torch.Tensor, rows: int) -> tuple[Cache, ...]:
        """No keys and values yet."""
        blocks = cast("Iterable[Block]", self.blocks)
        shapes = [(rows, 0, block.attention.groups, block.attention.each) for block in blocks]
        return tuple((like.new_zeros(shape), like.new_zeros(shape)) for shape in shapes)


def visible(mask_BT: torch.Tensor) -> torch.Tensor:
    """mask_B11T for attention; a row without any position sees its first one, since a softmax needs something."""
    mask_BT = mask_BT.clone()
    mask_BT[:, 0] = True
    return mask_BT[:, None, None]


class TransformerTrunk(SequenceTrunk):
    """One stack: an encoder, or a decoder where its Form is causal."""

    def __init__(self, stack: Stack, out: Form) -> None:
        super().__init__([], out)
        self.stack = stack

    def forward(self, signal: Steps | Paired) -> Steps:
        """Steps(x_BTI, mask_BT) -> Steps(x_BTD, mask_BT)."""
        assert isinstance(signal, Steps)
        return self.stack(signal)

    def begin(self, source: Steps | None, rows: int) -> Memory:
        """No keys and values yet, and no position."""
        like = next(self.parameters())
        return self.stack.empty(like, rows), like.new_zeros((rows, 0), dtype=torch.bool)

    def proceed(self, steps: Steps, memory: Memory) -> tuple[Steps, Memory]:
        """The outputs of further positions, and all keys and values so far.

        Raises: RuntimeError for an encoder, which needs all positions at once.
        """
        if not self.stack.causal:
            raise RuntimeError("an encoder sees all positions at once and cannot go on from some of them")
        past, mask_BT = cast("tuple[tuple[Cache, ...], torch.Tensor]", memory)
        mask_BT = torch.cat([mask_BT, steps.mask_BT], 1)
        steps, past = self.stack.go_on(steps, past, mask_BT, None)
        return steps, (past, mask_BT)


class EncoderDecoder(SequenceTrunk):
    """A stack that reads, and one that looks at what was read while it goes through the sequence that follows."""

    def __init__(self, encoder: Stack, decoder: Stack, out: Form) -> None:
        super().__init__([], out)
        self.encoder = encoder
        self.decoder = decoder

    def forward(self, signal: Steps | Paired) -> Steps:
        """Paired(Steps(x_BSI, mask_BS), Steps(x_BTI, mask_BT)) -> Steps(x_BTD, mask_BT)."""
        assert isinstance(signal, Paired) and isinstance(signal.source, Steps) and isinstance(signal.context, Steps)
        caches, mask = self._read(signal.source)
        return self.decoder(signal.context, (caches, mask))

    def begin(self, source: Steps | None, rows: int) -> Memory:
        """Keys and values of what was read, and none yet of what is written."""
        assert source is not None
        caches, _ = self._read(source)
        like = source.x_BTD
        return self.decoder.empty(like, rows), like.new_zeros((rows, 0), dtype=torch.bool), caches, source.mask_BT

    def proceed(self, steps: Steps, memory: Memory) -> tuple[Steps, Memory]:
        """The outputs of further positions of the second sequence, and the memory then."""
        past, mask_BT, caches, source_BS = cast(
            "tuple[tuple[Cache, ...], torch.Tensor, tuple[Cache, ...], torch.Tensor]", memory
        )
        mask_BT = torch.cat([mask_BT, steps.mask_BT], 1)
        steps, past = self.decoder.go_on(steps, past, mask_BT, (caches, visible(source_BS)))
        return steps, (past, mask_BT, caches, source_BS)

    def _read(self, source: Steps) -> tuple[tuple[Cache, ...], torch.Tensor | None]:
        read = self.encoder(source)
        caches = tuple(block.cross.looked_at(read.x_BTD) for block in self.decoder.blocks)  # type: ignore[union-attr]
        return caches, None if self.encoder.even else visible(source.mask_BT)
