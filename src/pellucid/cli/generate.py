"""`pellucid generate`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from pellucid.cli.options import CodeFile, Json, read_code_file
from pellucid.errors import UsageError


def generate(
    run: Annotated[Path, typer.Argument(help="A run folder or a model folder of a language model or a translation.")],
    prompt: Annotated[
        str, typer.Option("--prompt", "-p", help="How the text begins, or the sentence to translate; - is stdin.")
    ] = "",
    length: Annotated[int, typer.Option("--length", "-n", help="Tokens to write, at most.")] = 200,
    temperature: Annotated[
        float, typer.Option("--temperature", help="Below 1 safer, above 1 bolder; 0: always the likeliest.")
    ] = 1.0,
    top_k: Annotated[
        int | None, typer.Option("--top-k", help="Draw among this many likeliest tokens only; 0: all.")
    ] = None,
    top_p: Annotated[
        float, typer.Option("--top-p", help="Draw among the likeliest tokens that have this share; 1: all.")
    ] = 0.9,
    repetition: Annotated[
        float, typer.Option("--repetition", help="Above 1: tokens that were written lately become less likely.")
    ] = 1.0,
    seed: Annotated[int, typer.Option("--seed", help="The same seed writes the same text.")] = 0,
    count: Annotated[int, typer.Option("--count", min=1, help="How many texts.")] = 1,
    code: CodeFile = None,
    as_json: Json = False,
) -> None:
    """Write text: go on from a beginning, as it comes; or translate a sentence."""
    from pellucid import jobs

    loaded, begin = jobs.load(run, read_code_file(code)), _prompt(prompt)
    how = {"length": length, "temperature": temperature, "top_k": top_k, "top_p": top_p, "repetition": repetition}
    texts = [jobs.generate(loaded, begin, **how, seed=seed + number) for number in range(count)]
    for finding in texts[0].findings:
        typer.echo(str(finding), err=True)
    for number, text in enumerate(texts):
        if not as_json:
            _say(("\n" if number else "") + (begin if text.continues else ""))
        for piece in text:
            if not as_json:
                _say(piece)
        if not as_json:
            _say("\n")
    if as_json:
        found = [finding.as_json() for finding in texts[0].findings]
        typer.echo(json.dumps({"prompt": begin, "texts": [text.as_json() for text in texts], "findings": found}))


def _say(piece: str) -> None:
    """A piece of text at once, also into a pipe."""
    sys.stdout.write(piece)
    sys.stdout.flush()


def _prompt(given: str) -> str:
    """The text of --prompt, or of standard input."""
    try:
        return sys.stdin.buffer.read().decode() if given == "-" else given.encode().decode()
    except UnicodeError:
        where = "standard input" if given == "-" else "--prompt"
        raise UsageError("CLI-USAGE", f"{where} is not UTF-8", hint="save it as UTF-8") from None
