"""Whole series as arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pellucid.data.series_whole import assembled, joined, of_mapping
from pellucid.errors import DataError


def test_arrays_and_lists_become_the_same_series() -> None:
    value_NT = np.array([[1.0, 2.0, 0.0], [3.0, 4.0, 5.0]])
    rows = {"values": value_NT, "lengths": [2, 3], "codes": [1, 0], "classes": ["a", "b"], "split": [0, 2]}
    one = assembled(of_mapping(rows, ("kind",)), "error")
    other = assembled(of_mapping({"values": [[1, 2], [3, 4, 5]], "labels": ["b", "a"]}, ("kind",)), "error")
    assert one.value_NC.tolist() == other.value_NC.tolist() == [[1], [2], [3], [4], [5]]
    assert one.label is not None and other.label is not None and one.label.equals(other.label)
    assert one.label["kind"].to_list() == ["b", "a"] and one.cells["split"].tolist() == ["train", "test"]
    assert one.rows == 2 and one.channels == ("value",) and one.asks == "series"
    assert one.row_S is not None and other.row_S is not None and one.row_S.tolist() == other.row_S.tolist()


def test_labels_may_be_numbers_of_the_series_or_of_its_steps() -> None:
    values = [[1.0, 2.0], [3.0, 4.0, 5.0]]
    values_of = of_mapping({"values": values, "labels": [[0.5], [1.5]]}, ("y",))
    assert values_of.label is not None and values_of.label["y"].to_list() == ["0.5", "1.5"] and not values_of.steps
    several = of_mapping({"values": values, "labels": [[1, 2, 3, 4], [5, 6, 7, 8]]}, ())
    assert several.label is not None and several.label.columns == [f"label {at}" for at in (1, 2, 3, 4)]
    steps = of_mapping({"values": values, "labels": [["a", "b"], ["a", "a", "b"]]}, ("tag",))
    assert steps.steps and steps.label is not None and steps.label.height == 5
    coded = of_mapping({"values": np.ones((2, 3)), "codes": [[0, 1, -1], [1, 1, 0]], "lengths": [3, 2]}, ())
    assert coded.steps and coded.label is not None and coded.label["label"].to_list() == ["0", "1", None, "1", "1"]


def test_names_are_those_of_labels_or_of_channels() -> None:
    values = [[[1.0, 2.0]], [[3.0, 4.0]]]
    assert of_mapping({"values": values, "labels": [1, 2], "names": ["a", "b"]}, ()).channels == ("a", "b")
    of_labels = of_mapping({"values": values, "labels": [[1], [2]], "lengths": [1, 1]}, ("sum",))
    assert of_labels.label is not None and of_labels.label.columns == ["sum"] and of_labels.channels == ()
    named = of_mapping({"values": values, "labels": [[1, 2, 3], [4, 5, 6]], "names": [*"uvw"]}, ())
    assert named.label is not None and named.label.columns == ["u", "v", "w"] and named.channels == ()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({"valves": [[1]]}, "there is no entry 'valves'"),
        ({"labels": [1]}, "the entry 'values' is needed"),
        ({"values": []}, "there are no series"),
        ({"values": [[1, 2]], "labels": [1, 2]}, "there are 1 series and 2 labels"),
        ({"values": [[1, 2]], "lengths": [1, 2]}, "there are 1 series and 2 lengths"),
        ({"values": [[1, 2], [[1, 2]]]}, "series 1: has 2 channels, and the first one 1"),
        ({"values": [[1, "x"]]}, "series 0: holds something that is no number"),
        ({"values": [[1, 2], []]}, "series 1: value_T or value_TD of at least one step is expected"),
        ({"values": [[1, float("inf")]]}, "series 0: holds an infinite value"),
        ({"values": [[1]], "codes": [2], "classes": ["a"]}, "has codes without a class"),
        ({"values": [[1]], "split": [7]}, "'split' holds more than 0, 1 and 2"),
        ({"values": [[1]], "names": ["a", "b"]}, "2 names are given for 1 channels"),
        ({"values": [[1, 2], [1, 2, 3]], "labels": [[1], [1, 2]]}, "as many entries as their series, or all as many"),
    ],
)
def test_arrays_that_do_not_go_together_are_refused(rows: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError) as fault:
        assembled(of_mapping(rows, ()), "error")
    assert fault.value.code == "DATA-ARRAY" and message in str(fault.value)


def test_files_are_joined_as_parts() -> None:
    one, other = (
        assembled(of_mapping({"values": values, "labels": ["a", "b"]}, ()), "error")
        for values in ([[1], [2]], [[3], [4]])
    )
    raw = joined([one, other], ("train", "test"), "folder")
    assert raw.value_NC[:, 0].tolist() == [1, 2, 3, 4] and raw.series == ("1", "2", "3", "4")
    assert raw.cells["split"].tolist() == ["train", "train", "test", "test"] and raw.cells["label"].tolist() == [
        *"abab"
    ]
    wide = assembled(of_mapping({"values": [[[1, 2]]], "labels": ["a"]}, ()), "error")
    with pytest.raises(DataError, match="it has 2 channels, and  has 1"):
        joined([one, wide], ("train", "test"), "folder")


def test_a_blank_value_is_named() -> None:
    with pytest.raises(DataError, match='row 2: column "value": the cell is blank of series "2"'):
        assembled(of_mapping({"values": [[1, 2], [np.nan, 2]]}, ()), "error")
    filled = assembled(of_mapping({"values": [[1, 2], [np.nan, 2]]}, ()), "forward")
    assert [finding.check for finding in filled.findings] == ["gaps-filled"]
