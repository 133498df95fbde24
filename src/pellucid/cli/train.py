"""`pellucid train`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pellucid.cli.options import CodeFile, Device, Json, Quiet, Seed, Settings, Target, read_code_file, read_settings
from pellucid.errors import UsageError
from pellucid.record import Event, Found

if TYPE_CHECKING:
    from pellucid.cli.progress import Progress
    from pellucid.code import Code
    from pellucid.jobs import Run, Session, Watch
    from pellucid.recipe import Recipe


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
    fail_on: Annotated[
        Literal["severe"] | None, typer.Option("--fail-on", help="End with 6 as soon as the doctor finds such a thing.")
    ] = None,
    heal: Annotated[
        bool, typer.Option("--heal", help="Where the training is sick, find a cure, prove it, and train with it.")
    ] = False,
    pairs: Annotated[
        int, typer.Option("--verify", min=1, max=20, help="Pairs of trainings that prove a cure of --heal.")
    ] = 3,
    quiet: Quiet = False,
    as_json: Json = False,
) -> int:
    """Train a network and write its run folder, model and report."""
    if heal and (fail_on or no_report):
        raise UsageError("CLI-USAGE", "--heal goes on where something severe is found, and its report says how")
    from pellucid.recipe import recipe_of

    recipe, written = recipe_of(source, target, read_settings(settings, seed=seed, device=device))
    from pellucid import jobs
    from pellucid.cli.progress import Progress

    own = read_code_file(code)
    if heal:
        return _heal(recipe, written, (run, own, pairs), quiet=quiet, as_json=as_json)
    progress = None if quiet else Progress(as_json=as_json)
    watch = _failing(progress) if fail_on else progress
    result = jobs.train(recipe, run=run, written=written, code=own, report=not no_report, watch=watch)
    show(result, as_json=as_json, told=not quiet)
    severe = any(finding.severity == "severe" for finding in result.findings)
    return 6 if fail_on and severe else 0


def _failing(progress: Progress | None) -> Watch:
    """Shows what happens, and ends the training at the first severe finding."""

    def watch(session: Session, event: Event) -> bool:
        if progress is not None:
            progress(session, event)
        return isinstance(event, Found) and event.finding["severity"] == "severe"

    return watch


def _heal(
    recipe: Recipe, written: str | None, given: tuple[Path | None, Code | None, int], *, quiet: bool, as_json: bool
) -> int:
    from pellucid import heal as healing
    from pellucid.cli.progress import Progress

    run, code, pairs = given
    tell = (lambda line: None) if quiet or as_json else (lambda line: typer.echo(line, err=True))
    watch = None if quiet else lambda: Progress(as_json=as_json)
    healed = healing.heal(recipe, run=run, code=code, seeds=pairs, written=written, watch=watch, tell=tell)
    if as_json:
        typer.echo(json.dumps(healed.as_json()))
        return 6 if healed.word == "not cured" else 0
    if healed.run is not None:
        show(healed.run, as_json=False, told=not quiet)
    elif healed.fault is not None:
        typer.echo(healed.fault.lines(), err=True)
    typer.echo(f"healing: {'nothing was needed' if healed.word == 'healthy' else healed.word}")
    for one in healed.tries:
        typer.echo(f"  {one.said()}")
    return 6 if healed.word == "not cured" else 0


def show(result: Run, *, as_json: bool, told: bool = False) -> None:
    """Prints how a training ended.

    Args:
        told: whether findings were shown when they came, so that only the severe ones are repeated.
    """
    if as_json:
        typer.echo(json.dumps(result.as_json()))
        return
    from pellucid.metrics.catalogue import metric

    assert result.recipe.task is not None and result.recipe.task.metrics is not None
    spoken = ("severe",) if told else ("severe", "warning")
    for finding in result.findings:
        if finding.severity in spoken:
            typer.echo(str(finding), err=True)
    if any(finding.severity == "severe" for finding in result.findings):
        typer.echo(f"next: pellucid diagnose {result.folder}, then pellucid treat {result.folder} --verify 3", err=True)
    chosen = result.recipe.task.metrics[0]
    shown = ", ".join(f"{part} {scores[chosen]:.4f}" for part, scores in result.metrics.items())
    typer.echo(f"{metric(chosen).title}: {shown}")
    typer.echo(f"run: {result.folder}")
    if result.report:
        typer.echo(f"report: {result.report}")
