"""Runs Python programs as `python ...` would, but as children of one process that has torch loaded."""

from __future__ import annotations

import multiprocessing
import os
import resource
import runpy
import sys
import tempfile
import traceback
from functools import cache
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import NamedTuple

LOADED = ["torch", "torch._dynamo", "sklearn.datasets", "pellucid.doctor.diagnose", "pellucid.doctor.script.launch"]
"""What most programs, and the doctor, import."""


class Done(NamedTuple):
    """How a program ended."""

    code: int | None
    """Its exit status; None where it was ended because its time was over."""
    out: str
    errors: str
    seconds: float
    """Of the processor."""


def run(arguments: list[str], limit: float = 240.0) -> Done:
    """Runs what stands behind `python`: a program or `-m module`, with its arguments, in an empty folder.

    Args:
        limit: seconds of the wall after which it is ended.
    """
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        child = _context().Process(target=_child, args=(arguments, folder))
        child.start()
        child.join(limit)
        late = child.is_alive()
        if late:
            child.kill()
            child.join()
        out, errors = ((place / name).read_text("utf-8", "replace") for name in (".out", ".errors"))
        spent = place / ".seconds"
        seconds = float(spent.read_text()) if spent.exists() else limit
        return Done(None if late else child.exitcode, out, errors, seconds)


@cache
def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(LOADED)
    return context


def _child(arguments: list[str], folder: str) -> None:
    os.chdir(folder)
    for name, number in ((".out", 1), (".errors", 2)):
        held = os.open(name, os.O_WRONLY | os.O_CREAT)
        os.dup2(held, number)
        os.close(held)
    code = 1
    try:
        code = _run(arguments)
    finally:
        sys.stdout.flush()
        used = resource.getrusage(resource.RUSAGE_SELF)
        Path(folder, ".seconds").write_text(f"{used.ru_utime + used.ru_stime}", encoding="utf-8")
    sys.exit(code)


def _run(arguments: list[str]) -> int:
    try:
        if arguments[0] == "-m":
            sys.argv, sys.path[0] = arguments[1:], ""
            runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
        else:
            sys.argv, sys.path[0] = arguments, os.path.dirname(arguments[0])
            runpy.run_path(arguments[0], run_name="__main__")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except Exception:  # noqa: BLE001 - whatever ends a program is what it says at its end
        traceback.print_exc()
        return 1
    return 0
