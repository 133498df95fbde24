"""Dates as people write them."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from pellucid.data.series_dates import Order, orders, seconds, share


def days(order: Order, *cells: str | None) -> list[float]:
    return (seconds(pl.Series(cells, dtype=pl.String), order) / 86400).tolist()


@pytest.mark.parametrize(
    ("cell", "order"),
    [
        *(("31/12/2024", "day"), ("31.12.2024", "day"), ("12/31/2024", "month"), ("12-31-2024", "month")),
        *(("2024/12/31", "year"), ("2024.12.31", "year"), ("2024-12-31", "year"), ("20241231", "year")),
    ],
)
def test_each_order_is_found_and_read(cell: str, order: Order) -> None:
    assert orders(pl.Series([cell, None])) == [order] and share(pl.Series([cell, None])) == 1
    assert days(order, cell) == [20088.0]


def test_both_are_left_where_no_number_is_above_twelve() -> None:
    assert orders(pl.Series(["01/02/2024", "1/3/2024"])) == ["day", "month"]
    assert days("day", "1/3/2024") == days("month", "03/01/2024") == days("year", "2024-3-1")


def test_clocks_of_twelve_and_of_twenty_four_hours() -> None:
    cells = pl.Series(
        ["1/2/2024 12:00 AM", "1/2/2024 1:30 pm", "1/2/2024 13:30:15", "1/2/2024 13:30 pm", "1/2/2024 24:00"]
    )
    found = seconds(cells, "month") - seconds(pl.Series(["1/2/2024"]), "month")
    assert found[:3].tolist() == [0, 48600, 48615] and np.isnan(found[3:]).all()


def test_what_is_no_date_is_none() -> None:
    assert np.isnan(days("day", "31/02/2024", "31/12/24", "yesterday", None)).all()
    assert share(pl.Series(["yesterday", "31/12/2024"])) == 0.5 and share(pl.Series([None], dtype=pl.String)) == 0
    assert share(pl.Series(["20241231", "20249931"])) == 0 and share(pl.Series(["20241231", "20240231"])) == 0
