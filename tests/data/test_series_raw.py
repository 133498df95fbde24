"""Rows of series, their stamps, and the rows that are put behind them."""

from __future__ import annotations

import numpy as np

from pellucid.data.frames import from_memory
from pellucid.data.series_gather import gather
from pellucid.data.series_raw import SeriesRaw, extended
from pellucid.data.series_roles import Asked


def two() -> SeriesRaw:
    """Series a with three rows and series b with two, and a channel `x` that is not forecast."""
    table = from_memory(
        {
            "month": ["2024-01", "2024-02", "2024-03", "2024-02", "2024-03"],
            "name": ["a", "a", "a", "b", "b"],
            "y": [1, 2, 3, 10, 20],
            "x": [5, 6, 7, 8, 9],
        }
    )
    return gather(table, Asked(("y",), series="name", horizon=2))


def test_a_row_knows_its_series_its_stamp_and_its_place() -> None:
    raw = two()
    assert raw.start_S.tolist() == [0, 3] and raw.origins.tolist() == [3, 5]
    assert raw.series_of(raw.origins).tolist() == [0, 1]
    assert [raw.stamp(row) for row in (0, 2, 3, 4)] == ["2024-01", "2024-03", "2024-02", "2024-03"]
    assert raw.stamps_from(3, 3) == raw.stamps_from(5, 3) == ["2024-04", "2024-05", "2024-06"]
    assert raw.stamps_from(2, 2) == ["2024-03", "2024-04"]
    assert str(raw.place(3)) == "row 4" and str(raw.place()) == ""


def test_without_stamps_rows_are_counted() -> None:
    raw = gather(from_memory({"y": [1, 2, 3]}), Asked(("y",), horizon=1))
    assert raw.stamps is None and raw.stamp(1) == "2" and raw.stamps_from(3, 2) == ["4", "5"]
    assert raw.lengthened(2).value_NC.shape == (5, 1)


def test_rows_to_come_are_put_behind_every_series() -> None:
    raw = two().lengthened(2)
    assert raw.count_S.tolist() == [5, 4] and raw.past_S.tolist() == [3, 2] and raw.origins.tolist() == [3, 7]
    assert np.isnan(raw.value_NC[:, 0]).tolist() == [False] * 3 + [True] * 2 + [False] * 2 + [True] * 2
    assert raw.stamp(4) == raw.stamp(8) == "2024-05"
    assert raw.line_N is not None and raw.line_N.tolist() == [1, 2, 3, 0, 0, 4, 5, 0, 0]


def test_forecasts_become_the_next_rows() -> None:
    value_SHD = np.array([[[4.0], [5.0]], [[30.0], [40.0]]])
    raw = extended(two(), value_SHD)
    assert raw.value_NC[:, 0].tolist() == [1, 2, 3, 4, 5, 10, 20, 30, 40]
    assert raw.value_NC[:, 1].tolist() == [5, 6, 7, 7, 7, 8, 9, 9, 9]
    assert raw.past_S.tolist() == [5, 4] and raw.stamps_from(int(raw.origins[0]), 1) == ["2024-06"]
    assert extended(raw, value_SHD).past_S.tolist() == [7, 6]


def test_the_tail_keeps_the_last_rows() -> None:
    raw = two().lengthened(1).tail(2)
    assert raw.value_NC[:, 0].tolist()[:2] == [2, 3] and raw.past_S.tolist() == [2, 2]
    assert raw.stamp(0) == "2024-02" and raw.origins.tolist() == [2, 5]
