"""`pellucid treat`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pellucid.cli.options import CodeFile, Json, Quiet, read_code_file

if TYPE_CHECKING:
    from pellucid.treat import Treated


def treat(
    run: Annotated[Path, typer.Argument(help="A run folder.")],
    finding: Annotated[
        str | None, typer.Argument(help="The finding to treat, such as vanishing-gradient; the first of the run.")
    ] = None,
    seeds: Annotated[
        int, typer.Option("--verify", min=0, max=20, help="Pairs of trainings with and without; 5 can prove a cure.")
    ] = 0,
    every: Annotated[
        bool, typer.Option("--all", help="Try every treatment and rank them, instead of ending at the first proved.")
    ] = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Where the better recipe goes.")] = None,
    code: CodeFile = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> int:
    """Change the recipe so that a finding is cured; with --verify, prove it, and end with 6 where nothing helps."""
    from pellucid import treat as treating
    from pellucid.documents import write_yaml
    from pellucid.files import write_atomic

    tell = (lambda line: None) if quiet or as_json else (lambda line: typer.echo(line, err=True))
    treated = treating.treat(run, finding, seeds=seeds, every=every, code=read_code_file(code), tell=tell)
    better = treated.better
    if better is not None and output is not None:
        write_atomic(output, write_yaml(better.dump()).encode())
    if as_json:
        verdicts = [verdict.as_json() for verdict in treated.verdicts]
        said = {"run": str(run), "finding": treated.finding.as_json(), "verdicts": verdicts,
                "recipe": None if better is None else better.dump()}  # fmt: skip
        typer.echo(json.dumps(said))
    else:
        typer.echo(f"{treated.finding.check}: {_end(treated, output)}")
    return 0 if better is not None else 6


def _end(treated: Treated, output: Path | None) -> str:
    from pellucid.treat import changes

    if treated.better is None:
        return "not cured"
    where = f"; the recipe is in {output}" if output else "; -o better.yaml writes the recipe"
    if treated.verdicts:
        cured = next(verdict for verdict in treated.verdicts if verdict.word != "not cured")
        return f"{cured.word}: {cured.treatment}{where}"
    return f"{changes(treated)}{where}\nunproved: --verify 5 trains with and without it"
