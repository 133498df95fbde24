"""What the learnt vectors of words say: which words are near one another, and what is to one as another is to a third.

V  tokens of the vocabulary    D  numbers of a vector
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from pellucid.data.signature import Signature
from pellucid.data.vocabulary import FIRST, UNKNOWN, Vocabulary
from pellucid.data.vocabulary import vocabulary as vocabulary_of
from pellucid.errors import UsageError, nearest, quote
from pellucid.network.embed import TokenIntake

Near = list[tuple[int, float]]
"""Codes and the cosines of their vectors, nearest first."""


def vectors(network: nn.Module) -> torch.Tensor:
    """vector_VD of the tokens a network reads, on the CPU.

    Raises: UsageError where it reads no tokens.
    """
    found = next((module for module in network.modules() if isinstance(module, TokenIntake)), None)
    if found is None:
        raise UsageError("CLI-USAGE", "this network reads no words, so it has no vectors of them")
    return found.embedding.weight.detach().cpu().double()


def code_of(vocabulary: Vocabulary, word: str) -> int:
    """The code of one word; where words are cut into parts, of the part with a blank before it, which is commoner.

    Raises: UsageError where it is none, or was not in the training part often enough.
    """
    for written in (f" {word}", word):
        codes = vocabulary.encode(written)
        if len(codes) == 1 and codes[0] != UNKNOWN:
            return codes[0]
    close = nearest(word, vocabulary.pieces[FIRST:])
    message = f"{quote(word)} is none of the {vocabulary.size - FIRST:,} tokens of this vocabulary"
    raise UsageError("CLI-USAGE", message, hint=f"did you mean '{close.strip()}'?" if close else None)


def neighbours(vector_VD: torch.Tensor, word: int, count: int = 10) -> Near:
    """The tokens whose vectors point most nearly where that of `word` does, without itself."""
    return _nearest(vector_VD, F.normalize(vector_VD, dim=1)[word], (word,), count)


def analogy(vector_VD: torch.Tensor, words: tuple[int, int, int], count: int = 10) -> Near:
    """The tokens that are to the third word as the second is to the first, without these three.

    Those nearest to b - a + c, all of length 1 (Mikolov, Yih and Zweig 2013, NAACL).
    """
    a_D, b_D, c_D = F.normalize(vector_VD[list(words)], dim=1)
    return _nearest(vector_VD, b_D - a_D + c_D, words, count)


def told(
    network: nn.Module, signature: Signature, word: str | None, alike: str | None, count: int
) -> list[dict[str, str | float]]:
    """The words nearest to one, or, where none is given, to the analogy of three, with their cosines.

    Raises: UsageError where a word is not known, or an analogy is not of three.
    """
    vector_VD = vectors(network)
    known = vocabulary_of(signature, "input")
    asked = [word] if word is not None else (alike or "").split()
    if word is None and len(asked) != 3:
        message = f"an analogy takes three words, and these are {len(asked)}"
        raise UsageError("CLI-USAGE", message, hint="--analogy 'man king woman'")
    codes = [code_of(known, one) for one in asked]
    found = (
        neighbours(vector_VD, codes[0], count)
        if word is not None
        else analogy(vector_VD, (codes[0], codes[1], codes[2]), count)
    )
    return [{"word": known.pieces[code].strip(), "cosine": round(cosine, 6)} for code, cosine in found]


def _nearest(vector_VD: torch.Tensor, wanted_D: torch.Tensor, without: tuple[int, ...], count: int) -> Near:
    cosine_V = F.normalize(vector_VD, dim=1) @ F.normalize(wanted_D, dim=0)
    cosine_V[[*range(FIRST), *without]] = -torch.inf  # codes of no text are near nothing
    found = cosine_V.topk(min(count, int((cosine_V > -torch.inf).sum())))
    return list(zip(found.indices.tolist(), found.values.tolist(), strict=True))
