"""JSON lines: missing keys are missing cells; the faults are in test_malformed_tables."""

from __future__ import annotations

from pellucid.data.jsonlines import parse_row, read_jsonlines


def test_keys_may_come_late_and_be_absent() -> None:
    raw = read_jsonlines(b'{"a": 1, "b": "x"}\n\n{"c": true, "a": 2.50}\n{"a": null}\n', "x.jsonl")
    assert raw.names == ["a", "b", "c"]
    assert raw.frame["a"].to_list() == ["1", "2.50", None]
    assert raw.frame["c"].to_list() == [None, "true", None]
    assert raw.line_N.tolist() == [1, 3, 4]


def test_numbers_keep_their_digits() -> None:
    assert parse_row('{"a": 12345678901234567890123}') == {"a": "12345678901234567890123"}


def test_brackets_in_texts_are_not_depth() -> None:
    assert parse_row('{"a": "' + "[" * 90 + '\\""}') == {"a": "[" * 90 + '"'}
