"""`pellucid explain-error`."""

from __future__ import annotations

from typing import Annotated

import typer

from pellucid.error_pages import PAGES
from pellucid.errors import UsageError, did_you_mean


def explain_error(code: Annotated[str, typer.Argument(help="A code such as DATA-CSV-TYPE.")]) -> None:
    """Explain an error code: when it is given, and what to do."""
    if code.upper() not in PAGES:
        raise UsageError("CLI-KIND", f"no error code '{code}'", hint=did_you_mean(code.upper(), PAGES))
    typer.echo(PAGES[code.upper()])
