"""Attention: every position takes a weighted mean of others, the weights told by how well they match."""

from __future__ import annotations

from typing import TypeAlias

import torch
from torch import nn
from torch.nn import functional as F

from pellucid.nn.positions import turned
from pellucid.nn.traces import Traced

Cache: TypeAlias = tuple[torch.Tensor, torch.Tensor]
"""key_BSGD and value_BSGD of the positions that can be looked at."""


class Attention(Traced):
    """Scaled dot-product attention in several heads (Vaswani et al. 2017, arXiv:1706.03762, section 3.2).

    Heads may share keys and values in `groups` (Ainslie et al. 2023, arXiv:2305.13245). The weights are noted only
    while somebody traces; otherwise they never exist as a whole.
    """

    def __init__(self, width: int, heads: int, groups: int, source_width: int | None = None) -> None:
        super().__init__()
        self.heads, self.groups, self.each = heads, groups, width // heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(source_width or width, groups * self.each)
        self.value = nn.Linear(source_width or width, groups * self.each)
        self.out = nn.Linear(width, width)

    def looked_at(self, source_BSD: torch.Tensor, turn_S1D: torch.Tensor | None = None) -> Cache:
        """Keys and values of positions, turned to where they stand."""
        key_BSGD = self.key(source_BSD).unflatten(2, (self.groups, self.each))
        value_BSGD = self.value(source_BSD).unflatten(2, (self.groups, self.each))
        return (key_BSGD if turn_S1D is None else turned(key_BSGD, turn_S1D)), value_BSGD

    def forward(
        self,
        x_BTD: torch.Tensor,
        cache: Cache,
        *,
        mask: torch.Tensor | None = None,
        causal: bool = False,
        turn_T1D: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """x_BTD that looks at `cache` -> x_BTD; `mask` is True where a position may be looked at."""
        query_BTHD = self.query(x_BTD).unflatten(2, (self.heads, self.each))
        if turn_T1D is not None:
            query_BTHD = turned(query_BTHD, turn_T1D)
        query, key, value = (tensor.transpose(1, 2) for tensor in (query_BTHD, *cache))
        if self.trace is not None:
            self.trace["attention"] = weights(query, key, mask=mask, causal=causal).detach()
        shared = self.groups < self.heads
        mixed_BHTD = F.scaled_dot_product_attention(
            query, key, value, attn_mask=mask, is_causal=causal, enable_gqa=shared
        )
        return self.out(mixed_BHTD.transpose(1, 2).flatten(2))


def weights(
    query_BHTD: torch.Tensor, key_BGSD: torch.Tensor, *, mask: torch.Tensor | None, causal: bool
) -> torch.Tensor:
    """weight_BHTS: the softmax over the positions looked at of query times key, divided by the root of their width."""
    key_BHSD = key_BGSD.repeat_interleave(query_BHTD.shape[1] // key_BGSD.shape[1], 1)
    score_BHTS = query_BHTD @ key_BHSD.transpose(2, 3) * query_BHTD.shape[3] ** -0.5
    if causal:
        mask = torch.ones(score_BHTS.shape[2:], dtype=torch.bool, device=score_BHTS.device).tril()
    if mask is not None:
        score_BHTS = score_BHTS.masked_fill(~mask, -torch.inf)
    return score_BHTS.softmax(3)
