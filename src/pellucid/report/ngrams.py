"""n-gram models of language: how probable a token is after the few before it, by counting alone.

Interpolated Kneser-Ney smoothing with one discount for each order (Chen and Goodman 1999, Computer Speech and Language
13): a gram of the highest order counts how often it was seen, a shorter one behind how many tokens it stood.

P  places of a stream of tokens    K  different grams of one length    -1 in a stream: no token, no gram crosses it
"""

from __future__ import annotations

from typing import NamedTuple

import torch

LOST = 0.95
"""The largest discount: what was seen once keeps a little."""


class Level(NamedTuple):
    """Every gram of one length, by number; a gram is its context (the gram before its last token) and that token."""

    key_K: torch.Tensor
    """context * size + token, rising."""
    seen: Counts
    """How often each was seen,"""
    continued: Counts
    """and behind how many different tokens."""
    best_C: torch.Tensor
    """The token that follows each context most often."""


class Counts(NamedTuple):
    """Counts of grams, with what interpolation needs of them."""

    count_K: torch.Tensor
    discount: float
    total_C: torch.Tensor
    """The sum over the grams of each context,"""
    types_C: torch.Tensor
    """and how many they are."""


class NGrams:
    """Models of every order up to `order`, counted in one stream."""

    def __init__(self, code_P: torch.Tensor, size: int, order: int) -> None:
        """`size`: codes there are, which is also over how many the base of all models is even."""
        self.size = size
        gram_P = torch.where(code_P >= 0, code_P.clamp_min(0), -1)
        keys = [torch.arange(size)]
        counts = [torch.bincount(gram_P[gram_P >= 0], minlength=size)]
        continued = []
        for _ in range(1, order):
            context_P = _before(gram_P, -1)
            there_P = (context_P >= 0) & (gram_P >= 0)
            key_K, gram_G, count_K = torch.unique(
                context_P[there_P] * size + code_P[there_P], return_inverse=True, return_counts=True
            )
            suffix_K = torch.zeros_like(key_K)
            suffix_K[gram_G] = gram_P[there_P]  # the same for every occurrence
            continued.append(torch.bincount(suffix_K, minlength=len(counts[-1])))
            keys.append(key_K)
            counts.append(count_K)
            gram_P = torch.full_like(code_P, -1)
            gram_P[there_P] = gram_G
        continued.append(counts[-1])  # nothing longer was counted
        contexts = [1, *(len(key_K) for key_K in keys[:-1])]
        self.levels = [
            _level(key_K, own_K, ways_K, size, many)
            for key_K, own_K, ways_K, many in zip(keys, counts, continued, contexts, strict=True)
        ]

    def follow(self, code_P: torch.Tensor) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """(probability_P, said_P) by the model of each order: that of each token of a stream, and what was expected.

        A place with fewer tokens before it than an order asks for is judged by the longest model that fits.
        """
        token_P = code_P.clamp_min(0)
        level = self.levels[0]
        nothing_P = torch.zeros_like(token_P)
        even_P = torch.full(code_P.shape, 1 / self.size, dtype=torch.float64)
        top_P = _mixed(level.seen, token_P, nothing_P, even_P)
        lower_P = _mixed(level.continued, token_P, nothing_P, even_P)
        said_P = level.best_C[nothing_P]
        found = [(top_P, said_P)]
        gram_P, whole_P = torch.where(code_P >= 0, token_P, -1), code_P >= 0
        for level in self.levels[1:]:
            if not len(level.key_K):
                found.append(found[-1])
                continue
            context_P = _before(gram_P, -1)
            whole_P = whole_P & _before(whole_P, False) & (code_P >= 0)
            known_P = whole_P & (context_P >= 0)
            gram_P = torch.where(known_P, _find(level.key_K, context_P * self.size + token_P), -1)
            context_P = torch.where(known_P, context_P, -1)
            here_P = _mixed(level.seen, gram_P, context_P, lower_P)
            lower_P = torch.where(whole_P, _mixed(level.continued, gram_P, context_P, lower_P), lower_P)
            top_P = torch.where(whole_P, here_P, top_P)
            followed_P = known_P & (level.seen.types_C[context_P.clamp_min(0)] > 0)
            said_P = torch.where(followed_P, level.best_C[context_P.clamp_min(0)], said_P)
            found.append((top_P, said_P))
        return found


def _before(value_P: torch.Tensor, first: int) -> torch.Tensor:
    """What stands one place earlier, `first` at the beginning."""
    return torch.nn.functional.pad(value_P, (1, 0), value=first)[: len(value_P)]


def _level(key_K: torch.Tensor, own_K: torch.Tensor, ways_K: torch.Tensor, size: int, contexts: int) -> Level:
    context_K = key_K // size
    order_K = own_K.argsort(stable=True, descending=True)
    order_K = order_K[context_K[order_K].argsort(stable=True)]  # by context, the most frequent first
    first_K = torch.ones(len(order_K), dtype=torch.bool)
    first_K[1:] = context_K[order_K[1:]] != context_K[order_K[:-1]]
    best_C = torch.zeros(contexts, dtype=torch.int64)
    best_C[context_K[order_K[first_K]]] = key_K[order_K[first_K]] % size
    return Level(key_K, _counts(own_K, context_K, contexts), _counts(ways_K, context_K, contexts), best_C)


def _counts(count_K: torch.Tensor, context_K: torch.Tensor, contexts: int) -> Counts:
    once, twice = int((count_K == 1).sum()), int((count_K == 2).sum())
    discount = min(LOST, once / (once + 2 * twice)) if once else 0.5
    total_C = torch.bincount(context_K, count_K.double(), minlength=contexts)
    return Counts(count_K, discount, total_C, torch.bincount(context_K[count_K > 0], minlength=contexts))


def _mixed(counts: Counts, gram_P: torch.Tensor, context_P: torch.Tensor, lower_P: torch.Tensor) -> torch.Tensor:
    """What is left of a gram's count after the discount, and the discounts shared out as the shorter model says."""
    known_P = context_P >= 0
    total_P = torch.where(known_P, counts.total_C[context_P.clamp_min(0)], 0.0)
    own_P = torch.where(gram_P >= 0, counts.count_K[gram_P.clamp_min(0)], 0) - counts.discount
    shared_P = counts.discount * counts.types_C[context_P.clamp_min(0)] * lower_P
    return torch.where(total_P > 0, (own_P.clamp_min(0.0) + shared_P) / total_P.clamp_min(1.0), lower_P)


def _find(key_K: torch.Tensor, asked_P: torch.Tensor) -> torch.Tensor:
    """The place of each asked key among rising ones, -1 where it is not there."""
    if not len(key_K):
        return torch.full_like(asked_P, -1)
    at_P = torch.searchsorted(key_K, asked_P).clamp_max(len(key_K) - 1)
    return torch.where(key_K[at_P] == asked_P, at_P, -1)
