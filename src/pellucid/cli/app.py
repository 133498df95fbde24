"""The command line: one verb a file, one line an error, exit codes that mean something."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
import traceback
from contextlib import suppress
from pathlib import Path

import typer
from typer.exceptions import TyperException

from pellucid import __version__
from pellucid.cli import (
    chat,
    check,
    describe,
    diagnose,
    doctor,
    evaluate,
    explain,
    explain_error,
    generate,
    inspect,
    listing,
    new,
    predict,
    report,
    resume,
    schema,
    status,
    train,
    treat,
)
from pellucid.devices import set_spin_count
from pellucid.errors import PellucidError, UsageError

app = typer.Typer(
    name="pellucid",
    help="Train neural networks you can see through.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("new")(new.new)
app.command("check")(check.check)
app.command("train")(train.train)
app.command("resume")(resume.resume)
app.command("predict")(predict.predict)
app.command("generate")(generate.generate)
app.command("chat")(chat.chat)
app.command("evaluate")(evaluate.evaluate)
app.command("diagnose")(diagnose.diagnose)
app.command("treat")(treat.treat)
app.command("doctor", cls=doctor.Doctor, context_settings={"allow_interspersed_args": False})(doctor.doctor)
app.command("explain")(explain.explain)
app.command("explain-error")(explain_error.explain_error)
app.command("status")(status.status)
app.command("inspect")(inspect.inspect)
app.command("report")(report.report)
app.command("list")(listing.listing)
app.command("describe")(describe.describe)
app.command("schema")(schema.schema)


def _version(value: bool) -> None:
    if value:
        typer.echo(f"pellucid {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    """Train neural networks you can see through."""


def main(arguments: list[str] | None = None) -> None:
    """Runs one command; the exit status says how it ended (docs/errors.md)."""
    set_spin_count()
    given = sys.argv[1:] if arguments is None else arguments
    status = run(given)
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        pass  # the reader of a pipe has seen enough
    if given[:1] == ["doctor"]:
        sys.exit(status)  # what a person's script left to do at the end is done
    # taking torch apart again at the end of the process costs up to half a second, and everything is on disk
    os._exit(status)


def run(given: list[str]) -> int:
    """Runs one command and returns its exit status; errors are told on standard error."""
    try:
        result = app(given or ["--help"], standalone_mode=False, prog_name="pellucid")
    except PellucidError as fault:
        return _tell(fault, "--json" in given)
    except typer.Exit as fault:
        return fault.exit_code
    except (typer.Abort, KeyboardInterrupt):
        return 130
    except TyperException as fault:
        message, _, hint = fault.format_message().partition(". ")
        message = message[:1].lower() + message[1:].rstrip(".").replace("Value error, ", "")
        return _tell(
            UsageError("CLI-USAGE", message, hint=hint or "pellucid --help, or pellucid VERB --help"), "--json" in given
        )
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):
            return 0  # typer ends with 1 where the reader of a pipe has seen enough
        raise
    except Exception as fault:  # noqa: BLE001 - whatever is not a PellucidError is a bug of ours: one line and a file
        return _bug(fault, "--json" in given)
    return result if isinstance(result, int) else 0


def _tell(fault: PellucidError, as_json: bool) -> int:
    if as_json:
        typer.echo(json.dumps(fault.as_json()))
    typer.echo(fault.lines(), err=True)
    return fault.exit_code


def _bug(fault: Exception, as_json: bool) -> int:
    name = f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.txt"
    where = None
    for folder in (Path("crash"), Path(tempfile.gettempdir()) / "pellucid-crash"):
        with suppress(OSError):  # a folder that cannot be written must not hide the fault
            folder.mkdir(exist_ok=True)
            (folder / name).write_text("".join(traceback.format_exception(fault)), encoding="utf-8")
            where = folder / name
            break
    message = f"{type(fault).__name__}: {str(fault).splitlines()[0] if str(fault) else ''}"
    told = f"the details are in {where}" if where else "its details could not be written"
    return _tell(PellucidError("BUG", message, hint=f"this is a fault of pellucid; {told}"), as_json)
