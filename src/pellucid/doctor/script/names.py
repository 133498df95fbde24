"""Names for the layers and parameters of a script: learnt as they are made, so no variable of the person is needed."""

from __future__ import annotations

import sys
import weakref
from dataclasses import dataclass

from torch import Tensor, nn

from pellucid.doctor.script.lines import user_line

WRAPPERS = ("module.", "_orig_mod.")
"""What `DataParallel`, `DistributedDataParallel` and `torch.compile` put before every name."""


@dataclass(slots=True)
class _Owner:
    param: weakref.ref[Tensor]
    module: weakref.ref[nn.Module]
    name: str


class Names:
    """Which module owns which parameter, under which name, made at which line."""

    def __init__(self) -> None:
        self._owners: dict[int, list[_Owner]] = {}
        self._parents: weakref.WeakKeyDictionary[nn.Module, weakref.ref[nn.Module]] = weakref.WeakKeyDictionary()
        self._lines: weakref.WeakKeyDictionary[nn.Module, str] = weakref.WeakKeyDictionary()
        self._paths: weakref.WeakKeyDictionary[nn.Module, tuple[weakref.ref[nn.Module], str]] = (
            weakref.WeakKeyDictionary()
        )
        self._adopted = 0
        self._tops: list[weakref.ref[nn.Module]] = []
        self._prefixes: weakref.WeakKeyDictionary[nn.Module, str] = weakref.WeakKeyDictionary()

    def parameter_made(self, module: nn.Module, name: str, param: Tensor | None) -> None:
        """A module was given a parameter."""
        if param is None:
            return
        owners = [owner for owner in self._owners.get(id(param), []) if owner.param() is param]
        self._owners[id(param)] = [*owners, _Owner(weakref.ref(param), weakref.ref(module), name)]
        if module not in self._lines:
            self._lines[module] = user_line()

    def known(self, root: nn.Module) -> None:
        """A network that was made before anybody watched."""
        for module in root.modules():
            self._lines.setdefault(module, "")
            for name, param in module._parameters.items():
                self.parameter_made(module, name, param)
            for name, child in module._modules.items():
                self.module_made(module, name, child)
        self.seen(root)

    def module_made(self, parent: nn.Module, name: str, child: nn.Module | None) -> None:
        """A module was given a child."""
        if child is not None:
            self._parents[child] = weakref.ref(parent)

    def top(self, module: nn.Module) -> nn.Module:
        """The module that holds it and that no other holds."""
        for _ in range(1000):
            above = self._parents.get(module)
            parent = above() if above is not None else None
            if parent is None or not any(child is module for child in parent._modules.values()):
                return module
            module = parent
        return module

    def seen(self, root: nn.Module) -> nn.Module:
        """A module was called by the script itself; the names of all in it are learnt. Returns the one on top."""
        top = self.top(root)
        if not any(ref() is top for ref in self._tops):
            self._tops.append(weakref.ref(top))
        ref = weakref.ref(top)
        for path, module in top.named_modules():
            self._paths[module] = (ref, _bare(path))
        return top

    def knows(self, module: nn.Module) -> bool:
        """Whether a module is part of one that was called."""
        return module in self._paths

    def adopt(self, module: nn.Module, top: nn.Module) -> None:
        """Gives a module that ran inside `top` without being part of it a name of its own."""
        self._adopted += 1
        self._paths[module] = (weakref.ref(top), f"unregistered.{self._adopted}")

    def of_module(self, module: nn.Module) -> str:
        """Its path in its network; where a script calls several networks, behind the variable or class of its own."""
        found = self._paths.get(module)
        top = found[0]() if found is not None else None
        if found is None or top is None:
            return type(module).__name__
        prefix = self._prefix(top)
        return ".".join(part for part in (prefix, found[1]) if part)

    def of_parameter(self, param: Tensor) -> tuple[str, nn.Module | None]:
        """The full name of a parameter, and the module that owns it."""
        for owner in self._owners.get(id(param), []):
            module = owner.module()
            if owner.param() is param and module is not None:
                layer = self.of_module(module)
                return (f"{layer}.{owner.name}" if layer else owner.name), module
        return f"tensor of {'x'.join(map(str, param.shape)) or '1'}", None

    def layer_of(self, param: Tensor) -> str:
        """The full name of the layer that owns a parameter; empty if none does."""
        _, module = self.of_parameter(param)
        return self.of_module(module) if module is not None else ""

    def lost(self, param: Tensor) -> bool:
        """Whether the parameter was a module's and no living module has it any more."""
        owners = [owner for owner in self._owners.get(id(param), []) if owner.param() is param]
        return bool(owners) and not any(
            (module := owner.module()) is not None and module._parameters.get(owner.name) is param for owner in owners
        )

    def line(self, module: nn.Module | None) -> str:
        """Where the module was made."""
        return self._lines.get(module, "") if module is not None else ""

    def freeze(self) -> None:
        """Settles how networks are told apart; called once all of the first step has run."""
        tops = [top for ref in self._tops if (top := ref()) is not None and _weighs(top)]
        alone = len(tops) == 1 and not self._prefixes
        mine = vars(sys.modules["__main__"])
        for number, top in enumerate(tops, 1):
            if top not in self._prefixes:
                called = next((name for name, value in list(mine.items()) if value is top), "")
                self._prefixes[top] = "" if alone else called or f"{type(top).__name__}{number}"

    def _prefix(self, top: nn.Module) -> str:
        return self._prefixes.get(top, "")


def _weighs(module: nn.Module) -> bool:
    return next(module.parameters(), None) is not None


def _bare(path: str) -> str:
    for wrapper in WRAPPERS:
        path = path.removeprefix(wrapper)
    return "" if f"{path}." in WRAPPERS else path


def says(module: nn.Module) -> str:
    """`Linear(64, 10)`: a layer and what it was made with, in one line."""
    inside = module.extra_repr()
    for name in ("in_features=", "out_features=", "in_channels=", "out_channels="):
        inside = inside.replace(name, "")
    inside = " ".join(inside.replace(", bias=True", "").split())
    return f"{type(module).__name__}({inside[:60]})"
