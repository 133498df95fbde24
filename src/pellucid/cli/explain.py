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
    word: Annotated[str | None, typer.Option("--word", help="Show the words nearest to this one instead.")] = None,
    analogy: Annotated[
        str | None,
        typer.Option("--analogy", help="'man king woman': what is to the third word as the second to the first."),
    ] = None,
    near: Annotated[int, typer.Option("--near", min=1, help="How many words.")] = 10,
    code: CodeFile = None,
    as_json: Json = False,
) -> None:
    """Walk one row through the network, layer by layer, down to one unit's inputs times weights plus bias.

    Or look at what it has learnt of words: which are near one another.
    """
    from pellucid import jobs

    if word is not None or analogy is not None:
        found = jobs.words(run, word, analogy=analogy, near=near, code=read_code_file(code))
        width = max((len(one["word"]) for one in found), default=0)
        lines = [f"{one['word'].ljust(width)}  {one['cosine']:.3f}" for one in found]
        typer.echo(json.dumps({"words": found}) if as_json else "\n".join(lines))
        return
    if twin:
        program = jobs.twin(run, code=read_code_file(code))
        typer.echo(json.dumps({"program": program}) if as_json else program)
        return
    walked, text = jobs.walk(run, row=row, layer=layer, unit=unit, code=read_code_file(code))
    typer.echo(json.dumps(walked) if as_json else text)
