from __future__ import annotations

import pytest

from pellucid.data.image_labels import labelled
from pellucid.data.image_raw import Wanted
from pellucid.errors import DataError


def told(*labels: str, **wanted: object) -> tuple[object, object, tuple[str, ...], dict[str, str]]:
    notes: dict[str, str] = {}
    found = labelled([(label,) for label in labels], ("x",), Wanted(**wanted), notes, "s")  # pyright: ignore[reportArgumentType]
    codes, values, classes = found
    return (
        None if codes is None else codes.tolist(),
        None if values is None else values.tolist(),
        classes,
        notes,
    )


def test_whole_numbers_are_classes_and_fractions_values():
    assert told("10", "9", "10") == ([1, 0, 1], None, ("9", "10"), {})
    assert told("1.5", "2") == (None, [[1.5], [2.0]], (), {})
    assert told("1.5", "b")[0] == [0, 1]
    assert told("1", "2", values=True)[1] == [[1.0], [2.0]]
    with pytest.raises(DataError, match="no number"):
        told("1", "nan", values=True)


def test_several_columns_are_numbers():
    assert labelled([("1", "2"), ("3", "4")], ("x", "y"), Wanted(), {}, "s")[1] is not None
    with pytest.raises(DataError, match="must all be numbers"):
        labelled([("1", "a")], ("x", "y"), Wanted(), {}, "s")


def test_known_classes_stay_and_new_ones_are_told():
    assert told("b", "a", classes=("b", "a"))[:3] == ([0, 1], None, ("b", "a"))
    codes, _, classes, notes = told("b", "c", classes=("b", "a"))
    assert codes is None and classes == ("b", "a") and '"c"' in notes["labels not used"]
    assert labelled([()], ("x",), Wanted(), {}, "s") == (None, None, ())


def test_a_constant_value_has_nothing_to_learn():
    with pytest.raises(DataError, match=r'"x" is 1\.5 for every image') as caught:
        told("1.5", "1.5")
    assert caught.value.code == "DATA-TARGET-CONSTANT"
    assert told("1.5", "1.5", values=True, classes=())[1] == [[1.5], [1.5]], "new images may be alike"
