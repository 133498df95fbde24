"""Texts as bags of words and of pairs of words: the simple model that a network over text has to beat.

Words are two letters or more in small letters; how often a word occurs counts by its logarithm, and a word that many
texts have counts less (Salton and Buckley 1988), as scikit-learn's TfidfVectorizer(sublinear_tf=True,
ngram_range=(1, 2), min_df=2) does it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import torch

WORD = re.compile(r"\b\w\w+\b")
FEWEST = 2
"""Texts that must have a word or a pair for it to count."""


class TfIdf:
    """What was fitted on some texts: their words, pairs of words and how rare each is."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.word: dict[str, int] = {}
        for text in texts:
            for word in WORD.findall(text.lower()):
                self.word.setdefault(word, len(self.word))
        row_G, gram_G = self._grams(texts)
        # one for each text and gram, then how many texts have it
        pair_P = np.unique(gram_G * max(len(texts), 1) + row_G)
        gram_K, texts_K = np.unique(pair_P // max(len(texts), 1), return_counts=True)
        kept_K = texts_K >= FEWEST
        self.gram_D = gram_K[kept_K]
        self.rarity_D = np.log((1 + len(texts)) / (1 + texts_K[kept_K])) + 1

    def __call__(self, texts: Sequence[str]) -> torch.Tensor:
        """x_ND, float64 and sparse; each row has length 1 unless nothing in it is known."""
        row_G, gram_G = self._grams(texts)
        width = len(self.gram_D)
        if not width:
            return torch.zeros(len(texts), 0, dtype=torch.float64)
        at_G = np.searchsorted(self.gram_D, gram_G).clip(max=width - 1)
        known_G = self.gram_D[at_G] == gram_G
        cell_E, times_E = np.unique(row_G[known_G] * width + at_G[known_G], return_counts=True)
        row_E, column_E = cell_E // width, cell_E % width
        value_E = (1 + np.log(times_E)) * self.rarity_D[column_E]
        length_N = np.sqrt(np.bincount(row_E, value_E**2, minlength=len(texts)))
        place_2E = torch.from_numpy(np.stack([row_E, column_E]))
        value = torch.from_numpy(value_E / length_N[row_E])
        made = torch.sparse_coo_tensor(place_2E, value, (len(texts), width), check_invariants=True)
        return made.coalesce()

    def _grams(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """(row_G, gram_G): the text and the number of every known word, and of every pair of known words."""
        words = [np.array([self.word.get(word, -1) for word in WORD.findall(text.lower())]) for text in texts]
        row_W = np.repeat(np.arange(len(texts)), [len(word_W) for word_W in words])
        word_W = np.concatenate([*words, np.zeros(0)]).astype(np.int64)
        size = len(self.word)
        first_W, second_W = word_W[:-1], word_W[1:]
        both_W = (row_W[:-1] == row_W[1:]) & (first_W >= 0) & (second_W >= 0)
        alone_W = word_W >= 0
        row_G = np.concatenate([row_W[alone_W], row_W[:-1][both_W]])
        return row_G, np.concatenate([word_W[alone_W], size + first_W[both_W] * size + second_W[both_W]])
