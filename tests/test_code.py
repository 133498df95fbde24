from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from pellucid.code import Code, read_code
from pellucid.documents import Document
from pellucid.errors import UsageError
from pellucid.recipe import Recipe, read_recipe

NET = """
from __future__ import annotations
from dataclasses import dataclass
from torch import nn

@dataclass
class Sizes:
    width: int = 4

def network(width):
    return nn.Sequential(nn.Linear(width, Sizes().width), nn.ReLU())

def bent(x):
    return x + x.sin()

_hidden = network
"""


def recipe(model: dict[str, object]) -> Recipe:
    return read_recipe(Document({"data": {"path": "iris"}, "model": model}, "test"))


def test_a_file_gives_its_public_names(tmp_path: Path):
    path = tmp_path / "net.py"
    path.write_text(NET)
    code = read_code(path)
    assert {"network", "bent", "Sizes"} <= code.names.keys() and "_hidden" not in code.names
    assert code.hash == sha256(NET.encode()).hexdigest()


def test_names_are_bound_wherever_a_recipe_has_them(tmp_path: Path):
    path = tmp_path / "net.py"
    path.write_text(NET)
    code = read_code(path)
    bound = code.bind(recipe({"kind": "foreign", "name": "network", "arguments": {"width": 4}}))
    assert bound.model is not None and bound.model.module is code.names["network"]  # type: ignore[attr-defined]
    bound = code.bind(recipe({"kind": "mlp", "activation": {"kind": "own", "name": "bent"}}))
    assert bound.model is not None
    assert bound.model.activation.function is code.names["bent"]  # type: ignore[attr-defined]
    plain = recipe({"kind": "mlp"})
    assert code.bind(plain) is plain, "what names no code is left as it is"
    assert bound.hash == recipe({"kind": "mlp", "activation": {"kind": "own", "name": "bent"}}).hash


def test_a_name_that_the_code_has_not_is_refused_with_the_nearest():
    code = Code({"network": lambda: None})
    with pytest.raises(UsageError, match="defines no 'netwrk'") as caught:
        code.bind(recipe({"kind": "foreign", "name": "netwrk"}))
    assert "network" in str(caught.value.hint)


@pytest.mark.parametrize(
    "text, reason", [("1 / 0", "ZeroDivisionError"), ("def", "SyntaxError"), ("import no_such", "No")]
)
def test_code_that_does_not_run_is_the_users_fault(text: str, reason: str, tmp_path: Path):
    path = tmp_path / "net.py"
    path.write_text(text)
    with pytest.raises(UsageError, match=reason) as caught:
        read_code(path)
    assert caught.value.exit_code == 2 and caught.value.place.file == str(path)


def test_a_file_that_is_not_there_or_no_python(tmp_path: Path):
    with pytest.raises(UsageError, match="no such file"):
        read_code(tmp_path / "net.py")
    (tmp_path / "net.txt").write_text("x = 1")
    with pytest.raises(UsageError, match="no Python file"):
        read_code(tmp_path / "net.txt")
