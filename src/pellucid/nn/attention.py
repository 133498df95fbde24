"""Attention: each position is a mean of what stands at others, weighted by how well query and key fit.

Shape legend beside that of `forms`: S positions that are looked at, H heads of queries, G of keys and values (grouped
queries: Ainslie et al. 2023, arXiv:2305.13245), J = 2G of them, K numbers of a head, C positions that a memory has room
for.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional as F

from pellucid.nn.positions import split, turn_in_place
from pellucid.nn.traces import Traced


class Sight(NamedTuple):
    """What every layer of one pass may see; made once for all of them."""

    mask: torch.Tensor | None = None
    """bool, broadcast to BHTS: True where a position may be looked at."""
    causal: bool = False
    """Whether each position sees itself and those before it alone; then there is no `mask`."""
    turn: torch.Tensor | None = None
    """Of `positions.turns`, where positions are rotations."""
    start: int = 0
    """Where new positions are written into a memory..."""
    slot_BT: torch.Tensor | None = None
    """...unless each row has got to another place."""


def existing(mask_BT: torch.Tensor) -> torch.Tensor:
    """mask_BT -> mask_B11S for `Sight`; a sequence without any position sees all, as it must see something."""
    return (mask_BT | ~mask_BT.any(1, keepdim=True))[:, None, None, :]


def attend(
    q_BHTK: torch.Tensor,
    k_BGSK: torch.Tensor,
    v_BGSK: torch.Tensor,
    sight: Sight,
    trace: dict[str, torch.Tensor] | None = None,
) -> torch.Tensor:
    """softmax(q k / sqrt(K)) v for each head (Vaswani et al. 2017, arXiv:1706.03762, equation 1): x_BTD with D = HK.

    The weights are noted in `trace` where there is one.
    """
    times = q_BHTK.shape[1] // k_BGSK.shape[1]
    if trace is None:
        out_BHTK = F.scaled_dot_product_attention(
            q_BHTK, k_BGSK, v_BGSK, attn_mask=sight.mask, is_causal=sight.causal, enable_gqa=times > 1
        )
        return out_BHTK.transpose(1, 2).flatten(2)
    score_BHTS = q_BHTK @ k_BGSK.repeat_interleave(times, 1).transpose(2, 3) * q_BHTK.shape[3] ** -0.5
    mask = torch.ones_like(score_BHTS[0, 0], dtype=torch.bool).tril() if sight.causal else sight.mask
    if mask is not None:
        score_BHTS = score_BHTS.masked_fill(~mask, -torch.inf)
    weight_BHTS = score_BHTS.softmax(3)
    trace["attention"] = weight_BHTS.detach()
    return (weight_BHTS @ v_BGSK.repeat_interleave(times, 1)).transpose(1, 2).flatten(2)


class SelfAttention(Traced):
    """Positions look at one another: `heads` queries, which share `groups` keys and values."""

    def __init__(self, width: int, heads: int, groups: int) -> None:
        super().__init__()
        self.heads, self.groups, self.head = heads, groups, width // heads
        self.inward = nn.Linear(width, (heads + 2 * groups) * self.head)
        self.outward = nn.Linear(width, width)

    def forward(self, x_BTD: torch.Tensor, sight: Sight, past_BJCK: torch.Tensor | None = None) -> torch.Tensor:
        """x_BTD -> x_BTD; with a memory, whose new positions are written, they look at those before them too."""
        x_BTHK = self.inward(x_BTD).unflatten(2, (-1, self.head))
        if past_BJCK is None:
            parts = split(x_BTHK, self.heads, self.groups, sight.turn)
            q_BHTK, k_BGTK, v_BGTK = (part.transpose(1, 2) for part in parts)
            return self.outward(attend(q_BHTK, k_BGTK, v_BGTK, sight, self.trace))
        x_BTHK = x_BTHK if sight.turn is None else turn_in_place(x_BTHK, self.heads + self.groups, sight.turn)
        k_BGSK, v_BGSK = remember(past_BJCK, x_BTHK[:, :, self.heads :], sight)
        return self.outward(attend(x_BTHK[:, :, : self.heads].transpose(1, 2), k_BGSK, v_BGSK, sight, self.trace))


def remember(past_BJCK: torch.Tensor, new_BTJK: torch.Tensor, sight: Sight) -> tuple[torch.Tensor, torch.Tensor]:
    """Writes keys and values of new positions into a memory; all there are so far: k_BGSK, v_BGSK."""
    end = sight.start + new_BTJK.shape[1]
    if sight.slot_BT is None:
        past_BJCK[:, :, sight.start : end] = new_BTJK.transpose(1, 2)
    else:
        row_B1 = torch.arange(len(new_BTJK), device=new_BTJK.device)[:, None]
        past_BJCK[row_B1, :, sight.slot_BT] = new_BTJK.to(past_BJCK.dtype)
    k_BGSK, v_BGSK = past_BJCK[:, :, :end].to(new_BTJK.dtype).chunk(2, 1)
    return k_BGSK, v_BGSK


class CrossAttention(Traced):
    """Positions look at those of another sequence."""

    def __init__(self, width: int, heads: int, groups: int) -> None:
        super().__init__()
        self.head = width // heads
        self.query = nn.Linear(width, width)
        self.inward = nn.Linear(width, 2 * groups * self.head)
        self.outward = nn.Linear(width, width)

    def look(self, source_BSD: torch.Tensor) -> torch.Tensor:
        """The keys and values of the other sequence: seen_BJSK."""
        return self.inward(source_BSD).unflatten(2, (-1, self.head)).transpose(1, 2)

    def forward(self, x_BTD: torch.Tensor, seen_BJSK: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        """x_BTD -> x_BTD, each a mean over what was seen where `mask` lets it."""
        q_BHTK = self.query(x_BTD).unflatten(2, (-1, self.head)).transpose(1, 2)
        k_BGSK, v_BGSK = seen_BJSK.to(q_BHTK.dtype).chunk(2, 1)
        return self.outward(attend(q_BHTK, k_BGSK, v_BGSK, Sight(mask), self.trace))
