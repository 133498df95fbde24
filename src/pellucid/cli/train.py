"""`pellucid train`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pellucid.cli.options import CodeFile, Device, Json, Quiet, Seed, Settings, Target, read_code_file, read_settings

if TYPE_CHECKING:
    from pellucid.jobs import Run


def train(
    source: Annotated[
        str,
        typer.Argument(
            help="A recipe, a table (CSV, TSV, Parquet, JSON lines), an image folder, or an embedded data set."
        ),
    ],
    target: Target = None,
    run: Annotated[
        Path | None, typer.Option("--run", help="The run folder; none given: a new one under runs/.")
    ] = None,
    settings: Settings = None,
    no_report: Annotated[bool, typer.Option("--no-report", help="Do not write report.html.")] = False,
    seed: Seed = None,
    device: Device = None,
    code: CodeFile = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Train a network and write its run folder, model and report."""
    from pellucid.recipe import recipe_of

    recipe, written = recipe_of(source, target, read_settings(settings, seed=seed, device=device))
    from pellucid import jobs
    from pellucid.cli.progress import Progress

    watch = None if quiet else Progress()
    result = jobs.train(recipe, run=run, written=written, code=read_code_file(code), report=not no_report, watch=watch)
    show(result, as_json=as_json)


def show(result: Run, *, as_json: bool) -> None:
    """Prints how a training ended."""
    if as_json:
        typer.echo(json.dumps(result.as_json()))
        return
    from pellucid.metrics.catalogue import metric

    assert result.recipe.task is not None and result.recipe.task.metrics is not None
    for finding in result.findings:
        if finding.severity != "info":
            typer.echo(str(finding), err=True)
    chosen = result.recipe.task.metrics[0]
    shown = ", ".join(f"{part} {scores[chosen]:.4f}" for part, scores in result.metrics.items())
    typer.echo(f"{metric(chosen).title}: {shown}")
    typer.echo(f"run: {result.folder}")
    if result.report:
        typer.echo(f"report: {result.report}")
