"""A dictionary learnt from sentences and their translations: for each word the one that most probably stands for it.

Brown et al. 1993, "The mathematics of statistical machine translation", model 1: how often two words stand in the same
pair of sentences, shared out among the words that could explain each other, again and again.

P  pairs of a word to read and a word to write    G  words to write, wherever they stand    K  different pairs
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

NOTHING = ""
"""The word that explains what nothing in the sentence explains."""
TURNS = 5


class Lexicon:
    """What each word was translated by."""

    def __init__(self, pairs: Sequence[tuple[list[str], list[str]]]) -> None:
        """`pairs` of the words of a sentence and those of its translation."""
        read: dict[str, int] = {NOTHING: 0}
        written: dict[str, int] = {}
        reads = [np.array([read.setdefault(word, len(read)) for word in [NOTHING, *own]]) for own, _ in pairs]
        writes = [np.array([written.setdefault(word, len(written)) for word in own], np.int64) for _, own in pairs]
        self.best: dict[str, str] = {}
        if not written:
            return
        first_P = np.concatenate([np.tile(own, len(other)) for own, other in zip(reads, writes, strict=True)])
        word_G, from_G = (
            np.concatenate(writes),
            np.concatenate([np.full(len(other), len(own)) for own, other in zip(reads, writes, strict=True)]),
        )
        place_P = np.repeat(np.arange(len(word_G)), from_G)
        key_K, cell_P = np.unique(first_P * len(written) + word_G[place_P], return_inverse=True)
        read_K, share_K = key_K // len(written), np.ones(len(key_K))
        for _ in range(TURNS):
            own_P = share_K[cell_P]
            own_P /= np.bincount(place_P, own_P)[place_P]
            count_K = np.bincount(cell_P, own_P)
            share_K = count_K / np.bincount(read_K, count_K)[read_K]
        order_K = np.lexsort((key_K, -share_K, read_K))
        first_K = order_K[np.flatnonzero(np.diff(read_K[order_K], prepend=-1))]
        words, other = list(read), list(written)
        self.share = dict(zip(words, share_K[first_K].tolist(), strict=True))
        """How sure each is."""
        self.best = {words[key // len(written)]: other[key % len(written)] for key in key_K[first_K].tolist()}

    def translate(self, words: Sequence[str]) -> list[str]:
        """Word by word; one that was never read stays as it is."""
        return [self.best.get(word, word) for word in words]
