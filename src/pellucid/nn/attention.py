"""Attention: each position is a mean of what stands at others, weighted by how well query and key fit.

Shape legend beside that of `forms`: S positions that are looked at, H heads of queries, G of keys and values (grouped
queries: Ainslie et al. 2023, arXiv:2305.13245), K numbers of a head, C positions that a memory has room for.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional as F

from pellucid.nn.positions import split
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
    q_BTHK: torch.Tensor,
    k_BSGK: torch.Tensor,
    v_BSGK: torch.Tensor,
    sight: Sight,
    trace: dict[str, torch.Tensor] | None = None,
) -> torch.Tensor:
    """softmax(q k / sqrt(K)) v for each head (Vaswani et al. 2017, arXiv:1706.03762, equation 1): x_BTD with D = HK.

    The weights are noted in `trace` where there is one.
    """
    q_BHTK, k_BGSK, v_BGSK = (x.transpose(1, 2) for x in (q_BTHK, k_BSGK, v_BSGK))
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

    def forward(self, x_BTD: torch.Tensor, sight: Sight, past_B2GCK: torch.Tensor | None = None) -> torch.Tensor:
        """x_BTD -> x_BTD; with a memory, whose new positions are written, they look at those before them too."""
        x_BTHK = self.inward(x_BTD).unflatten(2, (-1, self.head))
        q_BTHK, k_BSGK, v_BSGK = split(x_BTHK, self.heads, self.groups, sight.turn)
        if past_B2GCK is not None:
            k_BSGK, v_BSGK = remember(past_B2GCK, k_BSGK, v_BSGK, sight)
        return self.outward(attend(q_BTHK, k_BSGK, v_BSGK, sight, self.trace))


def remember(
    past_B2GCK: torch.Tensor, k_BTGK: torch.Tensor, v_BTGK: torch.Tensor, sight: Sight
) -> tuple[torch.Tensor, torch.Tensor]:
    """Writes keys and values of new positions into a memory; all there are so far: k_BSGK, v_BSGK."""
    end = sight.start + k_BTGK.shape[1]
    for place, new in enumerate((k_BTGK, v_BTGK)):
        if sight.slot_BT is None:
            past_B2GCK[:, place, :, sight.start : end] = new.transpose(1, 2)
        else:
            row_B1 = torch.arange(len(new), device=new.device)[:, None]
            past_B2GCK[row_B1, place, :, sight.slot_BT] = new.to(past_B2GCK.dtype)
    k_BSGK, v_BSGK = past_B2GCK[:, :, :, :end].transpose(2, 3).to(k_BTGK.dtype).unbind(1)
    return k_BSGK, v_BSGK


class CrossAttention(Traced):
    """Positions look at those of another sequence."""

    def __init__(self, width: int, heads: int, groups: int) -> None:
        super().__init__()
        self.groups, self.head = groups, width // heads
        self.query = nn.Linear(width, width)
        self.inward = nn.Linear(width, 2 * groups * self.head)
        self.outward = nn.Linear(width, width)

    def look(self, source_BSD: torch.Tensor) -> torch.Tensor:
        """The keys and values of the other sequence: seen_BS2GK."""
        return self.inward(source_BSD).unflatten(2, (2, self.groups, self.head))

    def forward(self, x_BTD: torch.Tensor, seen_BS2GK: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        """x_BTD -> x_BTD, each a mean over what was seen where `mask` lets it."""
        q_BTHK = self.query(x_BTD).unflatten(2, (-1, self.head))
        k_BSGK, v_BSGK = seen_BS2GK.to(q_BTHK.dtype).unbind(2)
        return self.outward(attend(q_BTHK, k_BSGK, v_BSGK, Sight(mask), self.trace))
