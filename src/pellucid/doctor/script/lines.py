"""Where in a person's own code something happens."""

from __future__ import annotations

import os
import sys
import sysconfig
from functools import cache
from types import CodeType

DEEPEST = 60
"""Frames that are walked up."""
_PATHS = {os.path.normcase(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
_OWN = os.path.normcase(os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..")))


@cache
def _personal(code_file: str) -> bool:
    if code_file.startswith("<"):
        return _cell(code_file)
    path = os.path.normcase(os.path.abspath(code_file))
    return not any(path.startswith(folder + os.sep) for folder in (*_PATHS, _OWN))


def _cell(code_file: str) -> bool:
    """Whether it is what a notebook calls the code of one of its cells."""
    return code_file.startswith("<ipython-input") or f"{os.sep}ipykernel_" in code_file


def user_line() -> str:
    """`train.py:31`: the innermost line of the call stack that is neither a library's nor ours; empty if none is."""
    frame = sys._getframe(1)
    for _ in range(DEEPEST):
        code: CodeType = frame.f_code
        if _personal(code.co_filename):
            name = "cell" if _cell(code.co_filename) else os.path.basename(code.co_filename)
            return f"{name}:{frame.f_lineno}"
        if frame.f_back is None:
            return ""
        frame = frame.f_back
    return ""
