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


def _show(value: object, depth: int) -> None:
    pad = "  " * depth
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list | tuple) else []
    for name, item in items:
        if isinstance(item, dict | list | tuple) and item:
            typer.echo(f"{pad}{name}:")
            _show(item, depth + 1)
        elif item not in (None, "", [], {}, ()):
            typer.echo(f"{pad}{name}: {item}")
