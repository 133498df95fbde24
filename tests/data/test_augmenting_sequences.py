"""Tokens that are hidden while training."""

from __future__ import annotations

import pytest
import torch

from pellucid import forms
from pellucid.data.augment import check
from pellucid.data.augmenting_sequences import TokenDropout
from pellucid.data.batch import Batch
from pellucid.data.vocabulary import UNKNOWN
from pellucid.errors import DataError, RecipeError
from pellucid.forms import Paired, Tokens
from pellucid.seeds import Draw

CODES = torch.cat([torch.full((50, 30), 7), torch.zeros(50, 10, dtype=torch.int64)], 1)


def test_a_share_of_the_tokens_is_hidden_and_no_padding() -> None:
    batch = Batch(Tokens(CODES), torch.arange(50))
    changed = TokenDropout(share=0.2).apply(batch, Draw(0, "augment"), None)
    assert isinstance(changed.input, Tokens) and changed.target is batch.target
    code_BT = changed.input.code_BT
    assert bool((code_BT[:, 30:] == 0).all())
    assert 0.17 < float((code_BT[:, :30] == UNKNOWN).float().mean()) < 0.23
    assert bool((CODES[:, :30] == 7).all()), "the data itself stays as it is"


def test_the_same_place_in_the_stream_hides_the_same_tokens() -> None:
    batch = Batch(Tokens(CODES), None)
    part = TokenDropout()
    twice = [part.apply(batch, Draw(3, "augment").at(4), None).input for _ in range(2)]
    assert torch.equal(twice[0][0], twice[1][0])


def test_of_a_pair_what_is_to_be_written_stays_whole() -> None:
    batch = Batch(Paired(Tokens(CODES), Tokens(CODES)), CODES)
    changed = TokenDropout(share=0.5).apply(batch, Draw(0, "augment"), None).input
    assert isinstance(changed, Paired)
    assert not torch.equal(changed.source[0], CODES) and torch.equal(changed.context[0], CODES)


def test_it_is_refused_where_there_are_no_tokens() -> None:
    with pytest.raises(RecipeError, match="token_dropout changes a sequence, and this data is a vector"):
        check((TokenDropout(),), forms.vector(3), "classes")
    check((TokenDropout(),), forms.sequence(1, 8), "classes")
    with pytest.raises(DataError, match="needs text"):
        TokenDropout().apply(Batch(torch.zeros(2, 3), None), Draw(0, "augment"), None)
