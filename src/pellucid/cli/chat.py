"""`pellucid chat`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from pellucid.cli.options import CodeFile, Json, read_code_file
from pellucid.errors import UsageError


def chat(
    run: Annotated[Path, typer.Argument(help="A finished run that learnt to write answers to questions.")],
    ask: Annotated[str | None, typer.Option("--ask", help="Answer this one question, and end.")] = None,
    code: CodeFile = None,
    as_json: Json = False,
) -> None:
    """Answer questions, a line each, until Ctrl-D: with a known answer where there is one, else a written one."""
    from pellucid import jobs

    if as_json and ask is None:
        raise UsageError(
            "CLI-USAGE", "--json prints one object, and goes with one question", hint="--ask 'What is ...?'"
        )
    talk = jobs.chat(run, code=read_code_file(code))
    for question in _lines() if ask is None else [ask]:
        reply = talk.reply(question)
        if as_json:
            typer.echo(json.dumps(reply._asdict()))
            continue
        typer.echo(reply.answer)
        sys.stdout.flush()
        how = "known" if reply.known else "written by the network"
        typer.echo(f"  {how}; likeness to what is known {reply.cosine:.2f}, known from {reply.threshold:.2f}", err=True)


def _lines() -> Iterator[str]:
    """The lines of standard input that are not blank; a person is asked for them."""
    person = sys.stdin.isatty()
    while True:
        if person:
            typer.echo("> ", nl=False, err=True)
        line = sys.stdin.buffer.readline()
        if not line:
            break
        if line.strip():
            yield line.decode("utf-8", "replace").strip()
    if person:
        typer.echo(err=True)
