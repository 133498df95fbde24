"""`pellucid explain-error`: the page of a code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Tell = Callable[..., Any]


def test_a_code(tell: Tell) -> None:
    ended = tell("explain-error", "data-csv-type")
    assert ended.code == 0 and ended.out.startswith("A cell does not fit its column")


def test_an_unknown_code(tell: Tell, refused: Callable[..., str]) -> None:
    assert "did you mean 'DATA-CSV'?" in refused(tell("explain-error", "DATA-CVS"))
