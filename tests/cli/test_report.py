"""`pellucid report`: the page, the text, the numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

Tell = Callable[..., Any]


def test_three_forms(tell: Tell, here: Path) -> None:
    assert tell("report", "runs/shop-0001").out == "runs/shop-0001/report.html\n"
    text = tell("report", "runs/shop-0001", "--format", "text").out
    assert "accuracy" in text and "Beside simpler models" in text and "<" not in text
    value = tell("report", "runs/shop-0001", "--format", "json").value
    assert value == tell("report", "runs/shop-0001", "--json").value and isinstance(value, dict)


def test_it_is_made_where_there_is_none(tell: Tell, mine: Path) -> None:
    folder = mine / "runs/shop-0002"
    assert not (folder / "report.html").exists()
    ended = tell("report", "runs/shop-0002")
    assert ended.code == 0 and (folder / "report.html").exists() and (folder / "report.json").exists()
    (folder / "report.json").unlink()
    assert tell("report", "runs/shop-0002", "--json").code == 2
