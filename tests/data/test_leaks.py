"""What only a finished split can show."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.data.leaks import check_parts, shared_groups, shared_rows, shared_time
from pellucid.data.splitting import ByColumn, Facts, Hash, Stratified
from pellucid.errors import DataError

PART = np.array([0, 0, 0, 0, 1, 1, 2, 2], np.uint8)


def facts(codes: list[int]) -> Facts:
    return Facts(np.arange(8, dtype=np.uint64), np.array(codes))


def test_a_healthy_split_has_no_findings() -> None:
    assert check_parts(PART, facts([0, 1, 0, 1, 0, 1, 0, 1]), ("a", "b"), Hash()) == ()


def test_a_class_missing_from_train_is_an_error() -> None:
    with pytest.raises(DataError, match='no row of class "b"') as caught:
        check_parts(PART, facts([0, 0, 0, 0, 0, 1, 0, 1]), ("a", "b"), Hash())
    assert caught.value.code == "DATA-SPLIT-CLASS"


def test_a_class_missing_from_test_is_a_finding() -> None:
    found = check_parts(PART, facts([0, 1, 0, 1, 0, 1, 0, 0]), ("a", "b"), Hash())
    assert [(item.check, item.place) for item in found] == [("class-missing", "test")]


def test_an_empty_part_is_an_error_unless_it_was_asked_for() -> None:
    part_N = np.zeros(8, np.uint8)
    with pytest.raises(DataError, match="the valid part of the split is empty"):
        check_parts(part_N, facts([0, 1] * 4), ("a", "b"), Stratified())
    assert check_parts(part_N, facts([0, 1] * 4), ("a", "b"), Stratified(valid=0, test=0)) == ()


def test_shared_rows_groups_and_moments() -> None:
    rows = np.array([1, 2, 3, 4, 1, 6, 7, 8], np.uint64)
    assert shared_rows(rows, PART)[0].evidence["rows"] == 1
    assert shared_rows(np.arange(8, dtype=np.uint64), PART) == ()
    (rare,), (common,) = (shared_rows(rows, PART, lambda chance=chance: np.full(8, chance)) for chance in (0.01, 0.2))
    assert rare.severity == "warning" and "too good" in rare.message
    assert common.severity == "info" and "to be expected" in common.message
    names = np.array(["a", "a", "b", "b", "c", "c", "a", "d"], object)
    assert shared_groups("p", names, PART)[0].severity == "severe"
    assert shared_groups("p", names[[0, 0, 2, 2, 4, 4, 7, 7]], PART) == ()
    when = np.arange(8.0)
    assert shared_time("t", when, PART) == ()
    assert shared_time("t", when[::-1], PART)[0].evidence["share"] == 1.0


def test_parts_that_are_called_so_get_a_hint_that_names_them() -> None:
    part_N = np.array([0, 0, 0, 0, 2, 2, 2, 2], np.uint8)
    with pytest.raises(DataError) as caught:
        check_parts(part_N, facts([0, 1] * 4), ("a", "b"), ByColumn(column="split"))
    assert caught.value.hint == "call some of them valid, where others are called train and test"
