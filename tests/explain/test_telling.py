"""Words of a walkthrough: columns and numbers."""

from __future__ import annotations

from pellucid.explain.telling import columns, number


def test_columns_are_aligned_and_do_not_trail():
    rows = [["age", "1"], ["debt", "-20"]]
    assert columns(rows) == ["  age   1", "  debt  -20"]
    assert columns(rows, (1,)) == ["  age     1", "  debt  -20"]
    assert columns([["age", ""], ["a", "b"]])[0] == "  age"
    assert columns([]) == []


def test_numbers():
    assert [number(value) for value in (1.23456, 0.0, 1e-9, None)] == ["1.235", "0", "1e-09", "-"]
    assert number(1.23456789, 6) == "1.23457"
