"""n-gram models of language: how probable a token is after the few before it, by counting alone.

Modified Kneser-Ney smoothing (Chen and Goodman 1999, Computer Speech and Language 13): a gram of the highest order
counts how often it was seen, a shorter one behind how many tokens it stood; some of each count is kept for what was
never seen, by how many grams were seen once, twice, and so on.

P  places of a stream of tokens    K  different grams of one length    -1 in a stream: no token, no gram crosses it
"""

from __future__ import annotations

from typing import NamedTuple

import torch


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

    left_K: torch.Tensor
    """float64: what the discount leaves of each count."""
    total_C: torch.Tensor
    """The sum of the counts of each context,"""
    away_C: torch.Tensor
    """and of what the discounts took."""


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
            followed_P = known_P & (level.seen.total_C[context_P.clamp_min(0)] > 0)
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
    discount_3 = discounts([int((count_K == times).sum()) for times in (1, 2, 3, 4)])
    away_K = torch.tensor([0.0, *discount_3], dtype=torch.float64)[count_K.clamp_max(3)]
    total_C, away_C = (torch.bincount(context_K, value_K, minlength=contexts) for value_K in (count_K.double(), away_K))
    return Counts(count_K - away_K, total_C, away_C)


def discounts(seen: list[int]) -> tuple[float, float, float]:
    """What is taken of a count of 1, of 2, and of 3 or more, where so many grams were seen 1, 2, 3 and 4 times."""
    if 0 in seen:
        return (0.5, 0.75, 0.9)
    share = seen[0] / (seen[0] + 2 * seen[1])
    taken = [count - (count + 1) * share * seen[count] / seen[count - 1] for count in (1, 2, 3)]
    one, two, more = (min(max(value, 0.1), 0.95 * count) for count, value in enumerate(taken, 1))
    return one, two, more


def _mixed(counts: Counts, gram_P: torch.Tensor, context_P: torch.Tensor, lower_P: torch.Tensor) -> torch.Tensor:
    """What is left of a gram's count after the discount, and the discounts shared out as the shorter model says."""
    known_P = context_P >= 0
    total_P = torch.where(known_P, counts.total_C[context_P.clamp_min(0)], 0.0)
    own_P = torch.where(gram_P >= 0, counts.left_K[gram_P.clamp_min(0)], 0.0)
    shared_P = counts.away_C[context_P.clamp_min(0)] * lower_P
    return torch.where(total_P > 0, (own_P + shared_P) / total_P.clamp_min(1.0), lower_P)


def _find(key_K: torch.Tensor, asked_P: torch.Tensor) -> torch.Tensor:
    """The place of each asked key among rising ones, -1 where it is not there."""
    if not len(key_K):
        return torch.full_like(asked_P, -1)
    at_P = torch.searchsorted(key_K, asked_P).clamp_max(len(key_K) - 1)
    return torch.where(key_K[at_P] == asked_P, at_P, -1)
