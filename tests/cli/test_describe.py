"""`pellucid describe`: one kind and its fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Tell = Callable[..., Any]


def test_a_kind(tell: Tell) -> None:
    ended = tell("describe", "mlp")
    assert ended.code == 0 and ended.out.startswith("mlp (model): ") and "  widths: " in ended.out
    value = tell("describe", "mlp", "--json").value
    assert "widths" in [field["field"] for field in value["fields"]]
    assert tell("describe", "recipe").out.startswith("recipe (the whole): ")
