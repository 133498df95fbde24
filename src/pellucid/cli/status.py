"""`pellucid status`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from pellucid.cli.options import Json


def status(run: Annotated[Path, typer.Argument(help="A run folder.")], as_json: Json = False) -> None:
    """Say where a run stands."""
    from pellucid.runs import status as read

    value = read(run)
    if as_json:
        typer.echo(json.dumps(value))
        return
    of = f" of {value['steps']}" if value["steps"] else ""
    typer.echo(f"{value['run']}: {value['state']}, step {value['step']}{of}")
    if value["state"] == "stopped":
        typer.echo(f"  {value['why']}; go on with: pellucid resume {run}")
    looked = value["evaluated"]
    if looked:
        loss = "not finite" if looked["loss"] is None else f"{looked['loss']:.4f}"
        scores = "  ".join(f"{name} {score:.4f}" for name, score in looked["metrics"].items() if score is not None)
        typer.echo(f"  epoch {looked['epoch']}: valid loss {loss}  {scores}")
    for part, scores in value["tested"].items():
        typer.echo(
            f"  {part}: " + "  ".join(f"{name} {score:.4f}" for name, score in scores.items() if score is not None)
        )
