"""Types, roles and reasons of columns."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from pellucid.data.columns import understand
from pellucid.data.frames import from_memory
from pellucid.data.signature import Column
from pellucid.errors import DataError

ROWS = 100


def taken(cells: Sequence[object], name: str = "x", **told: str) -> Column:
    raw = from_memory(
        {name: list(cells), "other": [row % 7 / 3 for row in range(len(cells))], "y": ["u", "v"] * (len(cells) // 2)}
    )
    columns, _ = understand(raw, ("y",), told, {})  # type: ignore[arg-type]
    return columns[0]


@pytest.mark.parametrize(
    ("cells", "type_", "role"),
    [
        ([row * 0.5 for row in range(ROWS)], "number", "input"),
        ([row % 3 for row in range(ROWS)], "number", "input"),
        (["yes", "No"] * 50, "boolean", "input"),
        ([True, None] * 50, "boolean", "input"),
        ([f"2024-01-{1 + row % 28:02d}" for row in range(ROWS)], "date", "input"),
        (["red", "green", "blue", "red"] * 25, "category", "input"),
        ([f"this is the remark number {row} of many" for row in range(ROWS)], "text", "dropped"),
        ([f"u-{row:04x}" for row in range(ROWS)], "text", "id"),
        (list(range(1, ROWS + 1)), "number", "id"),
        (["same"] * ROWS, "category", "dropped"),
        ([3.5] * ROWS, "number", "dropped"),
        ([None] * ROWS, "category", "dropped"),
        (["same", None] * 50, "category", "input"),
    ],
)
def test_types_and_roles(cells: list[object], type_: str, role: str) -> None:
    column = taken(cells)
    assert (column.type, column.role) == (type_, role)
    assert column.why and 0 <= column.confidence <= 1


def test_numbers_that_name_rows_are_known_by_their_name() -> None:
    cells = [(row * 7919) % 10007 for row in range(ROWS)]
    assert taken(cells, "customer_id").role == "id"
    assert taken(cells, "distance").role == "input"


@pytest.mark.parametrize(
    ("told", "type_", "role"),
    [
        ("category", "category", "input"),
        ("drop", "number", "dropped"),
        ("group", "number", "group"),
        ("id", "number", "id"),
        ("weight", "number", "weight"),
    ],
)
def test_a_person_has_the_last_word(told: str, type_: str, role: str) -> None:
    column = taken([row % 5 for row in range(ROWS)], x=told)
    assert (column.type, column.role) == (type_, role)
    assert "data.columns" in column.why


def test_an_identifier_that_a_person_calls_a_number_is_learnt() -> None:
    assert taken(list(range(1, ROWS + 1)), x="number").role == "input"


def test_the_only_input_is_kept_although_it_counts() -> None:
    raw = from_memory({"x": list(range(ROWS)), "y": [row * 2.5 for row in range(ROWS)]})
    columns, _ = understand(raw, ("y",), {}, {})
    assert columns[0].role == "input" and "nothing else" in columns[0].why


def test_99_per_cent_are_enough_and_the_rest_is_named() -> None:
    raw = from_memory({"x": [*range(500, 699), "oops"], "z": [0.5, 1.5] * 100, "y": ["u", "v"] * 100})
    columns, bad = understand(raw, ("y",), {}, {})
    assert (columns[0].type, columns[0].confidence) == ("number", 0.995)
    assert [(item.column, item.rows, item.code) for item in bad] == [("x", (199,), "DATA-CSV-TYPE")]


def test_codes_of_digits_and_words_are_categories() -> None:
    assert taken(["2", "3", "4", "5more"] * 25).type == "category"


def test_categories_are_most_frequent_first() -> None:
    assert taken(["b", "a", "b", "c", "a", "b", "c", "b"] * 4).categories == ("b", "a", "c")


def test_unknown_names_get_the_nearest_one() -> None:
    with pytest.raises(DataError) as caught:
        taken([1, 2] * 10, "income", incmoe="number")
    assert caught.value.hint == "did you mean 'income'?"


def test_a_split_column_is_not_learnt() -> None:
    assert taken((["train"] * 8 + ["valid", "test"]) * 10, "Split").role == "split"
    assert taken(["train", "bus"] * 50, "part").role == "input"
