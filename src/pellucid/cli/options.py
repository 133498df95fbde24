"""Options that several verbs share, and how `--set path=value` is read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pellucid.documents import Plain, parse_scalar
from pellucid.errors import DataError, SchemaError, UsageError

if TYPE_CHECKING:
    from pellucid.code import Code

Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set", "-s", metavar="PATH=VALUE", help="Set one value of the recipe, such as model.widths=[64,64]."
    ),
]
Target = Annotated[str | None, typer.Option("--target", "-t", help="The column to predict (several: a,b).")]
Json = Annotated[bool, typer.Option("--json", help="Print exactly one JSON object on standard output.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")]
CodeFile = Annotated[
    Path | None, typer.Option("--code", metavar="FILE", help="A Python file with your own modules; it is run.")
]
Seed = Annotated[int | None, typer.Option("--seed", help="The root of all random numbers.")]
Device = Annotated[str | None, typer.Option("--device", help="auto, cpu, cuda or mps.")]


def read_settings(given: list[str] | None, **others: Plain) -> dict[str, Plain]:
    """`--set` values by path, and those of options that are short for one.

    Raises: UsageError for one without `=`.
    """
    settings: dict[str, Plain] = {}
    for item in given or []:
        path, sign, text = item.partition("=")
        if not sign or not path:
            raise UsageError("CLI-SET", f"--set {item}: expected PATH=VALUE", hint="such as --set model.widths=[64,64]")
        settings[path.strip()] = parse_scalar(text.strip(), f"--set {path}")
    settings |= {name: value for name, value in others.items() if value is not None}
    return settings


def read_code_file(path: Path | None) -> Code | None:
    """The code of `--code FILE`."""
    if path is None:
        return None
    from pellucid.code import read_code

    return read_code(path)


@contextmanager
def followable() -> Iterator[None]:
    """Takes out of hints what only a recipe can say: the model has been trained with one already."""
    try:
        yield
    except (DataError, SchemaError) as fault:
        kept = [part for part in (fault.hint or "").split("; ") if part and "data." not in part]
        hint = "; ".join(kept) or None
        if fault.hint and not kept:
            hint = "mend the new data; how it is read was settled when the model was trained"
        raise type(fault)(fault.code, fault.message, place=fault.place, hint=hint) from None
