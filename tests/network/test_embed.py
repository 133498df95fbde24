"""The intake: numbers as they are, categories as learnt vectors."""

from __future__ import annotations

import pytest
import torch

from pellucid.data.batch import Rows
from pellucid.forms import grid, vector
from pellucid.network.embed import Passing, TableIntake, embedding_width, intake


def test_numbers_come_first_and_each_category_is_its_own_row_of_weights():
    door = intake(vector(2), (3, 6))
    assert isinstance(door, TableIntake)
    widths = [embedding_width(3), embedding_width(6)]
    assert door.out == vector(2 + sum(widths))
    rows = Rows(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([[0, 5], [2, 1]]))
    x_BD = door(rows)
    torch.testing.assert_close(x_BD[:, :2], rows.number_BD)
    first, second = (door.get_parameter(f"embeddings.{place}.weight") for place in (0, 1))
    torch.testing.assert_close(x_BD[1], torch.cat([rows.number_BD[1], first[2], second[1]]))


def test_a_table_of_categories_alone_has_no_numbers():
    door = intake(vector(0), (4,))
    assert door(Rows(torch.empty(3, 0), torch.tensor([[0], [1], [3]]))).shape == (3, embedding_width(4))


@pytest.mark.parametrize("form", [vector(3), grid(1, 4, 4)])
def test_data_without_categories_passes(form: object):
    door = intake(form, ())  # pyright: ignore[reportArgumentType]
    x = torch.randn(2, 3)
    assert isinstance(door, Passing) and door(x) is x and door.out == form


def test_embeddings_grow_slowly_and_stop_at_fifty():
    assert [embedding_width(codes) for codes in (1, 2, 10, 100, 10**6)] == [2, 2, 6, 21, 50]
