"""The grammar of cells against Python's own float, and on what it must refuse."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.data import cells


@given(st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=50))
@settings(max_examples=100, deadline=None)
def test_every_float_survives_as_text(values: list[float]) -> None:
    text = [repr(value) for value in values]
    assert cells.numbers(pl.Series(text)).tolist() == values


@pytest.mark.parametrize("text", ["0", "-0", "7", "-7.25", ".5", "-.5", "1e3", "1E-3", "0012", "9223372036854775807"])
def test_numbers(text: str) -> None:
    assert cells.numbers(pl.Series([text]))[0] == float(text)


@pytest.mark.parametrize(
    "text",
    [
        "+5",
        "5.",
        "1_000",
        "12,5",
        "1 000",
        "inf",
        "-inf",
        "nan",
        "1e400",
        "1e301",
        "0x10",
        "٣",
        "１",
        "1e",
        "--1",
        "1.2.3",
        "1e+1000",
        ".",
    ],
)
def test_no_numbers(text: str) -> None:
    assert math.isnan(cells.numbers(pl.Series([text]))[0])


def test_missing_words_and_blanks() -> None:
    found = cells.tidy(pl.Series([" a ", "", "  ", "NA", "N/A", "nan", "NULL", "None", "?", "n/a", "-999"]), ("-999",))
    assert found.to_list() == ["a", None, None, None, None, None, None, None, None, "n/a", None]


def test_booleans_in_any_case() -> None:
    found = cells.booleans(pl.Series(["Yes", "no", "TRUE", "f", None, "maybe"]))
    assert np.array_equal(found, [1, 0, 1, 0, np.nan, np.nan], equal_nan=True)


def test_dates_with_times_and_offsets() -> None:
    text = [
        "1970-01-02",
        "1970-01-01T00:01",
        "1970-01-01 01:00:00.5+01:00",
        "1970-01-01T00:00:00Z",
        "1970-01-01 00:00-0130",
    ]
    assert cells.dates(pl.Series(text)).tolist() == [86400.0, 60.0, 0.5, 0.0, 5400.0]


@pytest.mark.parametrize(
    "text", ["2024-13-01", "2023-02-29", "01.05.2024", "2024-05-01T25:00", "2024-5-1", "2024-05-01x"]
)
def test_no_dates(text: str) -> None:
    assert math.isnan(cells.dates(pl.Series([text]))[0])
