"""Where a trial is let into a script: before and after its steps and calls, and around the functions it uses.

What is let in here acts before the watch looks at a step or a call, and behind it afterwards; and what it hands to a
function is what the watch sees. So the watch judges the changed training.
"""

# pyright: reportPrivateImportUsage=false, reportPrivateUsage=false
# (PyTorch calls its global hooks in the order in which they were made; only their tables can change that.)

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules import module as modules
from torch.optim import Optimizer
from torch.optim.optimizer import (
    _global_optimizer_pre_hooks,
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
)

Change = Callable[[str, Tensor, Tensor, dict[str, Any]], tuple[Tensor, Tensor]]
"""(function, input, target, keywords, which may be changed) -> the input and target that it is given."""


def before_step(stack: ExitStack, act: Callable[[Optimizer], None]) -> None:
    """Calls `act` before each step, ahead of the watch."""
    handle = register_optimizer_step_pre_hook(lambda optimizer, args, kwargs: act(optimizer))
    _first(_global_optimizer_pre_hooks, handle.id)
    stack.callback(handle.remove)


def after_step(stack: ExitStack, act: Callable[[Optimizer], None]) -> None:
    """Calls `act` after each step, behind the watch."""
    handle = register_optimizer_step_post_hook(lambda optimizer, args, kwargs: act(optimizer))
    stack.callback(handle.remove)


def before_call(stack: ExitStack, act: Callable[[nn.Module, Any], Any]) -> None:
    """Calls `act` before each module runs, ahead of the watch; what it returns is what the module is given."""
    handle = modules.register_module_forward_pre_hook(act)
    _first(modules._global_forward_pre_hooks, handle.id)
    stack.callback(handle.remove)


def after_call(stack: ExitStack, act: Callable[[nn.Module, Any, Any], Any]) -> None:
    """Calls `act` after each module has run, ahead of the watch; what it returns is the output."""
    handle = modules.register_module_forward_hook(act)
    _first(modules._global_forward_hooks, handle.id)
    stack.callback(handle.remove)


def replace(stack: ExitStack, place: Any, name: str, make: Callable[[Callable], Callable]) -> None:
    """Puts `make(original)` in the place of a function."""
    original = getattr(place, name)
    setattr(place, name, functools.wraps(original)(make(original)))
    stack.callback(setattr, place, name, original)


def on_root(stack: ExitStack, act: Callable[[nn.Module], None]) -> None:
    """Calls `act` on each outermost module, before it runs for the first time."""
    seen: weakref.WeakSet[nn.Module] = weakref.WeakSet()

    def first(module: nn.Module, args: Any) -> None:
        if module not in seen:
            act(module)
            seen.update(module.modules())

    before_call(stack, first)


def running(stack: ExitStack) -> list[nn.Module]:
    """The modules that are running, the outermost first; kept up to date."""
    inside: list[nn.Module] = []

    def left(module: nn.Module, args: Any, output: Any) -> None:
        while inside and inside.pop() is not module:
            pass

    before_call(stack, lambda module, args: inside.append(module))
    handle = modules.register_module_forward_hook(left, always_call=True)
    stack.callback(handle.remove)
    return inside


def on_loss(stack: ExitStack, names: Iterable[str], change: Change, *, measure: bool) -> list[float]:
    """Gives loss functions what `change` makes of their arguments; with `measure`, only works out what they would say.

    Returns: what they said, or would have said, of each batch that is learnt from.
    """
    said: list[float] = []

    def make(name: str) -> Callable[[Callable], Callable]:
        def made(original: Callable) -> Callable:
            def called(input: Tensor, target: Tensor, *args: Any, **kwargs: Any) -> Any:  # noqa: A002 - their name
                changed = dict(kwargs)
                given = change(name, input, target, changed)
                if not measure:
                    out = original(*given, *args, **changed)
                    _note(said, out)
                    return out
                with torch.no_grad():
                    silent = getattr(original, "__wrapped__", original)  # the watch is not to hear of it
                    out = silent(*given, *args, **changed)
                if torch.is_grad_enabled():
                    _note(said, out)
                return original(input, target, *args, **kwargs)

            return called

        return made

    for name in names:
        replace(stack, functional, name, make(name))
    return said


def held(optimizer: Optimizer) -> Iterator[Tensor]:
    """The parameters of an optimizer."""
    return (param for group in optimizer.param_groups for param in group["params"])


def _first(hooks: Any, key: int) -> None:
    """Puts the hook `key` ahead of all others; the tables keep the order in which hooks are called."""
    hooks.move_to_end(key, last=False)


def _note(said: list[float], out: Tensor) -> None:
    if torch.is_grad_enabled():
        said.append(float(out.detach().mean()))
