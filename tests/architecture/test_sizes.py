"""A file is one idea, a function fits a screen, a call is readable."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
LARGEST_FILE = 400
LARGEST_FUNCTION = 60
MOST_PARAMETERS = 7

EXEMPT: dict[str, str] = {
    "src/pellucid/cli/explain.py:explain": "the options of a command are its parameters",
    "src/pellucid/cli/generate.py:generate": "the same",
    "src/pellucid/cli/train.py:train": "the same",
    "src/pellucid/cli/treat.py:treat": "the same",
    "src/pellucid/jobs.py:generate": "the ways to draw a token, by the names that every tool has for them",
    "src/pellucid/optim/kernels.py:adam": "one parameter for each symbol of the published formula",
    "src/pellucid/optim/kernels.py:plain_adam": "the same",
    "src/pellucid/optim/kernels.py:rmsprop": "the same",
    "src/pellucid/sklearn.py:__init__": "the settings of an estimator are its parameters, by scikit-learn's convention",
}
"""`file` or `file:function` -> why it may be larger."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(file: Path) -> list[tuple[str, Function]]:
    """(name for the exemptions, function) of every function in a file, inner ones included."""
    name = file.relative_to(ROOT).as_posix()
    return [
        (f"{name}:{node.name}", node) for node in ast.walk(ast.parse(file.read_bytes())) if isinstance(node, Function)
    ]


def parameters(function: Function) -> int:
    """How many a caller can give; the object itself does not count."""
    given = function.args
    names = [argument.arg for argument in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    return len(names) - (names[:1] in (["self"], ["cls"]))


def test_files_are_short() -> None:
    long = {file.relative_to(ROOT).as_posix(): len(file.read_text(encoding="utf-8").splitlines()) for file in SOURCES}
    assert {file: lines for file, lines in long.items() if lines > LARGEST_FILE and file not in EXEMPT} == {}


def test_functions_are_short() -> None:
    found = [(name, (node.end_lineno or 0) - node.lineno + 1) for file in SOURCES for name, node in functions(file)]
    assert [item for item in found if item[1] > LARGEST_FUNCTION and item[0] not in EXEMPT] == []


def test_calls_are_readable() -> None:
    found = [(name, parameters(node)) for file in SOURCES for name, node in functions(file)]
    assert [item for item in found if item[1] > MOST_PARAMETERS and item[0] not in EXEMPT] == []


def test_every_exemption_is_needed() -> None:
    needed = {
        file.relative_to(ROOT).as_posix() for file in SOURCES if len(file.read_bytes().splitlines()) > LARGEST_FILE
    }
    for file in SOURCES:
        for name, node in functions(file):
            if (node.end_lineno or 0) - node.lineno + 1 > LARGEST_FUNCTION or parameters(node) > MOST_PARAMETERS:
                needed.add(name)
    assert EXEMPT.keys() - needed == set()
