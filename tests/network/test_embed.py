"""The intake: numbers as they are, categories as learnt vectors."""

from __future__ import annotations

import pytest
import torch

from pellucid.data.batch import Rows
from pellucid.forms import Paired, Steps, Tokens, grid, sequence, vector
from pellucid.network.embed import PairedIntake, Passing, TableIntake, embedding_width, intake


def test_numbers_come_first_and_each_category_is_its_own_row_of_weights():
    door = intake(vector(2), (3, 6), 64)
    assert isinstance(door, TableIntake)
    widths = [embedding_width(3), embedding_width(6)]
    assert door.out == vector(2 + sum(widths))
    rows = Rows(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([[0, 5], [2, 1]]))
    x_BD = door(rows)
    torch.testing.assert_close(x_BD[:, :2], rows.number_BD)
    first, second = (door.get_parameter(f"embeddings.{place}.weight") for place in (0, 1))
    torch.testing.assert_close(x_BD[1], torch.cat([rows.number_BD[1], first[2], second[1]]))


def test_a_table_of_categories_alone_has_no_numbers():
    door = intake(vector(0), (4,), 64)
    assert door(Rows(torch.empty(3, 0), torch.tensor([[0], [1], [3]]))).shape == (3, embedding_width(4))


@pytest.mark.parametrize("form", [vector(3), grid(1, 4, 4)])
def test_data_without_categories_passes(form: object):
    door = intake(form, (), 64)  # pyright: ignore[reportArgumentType]
    x = torch.randn(2, 3)
    assert isinstance(door, Passing) and door(x) is x and door.out == form


def test_tokens_become_vectors_and_padding_is_no_position():
    door = intake(sequence(1, 4, causal=True), (5,), 8)
    x_BTD, mask_BT = door(Tokens(torch.tensor([[2, 4, 0], [1, 0, 0]])))
    assert door.out == sequence(8, 4, causal=True) and x_BTD.shape == (2, 3, 8)
    assert mask_BT.tolist() == [[True, True, False], [True, False, False]] and not x_BTD[~mask_BT].any()


def test_a_pair_has_an_intake_for_each_of_its_sequences():
    form = sequence(1, 4, context=sequence(1, 6, causal=True))
    door = intake(form, (5, 7), 8)
    assert isinstance(door, PairedIntake) and door.out == sequence(8, 4, context=sequence(8, 6, causal=True))
    source, context = door(Paired(Tokens(torch.tensor([[4, 0]])), Tokens(torch.tensor([[6, 2, 1]]))))
    assert source.x_BTD.shape == (1, 2, 8) and context.x_BTD.shape == (1, 3, 8)
    numbers = intake(sequence(2, 4, even=True, context=sequence(3, 6, even=True)), (), 8)
    pair = Paired(*(Steps(torch.randn(1, 2, 2), torch.ones(1, 2, dtype=torch.bool)) for _ in range(2)))
    assert all(torch.equal(one.x_BTD, two.x_BTD) for one, two in zip(numbers(pair), pair, strict=True))


def test_embeddings_grow_slowly_and_stop_at_fifty():
    assert [embedding_width(codes) for codes in (1, 2, 10, 100, 10**6)] == [2, 2, 6, 21, 50]
