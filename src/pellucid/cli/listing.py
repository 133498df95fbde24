"""`pellucid list`."""

from __future__ import annotations

import json
from typing import Annotated, Literal

import typer

from pellucid.cli.options import Json


def listing(
    what: Annotated[
        Literal["runs", "data", "kinds"], typer.Argument(help="runs, data (embedded sets) or kinds.")
    ] = "runs",
    as_json: Json = False,
) -> None:
    """List the runs here, the embedded data sets, or every kind a recipe can name."""
    from pellucid.runs import listed

    rows = listed(what)
    if as_json:
        typer.echo(json.dumps(rows))
        return
    if not rows:
        typer.echo("no runs here yet; try: pellucid train digits", err=True)
    names = dict.fromkeys(name for row in rows for name in row)
    widths = {name: max(len(str(row.get(name, ""))) for row in rows) for name in names}
    for row in rows:
        typer.echo("  ".join(str(row.get(name, "")).ljust(width) for name, width in widths.items()).rstrip())
