"""`pellucid inspect`."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from pellucid.cli.options import Json, Target


def inspect(
    path: Annotated[str, typer.Argument(help="A run, a model, a checkpoint, a recipe, or data.")],
    target: Target = None,
    as_json: Json = False,
) -> None:
    """Say what something is; files of runs and models are checked against their hashes."""
    from pellucid.runs import inspect as look

    value = look(path, target)
    if as_json:
        typer.echo(json.dumps(value))
        return
    _show(value, 0)


DULL = {"frames": 1, "length": 0, "rate": 0, "pieces": False, "horizon": 0, "window": 0, "season": 1}
"""What a signature says of things that its data does not have."""


SHORT = 20
"""Characters of values that share a line."""


def _show(value: object, depth: int) -> None:
    pad = "  " * depth
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list | tuple) else []
    for name, item in items:
        if isinstance(name, str) and name in DULL and item == DULL[name]:
            continue
        if isinstance(item, list | tuple) and all(_is_short(one) for one in item):
            item = ", ".join(_text(one) for one in item)
        if isinstance(item, dict | list | tuple) and item:
            typer.echo(f"{pad}{name}:")
            _show(item, depth + 1)
        elif item not in (None, "", [], {}, ()):
            typer.echo(f"{pad}{name}: {_text(item)}")


def _is_short(item: object) -> bool:
    return not isinstance(item, dict | list | tuple) and len(_text(item)) <= SHORT


def _text(item: object) -> str:
    """A value on one line."""
    return json.dumps(item, ensure_ascii=False) if isinstance(item, str) and "\n" in item else str(item)
