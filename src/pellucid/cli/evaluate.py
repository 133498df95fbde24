"""`pellucid evaluate`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from pellucid.cli.options import CodeFile, Json, followable, read_code_file


def evaluate(
    model: Annotated[Path, typer.Argument(help="A run folder or a model folder.")],
    data: Annotated[str, typer.Argument(help="Labelled rows.")],
    code: CodeFile = None,
    as_json: Json = False,
) -> None:
    """Score a model on labelled rows."""
    from pellucid import jobs

    loaded = jobs.load(model, read_code_file(code))
    with followable():
        scores = loaded.evaluate(data)
    if as_json:
        typer.echo(json.dumps({name: None if value != value else value for name, value in scores.items()}))
        return
    for name, value in scores.items():
        typer.echo(f"{name}: {value:.6g}" if value == value else f"{name}: undefined here")
