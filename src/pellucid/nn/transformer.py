"""The Transformer: layers of attention and feed-forward over a sequence, alone or continuing another one.

Shape legend beside that of `forms`: L layers; H, G, J, K, S, C as in `nn.attention`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import cast

import torch
from torch import nn
from torch.nn import functional as F

from pellucid.errors import Place, RecipeError
from pellucid.forms import Form, Paired, Steps
from pellucid.nn.attention import CrossAttention, SelfAttention, Sight, existing
from pellucid.nn.noise import Dropout
from pellucid.nn.positions import sinusoids, turns
from pellucid.nn.sequence import Memory, SequenceTrunk

ROOM = 64
"""Positions that a memory has room for at first; it doubles whenever it is full."""


class FeedForward(nn.Module):
    """The same two layers at each position: linear -> activation -> dropout -> linear."""

    def __init__(self, width: int, wider: int, activation: nn.Module, dropout: float) -> None:
        super().__init__()
        self.widen = nn.Linear(width, wider)
        self.activation = activation
        self.dropout = Dropout(dropout)
        self.narrow = nn.Linear(wider, width)

    def forward(self, x_BTD: torch.Tensor) -> torch.Tensor:
        """x_BTD -> x_BTD."""
        return self.narrow(self.dropout(self.activation(self.widen(x_BTD))))


class Block(nn.Module):
    """Attention, a look at the other sequence where there is one, and feed-forward, each added to its input.

    The norm stands before each of them (`pre`: Xiong et al. 2020, arXiv:2002.04745) or behind the sum.
    """

    def __init__(
        self,
        attention: SelfAttention,
        cross: CrossAttention | None,
        feed_forward: FeedForward,
        *,
        pre: bool,
        dropout: float,
    ) -> None:
        super().__init__()
        width = attention.outward.out_features
        self.pre = pre
        self.attention = attention
        self.attention_norm = nn.LayerNorm(width)
        self.cross = cross
        self.cross_norm = None if cross is None else nn.LayerNorm(width)
        self.feed_forward = feed_forward
        self.feed_forward_norm = nn.LayerNorm(width)
        self.dropout = Dropout(dropout)

    def forward(
        self,
        x_BTD: torch.Tensor,
        sight: Sight,
        past_BJCK: torch.Tensor | None,
        seen_BJSK: torch.Tensor | None,
        source_mask: torch.Tensor | None,
    ) -> torch.Tensor:
        """x_BTD -> x_BTD."""
        x_BTD = self._added(x_BTD, self.attention_norm, lambda y_BTD: self.attention(y_BTD, sight, past_BJCK))
        cross = self.cross
        if cross is not None and self.cross_norm is not None:
            x_BTD = self._added(x_BTD, self.cross_norm, lambda y_BTD: cross(y_BTD, seen_BJSK, source_mask))
        return self._added(x_BTD, self.feed_forward_norm, self.feed_forward)

    def _added(
        self, x_BTD: torch.Tensor, norm: nn.LayerNorm, layer: Callable[[torch.Tensor], torch.Tensor]
    ) -> torch.Tensor:
        if self.pre:
            return x_BTD + self.dropout(layer(norm(x_BTD)))
        return norm(x_BTD + self.dropout(layer(x_BTD)))


class Entrance(nn.Module):
    """Brings a sequence to the width of the layers and to about the size 1, and adds where each position is.

    A learnt vector begins with numbers of size D ** -0.5 and is multiplied by D ** 0.5 (Vaswani et al. 2017, section
    3.4); a linear map that begins as Xavier's is given back what that takes from inputs of size 1.
    """

    def __init__(self, form: Form, width: int, positions: str, dropout: float) -> None:
        super().__init__()
        self.width = width
        self.positions = positions
        self.project = nn.Linear(form.width, width) if form.width != width else None
        self.scale = width**0.5 if self.project is None else ((form.width + width) / (2 * form.width)) ** 0.5
        self.place = nn.Embedding(form.extent[0], width) if positions == "learned" else None
        self.dropout = Dropout(dropout)

    def forward(self, x_BTI: torch.Tensor, position: torch.Tensor, end: int) -> torch.Tensor:
        """x_BTI at position_T or position_BT, all of them before `end` -> x_BTD.

        Raises: RecipeError where learned positions do not reach that far.
        """
        x_BTD = (x_BTI if self.project is None else self.project(x_BTI)) * self.scale
        if self.positions == "sinusoidal":
            x_BTD = x_BTD + sinusoids(position, self.width, torch.promote_types(x_BTI.dtype, torch.float32))
        if self.place is not None:
            if end > self.place.num_embeddings:
                message = f"learned positions end at {self.place.num_embeddings}, and this sequence has {end}"
                hint = "rotary, sinusoidal and none have no end"
                raise RecipeError("RECIPE-FIT", message, place=Place(path="model.positions"), hint=hint)
            x_BTD = x_BTD + self.place(position) * self.width**0.5
        return self.dropout(x_BTD)


class TransformerTrunk(SequenceTrunk):
    """Layers over one sequence, causal where its Form is; `EncoderDecoder` is made of two of them."""

    def __init__(self, entrance: Entrance, blocks: list[Block], norm: nn.Module, out: Form) -> None:
        super().__init__(list(blocks), out)
        self.entrance = entrance
        self.norm = norm

    def forward(self, signal: Steps | Paired) -> Steps:
        """Steps(x_BTI, mask_BT) -> Steps(x_BTD, mask_BT)."""
        assert isinstance(signal, Steps)
        return self.read(signal)

    def read(self, steps: Steps, source: Steps | None = None, *, source_even: bool = True) -> Steps:
        """The outputs of a whole sequence, whose layers look at `source` too where there is one."""
        length = steps.x_BTD.shape[1]
        position_T = torch.arange(length, device=steps.x_BTD.device)
        # padding stands at the end, so that nothing causal ever sees it
        mask = None if self.out.even or self.out.causal else existing(steps.mask_BT)
        sight = Sight(mask, self.out.causal, self._turn(position_T, steps.x_BTD.dtype))
        x_BTD = self.entrance(steps.x_BTD, position_T, length)
        source_mask = None if source is None or source_even else existing(source.mask_BT)
        for block in self.layers():
            seen = None if source is None or block.cross is None else block.cross.look(source.x_BTD)
            x_BTD = block(x_BTD, sight, None, seen, source_mask)
        return Steps(self.norm(x_BTD), steps.mask_BT)

    @torch.no_grad()
    def begin(self, source: Steps | None, rows: int) -> Memory:
        """(positions so far_B, keys and values of them past_BLJCK)."""
        assert source is None
        attention = next(self.layers()).attention
        weight = attention.inward.weight
        shape = (rows, len(self.blocks), 2 * attention.groups, 0, attention.head)
        return torch.zeros(rows, dtype=torch.int64, device=weight.device), weight.new_zeros(shape)

    def proceed(self, steps: Steps, memory: Memory) -> tuple[Steps, Memory]:
        """The outputs of further positions; `memory` is written into, so that it is used up. No gradient flows.

        Raises: RuntimeError where outputs may depend on what follows.
        """
        return self.further(steps, memory)

    @torch.no_grad()
    def further(
        self,
        steps: Steps,
        memory: Memory,
        seen_BLJSK: torch.Tensor | None = None,
        source_mask: torch.Tensor | None = None,
    ) -> tuple[Steps, Memory]:
        """`proceed`, with what was seen of another sequence."""
        if not self.out.causal:
            raise RuntimeError("a network that may look at what follows needs the whole sequence")
        before_B, past = cast("tuple[torch.Tensor, torch.Tensor]", memory)
        sight, position, end = self._onward(steps, before_B)
        past = _room(past, end)
        x_BTD = self.entrance(steps.x_BTD, position, end)
        seen = [None] * len(self.blocks) if seen_BLJSK is None else seen_BLJSK.unbind(1)
        for block, past_BJCK, seen_BJSK in zip(self.layers(), past.unbind(1), seen, strict=True):
            x_BTD = block(x_BTD, sight, past_BJCK, seen_BJSK, source_mask)
        return Steps(self.norm(x_BTD), steps.mask_BT), (before_B + steps.mask_BT.sum(1), past)

    def layers(self) -> Iterator[Block]:
        """The blocks, as what they are."""
        return (cast("Block", block) for block in self.blocks)

    def _onward(self, steps: Steps, before_B: torch.Tensor) -> tuple[Sight, torch.Tensor, int]:
        """What positions behind the remembered ones see, which they are, and where the last of them ends.

        A padded position is written too, and written over by the next one of its row before anything sees it.
        """
        length, device = steps.x_BTD.shape[1], steps.x_BTD.device
        starts = before_B.tolist()
        start = max(starts, default=0)
        end, position = start + length, torch.arange(start, start + length, device=device)
        slot_BT = None
        if min(starts, default=0) < start:
            position = slot_BT = before_B[:, None] + torch.arange(length, device=device)
        mask = None
        if slot_BT is not None or (start and length > 1):
            mask = (torch.arange(end, device=device) <= position.unsqueeze(-1)).unsqueeze(-3)
        turn = self._turn(position, steps.x_BTD.dtype)
        return Sight(mask, mask is None and length > 1, turn, start, slot_BT), position, end

    def _turn(self, position: torch.Tensor, dtype: torch.dtype) -> torch.Tensor | None:
        if self.entrance.positions != "rotary":
            return None
        return turns(position, next(self.layers()).attention.head, torch.promote_types(dtype, torch.float32))


def _room(past_BLJCK: torch.Tensor, end: int) -> torch.Tensor:
    """The memory with room for `end` positions."""
    room = past_BLJCK.shape[3]
    if end <= room:
        return past_BLJCK
    return F.pad(past_BLJCK, (0, 0, 0, max(end, 2 * room, ROOM) - room))


class EncoderDecoder(SequenceTrunk):
    """Reads one sequence, and gives outputs for one that continues it and looks back at it in every layer."""

    def __init__(self, encoder: TransformerTrunk, decoder: TransformerTrunk) -> None:
        super().__init__([], decoder.out)
        self.encoder = encoder
        self.decoder = decoder

    def forward(self, signal: Steps | Paired) -> Steps:
        """Paired(Steps, Steps) -> Steps over the positions of the second."""
        assert isinstance(signal, Paired) and isinstance(signal.source, Steps) and isinstance(signal.context, Steps)
        source = self.encoder.read(signal.source)
        return self.decoder.read(signal.context, source, source_even=self.encoder.out.even)

    @torch.no_grad()
    def begin(self, source: Steps | None, rows: int) -> Memory:
        """(memory of the decoder, what its layers see of the source seen_BLJSK, mask_BS)."""
        assert source is not None
        read = self.encoder.read(source)
        seen = [block.cross.look(read.x_BTD) for block in self.decoder.layers() if block.cross is not None]
        return self.decoder.begin(None, rows), torch.stack(seen, 1), source.mask_BT

    def proceed(self, steps: Steps, memory: Memory) -> tuple[Steps, Memory]:
        """The outputs of further positions; as that of the decoder alone.

        Raises: RuntimeError where outputs may depend on what follows.
        """
        written, seen, mask_BS = cast("tuple[Memory, torch.Tensor, torch.Tensor]", memory)
        source_mask = None if self.encoder.out.even else existing(mask_BS)
        further, written = self.decoder.further(steps, written, seen, source_mask)
        return further, (written, seen, mask_BS)
