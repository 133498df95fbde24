"""The grammar of rules, and which rows break them."""

from __future__ import annotations

import pytest

from pellucid.data.columns import understand
from pellucid.data.frames import from_memory
from pellucid.data.rules import broken, parse
from pellucid.errors import DataError

FRAME = {
    "age": [30, 40, None, -1],
    "a": [1.1, 2.0, 3.0, 4.0],
    "b": [2.2, 2.0, 1.0, 4.0],
    "total": [3.3, 4.0, 9.0, 8.0],
    "start": ["2024-01-01", "2024-02-01", "2024-03-01", "2024-04-01"],
    "end date": ["2024-01-02", "2024-02-01", "2024-02-28", None],
    "state": ["open", "closed", "lost", None],
    "target": ["u", "v", "u", "v"],
}


def rows(rule: str) -> list[int]:
    raw = from_memory(FRAME)
    columns, _ = understand(raw, ("target",), {}, {})
    return [row for cells in broken(raw, (rule,), columns) for row in cells.rows]


@pytest.mark.parametrize(
    ("rule", "wanted"),
    [
        ("age >= 0", [3]),
        ("age > 30", [0, 3]),
        ("total == a + b", [2]),
        ("total - a - b == 0", [2]),
        ("a * 2 == b", [1, 2, 3]),
        ("a + b * 2 >= 5.5", [2]),
        ("a / b != 1", [1, 3]),
        ("-a < 0", []),
        ("start <= `end date`", [2]),
        ("state in {open, closed}", [2]),
        ('state not in {"lost"}', [2]),
        ("state == 'open'", [1, 2]),
        ('state != "lost"', [2]),
        ("state != target", []),
    ],
)
def test_rows_that_break_a_rule(rule: str, wanted: list[int]) -> None:
    assert rows(rule) == wanted


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "age",
        "age >=",
        ">= 3",
        "age >= 0 >= 1",
        "age = 3",
        "age in open",
        "age in {}",
        "age in {a b}",
        "a + < b",
        "a b < 3",
        "age >= __import__('os')",
        "age in {a,",
        "(a) < 3",
    ],
)
def test_what_is_no_rule(rule: str) -> None:
    with pytest.raises(ValueError, match="rule"):
        parse(rule)


@pytest.mark.parametrize(
    ("rule", "says"),
    [("aeg >= 0", "no column"), ("state >= 0", "which is category"), ("state < 'open'", "compares text")],
)
def test_rules_that_do_not_fit_the_columns(rule: str, says: str) -> None:
    with pytest.raises(DataError, match=says):
        rows(rule)
