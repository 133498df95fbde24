"""Frames, mappings and arrays become the same text cells as a file of the same rows."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import polars as pl
import pytest

from pellucid.data.frames import add_columns, from_memory
from pellucid.errors import DataError

WANTED = {
    "n": ["1", None, "2.5"],
    "t": ["a", "b", None],
    "b": ["true", "false", "true"],
    "d": ["2024-01-02", None, "2024-03-04"],
}
DAYS = [datetime.date(2024, 1, 2), None, datetime.date(2024, 3, 4)]


def test_polars_pandas_and_mappings_agree() -> None:
    plain = {"n": [1.0, None, 2.5], "t": ["a", "b", None], "b": [True, False, True], "d": DAYS}
    frames = [plain, pl.DataFrame(plain), pd.DataFrame(plain)]
    found = [from_memory(frame) for frame in frames]
    assert all(raw.frame.to_dict(as_series=False) == WANTED for raw in found)
    assert len({raw.fingerprint for raw in found}) == 1
    assert str(found[0].place(2)) == "row 3"


def test_pandas_types_with_missing_cells() -> None:
    frame = pd.DataFrame(
        {
            "i": pd.Series([1, None], dtype="Int64"),
            "c": pd.Categorical(["u", None]),
            "t": pd.to_datetime(["2024-01-02 03:04:05", None]),
        }
    )
    assert from_memory(frame).frame.rows() == [("1", "u", "2024-01-02 03:04:05"), (None, None, None)]


def test_arrays_get_names() -> None:
    raw = from_memory(np.array([[1.0, np.nan], [0.1, 3.0]], np.float32).astype(np.float64).round(3))
    assert raw.frame.to_dict(as_series=False) == {"x0": ["1", "0.1"], "x1": [None, "3"]}


def test_target_columns_are_added() -> None:
    raw = from_memory({"a": [1, 2]})
    assert add_columns(raw, ("y",), np.array([0, 1])).frame["y"].to_list() == ["0", "1"]
    assert add_columns(raw, ("y",), pd.Series(["u", None], index=[7, 9])).frame["y"].to_list() == ["u", None]
    with pytest.raises(DataError, match="2 target columns of 2 rows"):
        add_columns(raw, ("y", "z"), [1, 2])


@pytest.mark.parametrize(
    "bad",
    [
        {"a": [[1, 2], [3]]},
        {"a": [1], "b": [1, 2]},
        np.zeros(3),
        np.zeros((2, 2, 2)),
        pl.DataFrame({"a": [[1]]}),
        {"a": []},
    ],
)
def test_what_is_no_table_is_refused(bad: object) -> None:
    with pytest.raises(DataError):
        from_memory(bad)


def test_bad_names_are_refused() -> None:
    with pytest.raises(DataError, match="twice"):
        from_memory({"a": [1], " a": [2]})
