"""A person's own code: named in a recipe, found in a file they point at, bound before anything is built."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from pellucid.errors import Place, UsageError, did_you_mean
from pellucid.parts import Part
from pellucid.recipe import Recipe


@dataclass(frozen=True)
class Code:
    """Names and what they mean; `hash` identifies the file they came from."""

    names: Mapping[str, Callable[..., Any]]
    hash: str = ""

    def bind(self, recipe: Recipe) -> Recipe:
        """The recipe with every `foreign` module and `own` activation bound to its code.

        Raises: UsageError with the nearest name, where the code does not define one that the recipe names.
        """
        return self._bound(recipe)

    def _bound(self, part: Any) -> Any:
        changes: dict[str, object] = {}
        for name in type(part).model_fields:
            value = getattr(part, name)
            if isinstance(value, Part):
                inner = self._bound(value)
                if inner is not value:
                    changes[name] = inner
            elif isinstance(value, tuple):
                items = tuple(self._bound(item) if isinstance(item, Part) else item for item in value)
                if any(new is not old for new, old in zip(items, value, strict=True)):
                    changes[name] = items
        slot = type(part).code
        if slot and getattr(part, slot) is None:
            changes[slot] = self._find(part.name)
        return part.replace(**changes) if changes else part

    def _find(self, name: str) -> Callable[..., Any]:
        if name not in self.names:
            raise UsageError("CLI-CODE", f"the code defines no '{name}'", hint=did_you_mean(name, self.names))
        return self.names[name]


def read_code(path: Path) -> Code:
    """Runs a Python file that the person named on the command line, and takes its public names.

    Raises: UsageError where the file is missing or does not run.
    """
    if not path.is_file():
        raise UsageError("CLI-CODE", "no such file", place=Place(str(path)))
    spec = importlib.util.spec_from_file_location("pellucid_code", path)
    if spec is None or spec.loader is None:
        raise UsageError("CLI-CODE", "this is no Python file", place=Place(str(path)))
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their own module up there
    try:
        spec.loader.exec_module(module)
    except Exception as fault:
        raise UsageError("CLI-CODE", f"{type(fault).__name__}: {fault}", place=Place(str(path))) from fault
    names = {name: value for name, value in vars(module).items() if callable(value) and not name.startswith("_")}
    return Code(names, sha256(path.read_bytes()).hexdigest())
