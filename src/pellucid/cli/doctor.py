"""`pellucid doctor`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer.core import TyperCommand

from pellucid.errors import Place, UsageError, nearest

if TYPE_CHECKING:
    from pellucid.examine import Examined

VALUED = ("--json", "--html", "--ignore", "--fail-on", "--verify")
"""Options whose value is the next word."""
INTERRUPTED = 130
"""Exit status of a program that Ctrl-C ended."""


class Doctor(TyperCommand):
    """Everything behind `-m MODULE` is the module's own, as it is with Python itself."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        for at, word in enumerate(args):
            if word in ("-m", "--module") and at + 1 < len(args):
                return super().parse_args(ctx, [*args[: at + 2], "--", *args[at + 2 :]])
            if not word.startswith("-") and args[max(at - 1, 0)] not in VALUED:
                break  # the script
        return super().parse_args(ctx, args)


def doctor(
    command: Annotated[
        list[str] | None, typer.Argument(metavar="SCRIPT [ARGS]...", help="A PyTorch script and its arguments.")
    ] = None,
    module: Annotated[str | None, typer.Option("--module", "-m", help="A module to run instead of a script.")] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Where what was seen is written for programs.")
    ] = None,
    page: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Where the findings are written as a page.")
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option("--ignore", metavar="CHECK=REASON", help="A check that is not to count, and why; repeatable."),
    ] = None,
    fail_on: Annotated[
        Literal["severe", "warning"] | None,
        typer.Option("--fail-on", help="End with 6 on such a finding, where the script itself ends with 0."),
    ] = None,
    seeds: Annotated[
        int,
        typer.Option("--verify", min=0, max=20, help="Pairs of runs of the script, with a cure and without; 5 prove."),
    ] = 0,
) -> int:
    """Run a PyTorch script as it is, and say what keeps its network from learning.

    The options of the doctor stand before the script, its own behind it. What the script prints and how it ends stay
    as they are; the findings go to standard error once it is over, also after an exception or a termination (a script
    that calls os._exit ends before they can be told). Several processes: torchrun --nproc-per-node 2 -m pellucid
    doctor train.py; the first of them tells.

    With --verify the script is run again, in processes of its own: with several seeds, as it is and with what may cure
    the first finding. What it writes to disk it writes again. Cures that take an edit are shown as one, unverified.
    """
    name, args = _command(command or [], module)
    reasons = {check: reason for check, _, reason in (given.partition("=") for given in ignore or [])}
    options = [f"--ignore={given}" for given in ignore or []] + ([f"--fail-on={fail_on}"] if fail_on else [])
    json_file, page = (_place(path) for path in (json_file, page))
    files = {"--json": json_file, "--html": page}
    options += [f"{option}={path}" for option, path in files.items() if path is not None]
    from pellucid.examine import Proving, examine

    status: list[int] = []

    def end(examined: Examined) -> None:
        status.append(INTERRUPTED if examined.interrupted else 6 if examined.fails(fail_on) else 0)
        _tell(examined, json_file, page)
        if behind:
            _say(f"doctor: {', '.join(behind)} went to the script: options of the doctor stand before it")

    given = {"--json": json_file, "--html": page, "--ignore": ignore, "--fail-on": fail_on, "--verify": seeds}
    words = {word.partition("=")[0] for word in args}
    behind = [option for option, value in given.items() if option in words and not value]
    code = examine(name, args, module=module is not None, ignore=reasons, options=options,
                   proving=Proving(seeds, _say) if seeds else None, on_end=end)  # fmt: skip
    return code or next(iter(status), 0)


def _place(path: Path | None) -> Path | None:
    """Where a file goes, wherever the script goes meanwhile.

    Raises: UsageError where it cannot be written: that is known before the training.
    """
    if path is None:
        return None
    if not os.access(path.absolute().parent, os.W_OK) or path.is_dir():
        raise UsageError("CLI-USAGE", "no file can be written here", place=Place(str(path)))
    return path.absolute()


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _command(given: list[str], module: str | None) -> tuple[str, list[str]]:
    """What is run, and what it is given."""
    if module is not None:
        return module, given
    if not given:
        raise UsageError("CLI-USAGE", "a script or -m MODULE is needed", hint="such as pellucid doctor train.py")
    path = Path(given[0])
    if path.is_dir() and not (path / "__main__.py").is_file():
        raise UsageError("CLI-USAGE", "this is a folder, not a script", place=Place(given[0]))
    if not path.exists():
        raise UsageError("CLI-USAGE", "there is no such script", place=Place(given[0]), hint=_meant(path))
    return given[0], given[1:]


def _meant(path: Path) -> str | None:
    if path.name.startswith("python"):
        return "leave it out: pellucid doctor train.py"
    if path.suffix != ".py" and path.name == str(path):
        return f"a module is run by its name: pellucid doctor -m {path}"
    close = nearest(path.name, [other.name for other in path.parent.glob("*.py")])
    return f"did you mean '{path.with_name(close)}'?" if close else None


def _tell(examined: Examined, json_file: Path | None, page: Path | None) -> None:
    with suppress(OSError, ValueError):  # a pipe that nobody reads any more, or a stream that the script closed
        sys.stdout.flush()
    print("\n".join(examined.lines()), file=sys.stderr)
    writers: list[tuple[Path | None, Callable[[], str]]] = [(json_file, examined.json), (page, examined.page)]
    for path, write in writers:
        if path is not None:
            try:
                path.write_text(write(), encoding="utf-8")
            except OSError as fault:
                print(f"doctor: {path} could not be written: {fault.strerror}", file=sys.stderr)
