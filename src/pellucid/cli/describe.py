"""`pellucid describe`."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from pellucid.cli.options import Json


def describe(
    kind: Annotated[str, typer.Argument(help="A kind, such as mlp, cosine or recipe.")], as_json: Json = False
) -> None:
    """Explain one kind: what it is, its fields, their defaults."""
    from pellucid.runs import described

    value = described(kind)
    if as_json:
        typer.echo(json.dumps(value))
        return
    typer.echo(f"{value['kind']} ({value['is']}): {value['meaning']}")
    for row in value["fields"]:
        typer.echo(f"  {row['field']}: {row['type']} = {row['default']}\n      {row['meaning']}")
    if value["reference"]:
        typer.echo(f"  {value['reference']}")
