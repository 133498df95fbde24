"""What no file of the project does: run code out of data, shell strings, blanket excepts, sleeps, junk drawers."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted(file for folder in ("src", "tests", "benchmarks", "scripts") for file in (ROOT / folder).rglob("*.py"))
MODULES = {"cloudpickle", "dill", "joblib", "marshal", "pickle", "shelve"}
CALLS = {
    "torch.load": "it unpickles; safetensors",
    "torch.save": "it pickles; safetensors",
    "eval": "it runs code out of data",
    "exec": "it runs code out of data",
    "yaml.load": "it builds any object; documents.py",
    "yaml.unsafe_load": "it builds any object; documents.py",
    "os.system": "it takes a shell string",
    "time.sleep": "wait for what you wait for",
}
METHODS = {"extractall": "an archive can name any path"}
WHY = CALLS | METHODS
DRAWERS = {"base", "common", "helpers", "manager", "misc", "util", "utils"}

EXEMPT: dict[str, str] = {
    "src/pellucid/files.py: time.sleep": "a lock that another process holds for a moment has no event to wait for",
    "tests/test_files.py: time.sleep": "it kills a writer at moments that nothing announces",
    "tests/rows/test_activations.py: exec": "the file is the test's own",
}
"""`file: what` -> why it is right there."""


def dotted(node: ast.expr) -> str:
    """`torch.load` of the node that calls it; empty for anything but names and dots."""
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return f"{before}.{node.attr}" if before else ""
    return node.id if isinstance(node, ast.Name) else ""


def of_import(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
    yield from (f"imports {name}" for name in names if name.partition(".")[0] in MODULES)
    if any(alias.name == "*" for alias in node.names):
        yield "imports *"


def of_call(node: ast.Call) -> Iterator[str]:
    name = dotted(node.func)
    given = {keyword.arg: keyword.value for keyword in node.keywords}
    if name in CALLS:
        yield name
    if isinstance(node.func, ast.Attribute) and node.func.attr in METHODS:
        yield node.func.attr
    if name in ("np.load", "numpy.load") and not _is(given.get("allow_pickle"), False):
        yield "np.load without allow_pickle=False"
    if "shell" in given and not _is(given["shell"], False):
        yield "shell="


def of_except(node: ast.ExceptHandler, lines: list[str]) -> Iterator[str]:
    """A blanket except raises in its turn, or says its reason in its own line, after the name of the rule."""
    blanket = node.type is None or dotted(node.type) in ("Exception", "BaseException")
    if blanket and not isinstance(node.body[-1], ast.Raise) and "BLE001 - " not in lines[node.lineno - 1]:
        yield "catches everything without a reason"


def _is(node: ast.expr | None, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def faults(text: str) -> Iterator[tuple[int, str]]:
    """(line, what is wrong) for one file."""
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Import() | ast.ImportFrom():
                found = of_import(node)
            case ast.Call():
                found = of_call(node)
            case ast.ExceptHandler():
                found = of_except(node, text.splitlines())
            case _:
                continue
        yield from ((node.lineno, what) for what in found)


def test_no_file_does_what_is_banned() -> None:
    found = []
    for file in FILES:
        name = file.relative_to(ROOT).as_posix()
        for line, what in faults(file.read_text(encoding="utf-8")):
            if f"{name}: {what}" not in EXEMPT:
                found.append(f"{name}:{line}: {what}" + (f" ({WHY[what]})" if what in WHY else ""))
    assert found == []


def test_every_exemption_is_needed() -> None:
    texts = {file.relative_to(ROOT).as_posix(): file.read_text(encoding="utf-8") for file in FILES}
    assert EXEMPT.keys() <= {f"{name}: {what}" for name, text in texts.items() for _, what in faults(text)}


def test_no_module_is_a_junk_drawer() -> None:
    assert [file for file in FILES if file.stem in DRAWERS or file.parent.name in DRAWERS] == []


@pytest.mark.parametrize(
    "text",
    [
        "import pickle",
        "from joblib import load",
        "from math import *",
        "torch.load(path)",
        "eval(text)",
        "np.load(path)",
        "np.load(path, allow_pickle=True)",
        "subprocess.run(line, shell=True)",
        "archive.extractall(folder)",
        "try:\n    go()\nexcept Exception:\n    pass",
        "try:\n    go()\nexcept:\n    pass",
    ],
)
def test_the_scan_sees_it(text: str) -> None:
    assert list(faults(text))


def test_the_scan_lets_the_rest_be() -> None:
    text = "model.eval()\nnp.load(path, allow_pickle=False)\nyaml.compose(text)\nimport json\n"
    assert list(faults(text)) == []
