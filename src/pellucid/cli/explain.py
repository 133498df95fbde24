"""`pellucid explain`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from pellucid.cli.options import CodeFile, Json, read_code_file


def explain(
    run: Annotated[Path, typer.Argument(help="A finished run folder.")],
    row: Annotated[int, typer.Option("--row", help="Which row of the data, from 0.")] = 0,
    layer: Annotated[
        str | None, typer.Option("--layer", help="Open this layer, such as trunk.blocks.0.linear.")
    ] = None,
    unit: Annotated[int | None, typer.Option("--unit", help="Open this unit of the layer, from 0.")] = None,
    twin: Annotated[bool, typer.Option("--twin", help="Print the network as a NumPy program instead.")] = False,
    code: CodeFile = None,
    as_json: Json = False,
) -> None:
    """Walk one row through the network, layer by layer, down to one unit's inputs times weights plus bias."""
    from pellucid import jobs

    if twin:
        program = jobs.twin(run, code=read_code_file(code))
        typer.echo(json.dumps({"program": program}) if as_json else program)
        return
    walked, text = jobs.walk(run, row=row, layer=layer, unit=unit, code=read_code_file(code))
    typer.echo(json.dumps(walked) if as_json else text)
