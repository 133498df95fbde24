"""The intake: what turns prepared rows or pixels into the first Signal."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import nn

from pellucid.data.batch import Rows
from pellucid.forms import PADDING, Form, Paired, Signal, Steps, Tokens, vector


class TableIntake(nn.Module):
    """Numbers as they are, each category as a learnt vector (Guo and Berkhahn 2016, arXiv:1604.06737)."""

    def __init__(self, numbers: int, categories: tuple[int, ...]) -> None:
        super().__init__()
        self.embeddings = nn.ModuleList(nn.Embedding(codes, embedding_width(codes)) for codes in categories)
        self.out = vector(numbers + sum(embedding_width(codes) for codes in categories))

    def forward(self, rows: Rows) -> torch.Tensor:
        """Rows(number_BD, code_BK) -> x_BD."""
        embedded = [embed(rows.code_BK[:, place]) for place, embed in enumerate(self.embeddings)]
        return torch.cat([rows.number_BD, *embedded], 1)


class TokenIntake(nn.Module):
    """Each token as a learnt vector; the vector of padding is never learnt."""

    def __init__(self, codes: int, form: Form, width: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(codes, width, padding_idx=PADDING)
        self.out = replace(form, width=width, context=None)

    def forward(self, tokens: Tokens) -> Steps:
        """Tokens(code_BT) -> Steps(x_BTD, mask_BT)."""
        return Steps(self.embedding(tokens.code_BT), tokens.code_BT != PADDING)


class PairedIntake(nn.Module):
    """An intake for a sequence, and one for the sequence that continues it."""

    def __init__(self, source: TokenIntake | Passing, context: TokenIntake | Passing) -> None:
        super().__init__()
        self.source = source
        self.context = context
        self.out = replace(source.out, context=context.out)

    def forward(self, pair: Paired) -> Paired:
        """Paired(Tokens or Steps, ...) -> Paired(Steps, Steps)."""
        return Paired(self.source(pair.source), self.context(pair.context))


class Passing(nn.Module):
    """The intake of data that is one tensor already."""

    def __init__(self, form: Form) -> None:
        super().__init__()
        self.out = form

    def forward(self, x: Signal) -> Signal:
        """x_B... -> the same x_B..."""
        return x


def embedding_width(codes: int) -> int:
    """Numbers that stand for a category of `codes` values: 1.6 n^0.56, at most 50 (fastai's rule of thumb)."""
    return min(50, max(1, round(1.6 * codes**0.56)))


def intake(form: Form, categories: tuple[int, ...], width: int) -> TableIntake | TokenIntake | PairedIntake | Passing:
    """The intake for prepared inputs of `form`, with so many codes in each categorical column or vocabulary.

    `width` numbers stand for each token. Its `out` is the Form it gives.
    """
    if form.kind != "sequence":
        return TableIntake(form.width, categories) if categories else Passing(form)
    context = form.context
    source = TokenIntake(categories[0], form, width) if categories else Passing(replace(form, context=None))
    if context is None:
        return source
    return PairedIntake(source, TokenIntake(categories[1], context, width) if categories else Passing(context))
