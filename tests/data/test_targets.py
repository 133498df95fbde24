"""Classes, labels or values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pellucid.data.signature import Target
from pellucid.data.table import Table
from pellucid.data.targets import class_order, target_codes
from pellucid.errors import DataError

ROWS = 120


def target_of(told: dict[str, Any] | None = None, **columns: list[Any]) -> Target:
    table = Table(target=tuple(columns), columns=told or {})
    raw = table.from_frame({"x": [row * 37 % 101 / 7 for row in range(ROWS)], **columns})
    found = table.inspect(raw).target
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("cells", "kind", "classes"),
    [
        ([0, 1] * 60, "classes", ("0", "1")),
        ([0.0, 1.0] * 60, "classes", ("0", "1")),
        ([10, 9, 2] * 40, "classes", ("2", "9", "10")),
        (["b", "a", "C"] * 40, "classes", ("C", "a", "b")),
        ([True, False] * 60, "classes", ("false", "true")),
        ([row * 0.25 for row in range(ROWS)], "values", ()),
        (list(range(ROWS)), "values", ()),
        ([0.5, 1.5] * 60, "values", ()),
    ],
)
def test_kinds(cells: list[Any], kind: str, classes: tuple[str, ...]) -> None:
    found = target_of(y=cells)
    assert (found.kind, found.classes) == (kind, classes)
    assert found.why and (kind == "values" or sum(found.counts) == ROWS)


def test_few_rows_with_different_whole_numbers_are_values() -> None:
    table = Table(target="y")
    target = table.inspect(table.from_frame({"x": [1.5, 2, 3, 4, 5, 6], "y": [2, 4, 6, 8, 10, 12]})).target
    assert target is not None and target.kind == "values"


def test_a_person_decides_between_classes_and_values() -> None:
    assert target_of({"y": "number"}, y=[3, 4, 5] * 40).kind == "values"
    assert target_of({"y": "category"}, y=[row % 40 for row in range(ROWS)]).kind == "classes"


def test_several_targets() -> None:
    labels = target_of(a=[0, 1] * 60, b=[1, 1, 0] * 40)
    assert (labels.kind, labels.names, labels.counts) == ("labels", ("a", "b"), (60, 80))
    assert target_of(a=[row / 7 for row in range(ROWS)], b=[row % 9 for row in range(ROWS)]).kind == "values"
    with pytest.raises(DataError, match="neither"):
        target_of(a=[0, 1] * 60, b=["u", "v"] * 60)


def test_class_order_and_codes() -> None:
    assert class_order(["10", "9", "b", "a", "-1"]) == ["-1", "9", "10", "a", "b"]
    cells = Table().from_frame({"y": ["1.0", "2", "7", None], "z": ["a"] * 4}).frame["y"]
    target = Target("classes", ("y",), ("1", "2"))
    assert np.array_equal(target_codes(cells, target), [0, 1, -1, -1])
