"""`pellucid predict`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from pellucid.cli.options import CodeFile, Json, followable, read_code_file

FILES = frozenset({"images", "audio"})
"""Kinds of data of which each row is a file."""


def predict(
    model: Annotated[Path, typer.Argument(help="A run folder or a model folder.")],
    data: Annotated[
        list[str] | None,
        typer.Argument(
            help="A table, images, sounds, a folder, a text, series; - is standard input. Forecasts go on from the end "
            "of it, and without it from the end of what the run was trained on."
        ),
    ] = None,
    output: Annotated[
        str,
        typer.Option(
            "--output", "-o", help="Where the predictions go, as CSV (NAME.csv) or in their own form; - is stdout."
        ),
    ] = "-",
    horizon: Annotated[int | None, typer.Option("--horizon", min=1, help="How many rows to forecast.")] = None,
    expect_id: Annotated[str | None, typer.Option("--expect-id", help="Refuse a model with another id.")] = None,
    code: CodeFile = None,
    as_json: Json = False,
) -> None:
    """Predict new rows: labels with probabilities, values with 90 % intervals, sentences, or what comes next."""
    from pellucid import jobs
    from pellucid.errors import ArtifactError, Place, UsageError

    loaded = jobs.load(model, read_code_file(code))
    if expect_id is not None and loaded.model.id != expect_id:
        raise ArtifactError("FILE-ID", f"its id is {loaded.model.id}, not {expect_id}", place=Place(str(model)))
    given = data or []
    if len(given) > 1 and loaded.model.signature.kind not in FILES:
        message = f"{len(given)} files are given; a model of {loaded.model.signature.kind} takes one at a time"
        raise UsageError("CLI-USAGE", message, hint="images and sounds may be several files")
    with followable():
        predictions = loaded.predict(given if len(given) > 1 else next(iter(given), None), horizon)
    for finding in predictions.findings:
        typer.echo(str(finding), err=True)
    if predictions.files:
        jobs.write_predictions(Path(output), predictions)
    elif output != "-":
        jobs.write_text(Path(output), jobs.as_text(predictions, csv=Path(output).suffix.lower() == ".csv"))
    elif not as_json:
        sys.stdout.write(jobs.as_text(predictions))
    if as_json:
        found = [finding.as_json() for finding in predictions.findings]
        typer.echo(
            json.dumps({"rows": len(predictions), "output": output, "model": loaded.model.id, "findings": found})
        )
    elif output != "-":
        typer.echo(f"{len(predictions):,} rows: {output}", err=True)
