"""What each column of a table of series is."""

from __future__ import annotations

import pytest

from pellucid.data.frames import from_memory
from pellucid.data.series_roles import Asked, find_roles, numbers_of
from pellucid.errors import DataError, SchemaError


def table(**more: list[object]):
    return from_memory({"date": ["2024-01-01", "2024-01-02"], "y": [1, 2], "x": [3, 4], "note": ["a", "b"], **more})


def test_time_is_a_column_of_dates_or_of_that_name() -> None:
    assert find_roles(table(), Asked(("y",))).time == "date"
    assert find_roles(from_memory({"Year": [1, 2], "y": [1, 2]}), Asked(("y",))).time == "Year"
    assert find_roles(from_memory({"when_it_was": ["2024-01-01", "2024-01-02"], "y": [1, 2]}), Asked(("y",))).time
    assert find_roles(from_memory({"t": [1, 2], "y": [1, 2]}), Asked(("y",))).time is None
    assert find_roles(table(), Asked(("y",), new=True)).time is None


def test_every_column_has_a_role_and_a_reason() -> None:
    found = find_roles(table(open=["yes", "no"]), Asked(("y",), series="note", known=("open",)))
    assert {column.name: column.role for column in found.columns} == {
        "date": "time", "y": "target", "x": "input", "note": "id", "open": "input",
    }  # fmt: skip
    assert all(column.why for column in found.columns) and found.channels == ("x", "open")
    assert numbers_of(table(open=["yes", "no"]).frame["open"], found.type("open")).to_list() == [1, 0]
    few = find_roles(table(z=[1, 2]), Asked(("y",), channels=("z",)))
    assert few.channels == ("z",) and few.columns[3].why == "it holds no numbers"
    parts = find_roles(table(split=["train", "test"]), Asked(("y",)))
    assert parts.columns[-1].role == "split"
    assert find_roles(table(series=["a", "b"]), Asked(("y",))).series == "series"


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (Asked(("z",)), 'there is no column "z"'),
        (Asked(("y",), time="dates"), 'there is no column "dates"'),
        (Asked(("y",), channels=("note",)), 'column "note" holds no numbers; a channel is a column of numbers'),
        (Asked(("y",), known=("y",)), '"y" is to be forecast, so it is not known ahead'),
    ],
)
def test_columns_that_are_not_there_or_not_numbers_are_named(asked: Asked, message: str) -> None:
    with pytest.raises(DataError) as fault:
        find_roles(table(), asked)
    assert fault.value.code in ("DATA-COLUMN",) and message in str(fault.value)


def test_a_cell_that_is_no_number_is_named() -> None:
    with pytest.raises(DataError) as fault:
        find_roles(from_memory({"y": [1, 2, 3, 4, "five", 6]}), Asked(("y",)))
    assert str(fault.value) == 'row 5: column "y": "five" is not a number' and "data.missing" in str(fault.value.hint)


def test_new_data_lacks_a_column() -> None:
    with pytest.raises(SchemaError, match='column "yy" is missing; the model needs it') as fault:
        find_roles(table(), Asked(("yy",), asks="future", new=True))
    assert fault.value.hint == "is it 'y'? rename it" or "the columns here are" in str(fault.value.hint)
    find_roles(table(), Asked(("label",), asks="series", new=True))
    with pytest.raises(SchemaError):
        find_roles(table(), Asked(("label",), asks="series", new=True, labelled=True))


def test_a_column_called_a_time_is_never_passed_by_silently() -> None:
    for name, cells in {"Date": ["week 1 of 2024", "week 2 of 2024"], "time": ["31/12/24", "01/01/25"]}.items():
        with pytest.raises(
            DataError, match=f'row 1: column "{name}": "{cells[0]}" is no stamp that can be read'
        ) as fault:
            find_roles(from_memory({name: cells, "y": [1, 2]}), Asked(("y",)))
        assert fault.value.code == "DATA-TIME" and fault.value.exit_code == 2 and "2024-12-31" in str(fault.value.hint)
    for name, cells in {"day": ["Monday", "Tuesday"], "order date": ["week 1", "week 2"]}.items():
        found = find_roles(from_memory({name: cells, "y": [1, 2]}), Asked(("y",))).findings
        assert [(one.check, one.place, one.severity) for one in found] == [("time-unread", name, "warning")]
    spoken = from_memory({"day": ["Monday", "Tuesday"], "date": ["2024-01-01", "2024-01-02"], "y": [1, 2]})
    assert find_roles(spoken, Asked(("y",))).findings == () and find_roles(table(), Asked(("y",))).findings == ()
    zones = from_memory({"time_zone": ["Europe/Oslo", "UTC"], "y": [1, 2]})
    assert find_roles(zones, Asked(("y",))).findings == ()


def test_dates_day_first_are_a_time_under_any_name() -> None:
    found = find_roles(from_memory({"Datum": ["30/12/2024", "31/12/2024"], "y": [1, 2]}), Asked(("y",)))
    assert found.time == "Datum" and found.type("Datum") == "date"
