"""Tokens of prepared rows as a person reads them."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from pellucid.data.batch import Batch
from pellucid.data.signature import Signature
from pellucid.data.vocabulary import Vocabulary, WordVocabulary, vocabulary
from pellucid.forms import PADDING, Paired, Signal, Steps, Tokens


def first_signal(signal: Signal) -> Signal:
    """The sequence itself, of a pair that which is read first."""
    return signal.source if isinstance(signal, Paired) else signal


def lengths(batch: Batch) -> torch.Tensor | None:
    """length_N: positions of each row, on the CPU; None for anything but sequences."""
    signal = first_signal(batch.input)
    if isinstance(signal, Tokens):
        return (signal.code_BT != PADDING).sum(1).cpu()
    return signal.mask_BT.sum(1).cpu() if isinstance(signal, Steps) else None


def codes(batch: Batch) -> torch.Tensor | None:
    """code_NT on the CPU; None where the rows are no tokens."""
    signal = first_signal(batch.input)
    return signal.code_BT.cpu() if isinstance(signal, Tokens) else None


def read(signature: Signature, batch: Batch) -> list[str]:
    """The text of each row of tokens, as far as the vocabulary knows it."""
    code_NT, spelling = codes(batch), vocabulary(signature, "input")
    assert code_NT is not None
    return [spelling.decode(row) for row in code_NT.tolist()]


def shown(spelling: Vocabulary, code_T: Sequence[int]) -> list[str]:
    """Each token as it stands in running text: words have a blank behind them."""
    behind = " " if isinstance(spelling, WordVocabulary) else ""
    return [spelling.pieces[code] + behind for code in code_T]
