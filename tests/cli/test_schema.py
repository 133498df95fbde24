"""`pellucid schema`: the JSON Schema of a recipe."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Tell = Callable[..., Any]


def test_it_is_a_schema(tell: Tell) -> None:
    ended = tell("schema")
    assert ended.code == 0
    value = ended.value
    assert value["type"] == "object" and {"data", "model", "optimizer", "seed"} <= value["properties"].keys()
    named: set[str] = set()

    def walk(item: Any) -> None:
        if isinstance(item, dict):
            named.update([item["$ref"]] if isinstance(item.get("$ref"), str) else [])
            for inner in item.values():
                walk(inner)
        elif isinstance(item, list):
            for inner in item:
                walk(inner)

    walk(value)
    assert named and all(ref.removeprefix("#/$defs/") in value["$defs"] for ref in named)
