"""`pellucid diagnose`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pellucid.cli.options import CodeFile, Json, read_code_file
from pellucid.errors import Place, UsageError
from pellucid.findings import Finding

if TYPE_CHECKING:
    from pellucid.code import Code
    from pellucid.jobs import Replayed


def diagnose(
    run: Annotated[Path, typer.Argument(help="A run folder: finished, stopped or still running.")],
    ignore: Annotated[
        list[str] | None, typer.Option("--ignore", metavar="CHECK", help="A check that is not to speak.")
    ] = None,
    replay: Annotated[
        bool, typer.Option("--replay", help="Do the last recorded step again: where the loss was not finite, or leapt.")
    ] = False,
    code: CodeFile = None,
    as_json: Json = False,
) -> int:
    """Say what keeps a run from learning, the cause first; exit status 6 where something is severe."""
    from pellucid import runs

    if replay:
        return _replay(run, read_code_file(code), as_json=as_json)
    found, kept = runs.diagnose(run, ignore=ignore or ()), runs.recorded(run)
    silenced = runs.silenced(run)
    if as_json:
        said = [finding.as_json() for finding in found]
        plain = {"run": str(run), "findings": said, "silenced": silenced, "recorded": [str(path) for path in kept]}
        typer.echo(json.dumps(plain))
    else:
        typer.echo(told(str(run), found))
        for check, reason in silenced.items():
            typer.echo(f"\nsilenced by the recipe: {check} ({reason})")
        if kept:
            typer.echo(f"\nkept, where the loss leapt or was not finite: {', '.join(map(str, kept))}")
            typer.echo(f"do it again: pellucid diagnose {kept[-1]} --replay")
    return 6 if any(finding.severity == "severe" for finding in found) else 0


def _replay(path: Path, code: Code | None, *, as_json: bool) -> int:
    """Does a recorded step again; `path` is its file, or a run."""
    from pellucid import jobs, runs

    files = [path] if path.is_file() else runs.recorded(path)
    if not files:
        raise UsageError("CLI-RUN", "no step was recorded here", place=Place(str(path)))
    done = jobs.replay(files[-1], code.bind if code else None)
    if as_json:
        typer.echo(json.dumps({"file": str(files[-1]), **done.as_json()}))
    else:
        typer.echo(_done(files[-1], done))
    return 0


def _done(path: Path, done: Replayed) -> str:
    first = f"first not finite: {done.bad}" if done.bad else "everything in it is finite"
    rows = done.about["rows"]
    lines = [str(path), f"step {done.step}: loss {done.loss:g}; {first}"]
    lines.append(f"rows: {', '.join(map(str, rows[:10]))}{', ...' if len(rows) > 10 else ''}")
    for step in done.about["steps"]:
        lines.append(f"  step {step['step']}: loss {step['loss']}, rate {step['learning_rate']:g}")
    lines.append(
        "as recorded" if done.same else f"recorded: loss {done.about['loss']}; this machine computes otherwise"
    )
    return "\n".join(lines)


def told(name: str, found: Sequence[Finding]) -> str:
    """The findings as text, numbered, the cause first."""
    if not found:
        return f"{name}: nothing found"
    lines = [f"{name}: {len(found)} finding{'s' if len(found) > 1 else ''}"]
    for number, finding in enumerate(found, 1):
        where = f" in {finding.place}" if finding.place else ""
        lines += ["", f"{number}. {finding.severity} [{finding.check}]{where}", f"   {finding.message}"]
        lines += finding.details()
    return "\n".join(lines)
