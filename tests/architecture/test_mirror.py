"""Every module with logic has its test: `src/pellucid/nn/norm.py` has `tests/nn/test_norm.py`.

`untested.txt` lists the modules that have none, each with where it is tested instead. A new module is not on it.
"""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "pellucid"
LIST = Path(__file__).parent / "untested.txt"
SAYING = ast.Pass | ast.Expr
"""Statements that do nothing by themselves: docstrings, `...`."""


def has_logic(file: Path) -> bool:
    """Whether any function of a module does more than one thing."""
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = [item for item in node.body if not (isinstance(item, SAYING) and item is node.body[0])]
            if len(body) > 1 or any(
                isinstance(item, ast.If | ast.For | ast.While | ast.With | ast.Try) for item in body
            ):
                return True
    return False


def mirror(module: str) -> Path:
    """`nn/norm.py` -> tests/nn/test_norm.py."""
    path = Path(module)
    return ROOT / "tests" / path.parent / f"test_{path.name}"


def modules() -> list[str]:
    """Every module with logic, as a path inside the package."""
    names = [file.relative_to(PACKAGE).as_posix() for file in sorted(PACKAGE.rglob("*.py")) if has_logic(file)]
    return [name for name in names if not name.endswith("__init__.py")]


def listed() -> dict[str, str]:
    """Module -> where it is tested instead."""
    lines = [line for line in LIST.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    return {module: reason.strip() for module, _, reason in (line.partition(" ") for line in lines)}


def test_every_module_has_its_test() -> None:
    assert [name for name in modules() if not mirror(name).exists() and name not in listed()] == []


def test_the_list_names_modules_and_reasons() -> None:
    for module, reason in listed().items():
        assert (PACKAGE / module).exists(), f"{module} is gone: take it off {LIST.name}"
        assert reason, f"{module}: say where it is tested"
