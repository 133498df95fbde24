"""The intake: what turns prepared rows or pixels into the first Signal."""

from __future__ import annotations

import torch
from torch import nn

from pellucid.data.batch import Rows
from pellucid.forms import Form, vector


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


class Passing(nn.Module):
    """The intake of data that is one tensor already."""

    def __init__(self, form: Form) -> None:
        super().__init__()
        self.out = form

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x_B... -> the same x_B..."""
        return x


def embedding_width(codes: int) -> int:
    """Numbers that stand for a category of `codes` values: 1.6 n^0.56, at most 50 (fastai's rule of thumb)."""
    return min(50, max(1, round(1.6 * codes**0.56)))


def intake(form: Form, categories: tuple[int, ...]) -> TableIntake | Passing:
    """The intake for prepared inputs of `form`, with so many codes in each categorical column."""
    return TableIntake(form.width, categories) if categories else Passing(form)
