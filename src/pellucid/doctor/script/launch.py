"""Runs a person's script or module as Python would, under watch."""

from __future__ import annotations

import os
import runpy
import signal
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, FrameType, ModuleType, TracebackType

from pellucid.doctor.script.hooks import installed
from pellucid.doctor.script.replicas import Replica, compared
from pellucid.doctor.script.watch import Outcome, Watch


def launch(name: str, args: list[str], *, module: bool = False, on_end: Callable[[Outcome], None]) -> int:
    """Runs a script, or a module by its name, to its end; `on_end` is told what was seen, also after a signal.

    Returns: the exit code of the script.
    """
    watch, process = Watch(), os.getpid()
    replicas: list[Replica] = []

    def end(code: int) -> None:
        if os.getpid() != process:
            return  # a worker that the script forked tells nothing
        try:
            for one in replicas:
                watch.compared(one.told())
            on_end(watch.outcome(code))
        except Exception as fault:  # noqa: BLE001 - a fault of the doctor must not change how the script ends
            print(f"doctor: the findings could not be told: {type(fault).__name__}: {fault}", file=sys.stderr)

    with installed(watch), compared() as replica, _terminated(end):
        replicas += [replica] if replica else []
        code = plainly(name, args, module=module)
    end(code)
    return code


def plainly(name: str, args: list[str], *, module: bool = False) -> int:
    """Runs a script or a module as Python would; returns the exit code."""
    sys.argv = [name, *args]
    sys.path[0:1] = [os.getcwd() if module else str(Path(name).resolve().parent)]
    try:
        if module:
            runpy.run_module(name, run_name="__main__", alter_sys=True)
        elif Path(name).is_file() and not zipfile.is_zipfile(name):
            _script(os.path.abspath(name))
        else:
            runpy.run_path(name, run_name="__main__")  # a folder or an archive with a __main__.py
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    except BaseException as fault:  # noqa: BLE001 - whatever ends a script is shown as Python shows it
        trace = _theirs(fault.__traceback__)
        if trace is None and isinstance(fault, ImportError):
            print(f"{sys.executable}: {fault}", file=sys.stderr)
        else:
            sys.excepthook(type(fault), fault.with_traceback(trace), trace)
        return 130 if isinstance(fault, KeyboardInterrupt) else 1
    return 0


class _Source(SourceFileLoader):
    def get_code(self, fullname: str) -> CodeType:
        """Compiles the file; as Python does with a script, it leaves no bytecode behind."""
        return self.source_to_code(self.get_data(self.path), self.path)


def _script(path: str) -> None:
    """Runs a file as `__main__`: what `runpy` would do, but `sys.argv[0]` stays as it was given."""
    main = ModuleType("__main__")
    main.__file__ = path
    sys.modules["__main__"] = main
    _Source("__main__", path).exec_module(main)


def _theirs(trace: TracebackType | None) -> TracebackType | None:
    """A traceback from the first line of the script on; None where none of it ran."""
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith((__file__, runpy.__file__, "<frozen ")):
        trace = trace.tb_next
    return trace


@contextmanager
def _terminated(end: Callable[[int], None]) -> Iterator[None]:
    """Tells what was seen before a termination ends the process, unless the script minds such signals itself."""
    if signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        end(128 + number)
        sys.stderr.flush()
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)

    signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGTERM) is stop:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
