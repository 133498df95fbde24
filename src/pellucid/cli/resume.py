"""`pellucid resume`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pellucid.cli.options import CodeFile, Json, Quiet, read_code_file
from pellucid.cli.train import show


def resume(
    run: Annotated[Path, typer.Argument(help="A run folder.")],
    epochs: Annotated[int | None, typer.Option("--epochs", min=1, help="Train to this many epochs instead.")] = None,
    allow_inexact: Annotated[
        bool, typer.Option("--allow-inexact", help="Go on though machine or versions differ.")
    ] = False,
    no_report: Annotated[bool, typer.Option("--no-report", help="Do not write report.html.")] = False,
    code: CodeFile = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Go on with a run that was stopped or killed, bit for bit as if it had not been."""
    from pellucid import jobs
    from pellucid.cli.progress import Progress

    watch = None if quiet else Progress(as_json=as_json)
    result = jobs.resume(
        run, epochs=epochs, inexact=allow_inexact, code=read_code_file(code), report=not no_report, watch=watch
    )
    show(result, as_json=as_json, told=not quiet)
