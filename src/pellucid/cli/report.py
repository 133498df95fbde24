"""`pellucid report`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from pellucid.cli.options import CodeFile, read_code_file


def report(
    run: Annotated[Path, typer.Argument(help="A finished run folder.")],
    form: Annotated[
        Literal["path", "text", "json"], typer.Option("--format", help="path of the page, text, or json.")
    ] = "path",
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    code: CodeFile = None,
) -> None:
    """Print the report of a run, or the path of its page; it is made where the run was trained without one."""
    if not (run / "report.html").exists():
        from pellucid import jobs

        jobs.report(run, code=read_code_file(code))
    from pellucid.runs import read_report

    if as_json or form == "json":
        typer.echo(json.dumps(read_report(run)))
    elif form == "text":
        from pellucid.report import text

        typer.echo(text.render(read_report(run)))
    else:
        typer.echo(str(run / "report.html"))
