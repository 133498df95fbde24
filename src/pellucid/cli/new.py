"""`pellucid new`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from pellucid.cli.options import Json, Target
from pellucid.errors import Place, UsageError


def new(
    data: Annotated[str, typer.Argument(help="A table, an image folder, or the name of an embedded data set.")],
    target: Target = None,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", help="The recipe file; none given: NAME.yaml here; - is standard output."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a recipe that is there.")] = False,
    as_json: Json = False,
) -> None:
    """Look at data and write a commented recipe: what was found, what looks dangerous, what will be trained."""
    from pellucid.recipe import recipe_of

    recipe, _ = recipe_of(data, target)
    from pellucid import jobs

    text, findings = jobs.new(recipe)
    path = Path(output) if output else Path(f"{Path(data).stem or Path(data).name}.yaml")
    found = [finding.as_json() for finding in findings]
    if output == "-":
        typer.echo(json.dumps({"recipe": text, "findings": found}) if as_json else text)
        return
    if path.exists() and not force:
        raise UsageError(
            "CLI-EXISTS", "there is a file here already", place=Place(str(path)), hint="--force, or -o OTHER.yaml"
        )
    jobs.write_text(path, text)
    if as_json:
        typer.echo(json.dumps({"recipe": str(path), "findings": found}))
        return
    for finding in findings:
        typer.echo(str(finding), err=True)
    typer.echo(f"recipe: {path}")
    typer.echo(f"next: pellucid check {path} && pellucid train {path}")
