"""New series against a signature."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.data.frames import from_memory
from pellucid.data.series_gather import gather
from pellucid.data.series_new import beyond, read
from pellucid.data.series_roles import Asked
from pellucid.data.signature import Clock, Column, Signature, Target
from pellucid.errors import SchemaError

CLOCK = Clock("when", "", "1 hour", ("y",), horizon=2, window=3, season=4, zone="+01:00")
SIGNATURE = Signature("series", "s", 9, "", Target("future", ("y",)), clock=CLOCK)
ASKED = Asked(("y",), "when", channels=(), asks="future", new=True)


def rows(count: int, zone: str = "") -> dict[str, list[object]]:
    return {"when": [f"2024-01-01 {at:02}:00{zone}" for at in range(count)], "y": list(range(count))}


def test_the_last_rows_are_kept_at_the_offset_of_the_model() -> None:
    raw = read(rows(9, "Z"), ASKED, (), SIGNATURE)
    assert raw.value_NC[:, 0].tolist() == [5, 6, 7, 8] and raw.stamp(0) == "2024-01-01 06:00+01:00"
    assert read(rows(9), ASKED, (), SIGNATURE).stamp(0) == "2024-01-01 05:00"
    assert beyond(raw, SIGNATURE).rows == 4


def test_labelled_rows_keep_every_origin() -> None:
    asked = Asked(("y",), "when", channels=(), asks="future", new=True, labelled=True)
    raw = read(rows(9), asked, (), SIGNATURE)
    assert raw.origin_O is not None and raw.origin_O.tolist() == [4, 5, 6, 7]
    with pytest.raises(SchemaError, match=r"there are 5 rows, and 6 are needed: .* 3 rows, and a season of 4"):
        read(rows(5), asked, (), SIGNATURE)


def test_a_fault_of_the_data_is_one_of_the_schema() -> None:
    with pytest.raises(SchemaError, match="there is no such file"):
        read("nowhere.csv", ASKED, (), SIGNATURE)
    with pytest.raises(SchemaError, match="and a forecast reads a table"):
        read({"values": [np.ones(4)]}, ASKED, (), SIGNATURE)


def test_a_plain_list_of_numbers_is_a_series() -> None:
    clock = Clock("", "", "", ("y",), horizon=2, window=3)
    raw = read(
        [1.0, 2.0, 3.0, 4.0], Asked(("y",), channels=(), asks="future", new=True), (), SIGNATURE.replace(clock=clock)
    )
    assert raw.value_NC[:, 0].tolist() == [2, 3, 4]
    assert gather(from_memory({"y": [1, 2]}), Asked(horizon=1)).channels == ("y",)


def test_values_far_outside_of_what_was_known_are_counted() -> None:
    known = SIGNATURE.replace(columns=(Column("y", "number", "target", "", low=0.0, high=4.0),))
    (found,) = read(rows(9), ASKED, (), known).findings
    assert (found.check, found.place, found.evidence["rows"]) == ("outside-range", "y", 2)
    assert "2 of 4 rows hold" in found.message  # of those that are read
    assert read(rows(7), ASKED, (), known).findings == ()


def test_every_series_of_a_wide_table_has_its_own_range() -> None:
    columns = tuple(Column(name, "number", "target", "", low=0.0, high=high) for name, high in (("a", 1.0), ("b", 9.0)))
    clock = Clock("", "", "", ("value",), horizon=2, window=3)
    known = SIGNATURE.replace(clock=clock, columns=columns)
    wide = {"a": [0, 1, 9, 1], "b": [9, 8, 9, 7]}
    found = read(wide, Asked(wide=True, asks="future", new=True), (), known).findings
    assert [(one.place, one.evidence["rows"]) for one in found] == [("a", 1)]
