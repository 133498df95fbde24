"""`pellucid schema`."""

from __future__ import annotations

import json

import typer


def schema() -> None:
    """Print the JSON Schema of a recipe, for completion and checks in an editor."""
    from pellucid import parts
    from pellucid.recipe import Recipe

    typer.echo(json.dumps(parts.schema(Recipe), indent=1))
