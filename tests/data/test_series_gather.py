"""From tables to series."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.data.frames import from_memory
from pellucid.data.series_gather import gather, hashes
from pellucid.data.series_roles import Asked
from pellucid.errors import DataError

DAYS = ["2024-01-01", "2024-01-02", "2024-01-03"]


def long(**more: list[object]):
    return from_memory({"day": DAYS * 2, "shop": ["a"] * 3 + ["b"] * 3, "y": [1, 2, 3, 10, 20, 30], **more})


def test_rows_are_sorted_within_their_series() -> None:
    table = from_memory({"day": [*DAYS[::-1], *DAYS], "shop": ["a"] * 3 + ["b"] * 3, "y": [1, 2, 3, 4, 5, 6]})
    raw = gather(table, Asked(("y",), series="shop", horizon=1))
    assert raw.series == ("a", "b") and raw.value_NC[:, 0].tolist() == [3, 2, 1, 4, 5, 6]
    assert raw.line_N is not None and raw.line_N.tolist() == [3, 2, 1, 4, 5, 6]
    assert [finding.check for finding in raw.findings] == ["rows-sorted"]
    assert raw.findings[0].evidence == {"rows": 2}


def test_two_rows_for_one_stamp_are_named_with_both_places() -> None:
    with pytest.raises(DataError) as fault:
        gather(long(), Asked(("y",), horizon=1))
    assert str(fault.value) == (
        'row 4: column "day": there are two rows for "2024-01-01", in rows 1 and 4; 2 more pairs'
    )
    assert fault.value.code == "DATA-TIME" and "data.series" in str(fault.value.hint)
    table = from_memory({"day": [DAYS[0]] * 2, "shop": ["a"] * 2, "y": [1, 2]})
    with pytest.raises(DataError, match='series "a" has two rows for "2024-01-01"'):
        gather(table, Asked(("y",), series="shop", horizon=1))


def test_wide_columns_are_channels_or_series() -> None:
    table = from_memory({"day": DAYS, "a": [1, 2, 3], "b": [None, 20, 30], "free": [0, 0, 1]})
    raw = gather(table, Asked(("a",), horizon=1, channels=("free",)))
    assert raw.channels == ("a", "free") and raw.series == ("1",)
    raw = gather(table, Asked(wide=True, horizon=1, known=("free",)))
    assert raw.channels == ("value", "free") and raw.series == ("a", "b")
    assert raw.count_S.tolist() == [3, 2] and raw.value_NC.tolist() == [[1, 0], [2, 0], [3, 1], [20, 0], [30, 1]]
    assert (raw.targets, raw.known) == (1, 1)


@pytest.mark.parametrize(
    ("more", "target", "asks"),
    [
        ({"label": ["u", "u", "u", "v", "v", "v"]}, "label", "series"),
        ({"label": [1, 1, 1, 2, 2, 2]}, "label", "series"),
        ({"label": ["u", "v", "u", "v", "v", "v"]}, "label", "steps"),
        ({"label": [0, 1, 0, 1, 1, 1]}, "label", "steps"),
        ({}, "y", "steps"),
        ({"z": [0.5, 1, 1, 1, 1, 1]}, "z", "future"),
    ],
)
def test_the_target_says_what_is_asked(more: dict[str, list[object]], target: str, asks: str) -> None:
    raw = gather(long(x=[1, 2, 3, 4, 5, 6], **more), Asked((target,), series="shop"))
    assert raw.asks == asks
    if asks == "series":
        assert raw.label is not None and raw.label.height == 2 and raw.channels == ("y", "x")
        assert "label" in raw.cells and "y" not in raw.cells
    if asks == "steps":
        assert raw.label is not None and raw.label.height == 6


def test_the_only_column_of_numbers_is_forecast() -> None:
    raw = gather(from_memory({"day": DAYS, "y": [1, 2, 3]}), Asked())
    assert raw.asks == "future" and raw.channels == ("y",)
    with pytest.raises(DataError, match='which column is to be forecast; the columns are "day", "shop", "y", "x"'):
        gather(long(x=[1] * 6), Asked(series="shop"))


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (Asked(("shop",), horizon=1, series="y"), 'the target column "shop" holds words'),
        (Asked(("y",), horizon=1, series="gone"), 'there is no column "gone"'),
        (Asked(("y",), "day", "shop", horizon=1, known=("day",)), '"day" says when or which; it is no channel'),
        (Asked(("y",), horizon=1, series="shop", known=("y",)), '"y" is to be forecast, so it is not known ahead'),
    ],
)
def test_columns_that_do_not_fit_are_named(asked: Asked, message: str) -> None:
    with pytest.raises(DataError) as fault:
        gather(long(), asked)
    assert message in str(fault.value)


def test_a_row_of_no_series_is_named() -> None:
    table = from_memory({"day": DAYS, "shop": ["a", None, "b"], "y": [1, 2, 3]})
    with pytest.raises(DataError, match='row 2: column "shop": the cell is blank, so nothing says which series'):
        gather(table, Asked(("y",), series="shop", horizon=1))


def test_equal_series_have_equal_hashes() -> None:
    table = from_memory(
        {"shop": ["a"] * 2 + ["b"] * 2 + ["c"] * 2, "y": [1, 2, 1, 2, 1, 3], "l": ["u"] * 4 + ["v"] * 2}
    )
    raw = gather(table, Asked(("l",), series="shop"))
    assert raw.row_S is not None and np.array_equal(raw.row_S, hashes(raw))
    assert raw.row_S[0] == raw.row_S[1] != raw.row_S[2]


def test_how_dates_were_read_is_a_finding() -> None:
    table = from_memory({"date": ["31/12/2024", "30/12/2024", "01/01/2025"], "y": [2.0, 1.0, 3.0]})
    raw = gather(table, Asked(("y",), horizon=1))
    assert [finding.check for finding in raw.findings] == ["dates-read", "rows-sorted"]
    assert "day first (31/12/2024)" in raw.findings[0].message and raw.value_NC[:, 0].tolist() == [1, 2, 3]
    assert str(raw.step) == "1 day" and raw.stamps_from(3, 1) == ["2025-01-02"]
