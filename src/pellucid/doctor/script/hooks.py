"""Where the watch is let into PyTorch, and taken out again: hooks it offers, and a few functions it has no hook for.

Every replaced function calls the one it stands for with what it was given and returns what that returned.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules import module as modules
from torch.optim import Optimizer, lr_scheduler
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook
from torch.utils.data import DataLoader

from pellucid.doctor.script.lines import user_line
from pellucid.doctor.script.losses import FUNCTIONS
from pellucid.doctor.script.watch import Watch

REST: list[dict[int, bool]] = [
    getattr(modules, name, {}) for name in ("_global_forward_hooks_with_kwargs", "_global_forward_hooks_always_called")
]
LOOKED_AT = 3
"""Outermost calls that are looked at in one evaluation."""


class Switch:
    """Turns the hooks of all modules on and off, so that steps nobody looks at run as fast as ever."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.handles: list[Any] = []
        self.left = 0
        """Outermost calls that are still looked at, of an evaluation."""

    def __call__(self, on: bool) -> None:
        if on and not self.handles and (not self.watch.compiled or self.watch.activity.shadow):
            before = modules.register_module_forward_pre_hook(self._before)  # takes no keyword arguments
            after = modules.register_module_forward_hook(self._after, with_kwargs=True, always_call=True)
            self.handles = [before, after]
        elif not on:
            for handle in self.handles:
                handle.remove()
                for rest in REST:  # what PyTorch forgets to take out with a hook
                    rest.pop(handle.id, None)
            self.handles = []

    def evaluation(self) -> None:
        """A person switches gradients off or a network to evaluation: its next few calls are looked at."""
        if not self.watch.busy and not self.watch.ledger.close and self.watch.ledger.step:
            self.left = LOOKED_AT
            self(True)

    def _before(self, module: nn.Module, args: Any) -> None:
        self.watch.guarded(self.watch.activity.entered, module, args, {})

    def _after(self, module: nn.Module, args: Any, *rest: Any) -> None:
        *named, output = rest  # where a module raises, there are no keyword arguments
        kwargs = named[0] if named else {}
        self.watch.guarded(self.watch.activity.left, module, args, kwargs, output)
        if not self.watch.activity.stack:
            self.watch.guarded(self.watch.questions.of_evaluation)
            if self.left and not self.watch.ledger.close:
                self.left -= 1
                if not self.left:
                    self(False)


@contextmanager
def installed(watch: Watch) -> Iterator[None]:
    """Watches every training while inside."""
    with ExitStack() as stack:
        switch = Switch(watch)
        watch.hooked = switch
        stack.callback(switch, False)
        for handle in _handles(watch):
            stack.callback(handle.remove)
        for place, name, make in (*_functions(watch), *_classes(watch, switch)):
            stack.enter_context(_replaced(place, name, make))
        stack.enter_context(_compilers(watch, switch))
        switch(True)
        try:
            yield
        finally:
            watch.over = True


def _handles(watch: Watch) -> list[Any]:
    def parameter(module: nn.Module, name: str, param: Tensor | None) -> None:
        watch.guarded(watch.names.parameter_made, module, name, param)

    def child(module: nn.Module, name: str, submodule: nn.Module | None) -> None:
        watch.guarded(watch.names.module_made, module, name, submodule)

    def before(optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        if not watch.plain:
            closure = kwargs.get("closure") or (args[1] if len(args) > 1 else None)
            watch.guarded(watch.step_begins, optimizer, closure is not None)

    def after(optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        watch.guarded(watch.step_ended, optimizer)

    return [
        modules.register_module_parameter_registration_hook(parameter),
        modules.register_module_module_registration_hook(child),
        register_optimizer_step_pre_hook(before),
        register_optimizer_step_post_hook(after),
    ]


Made = tuple[Any, str, Callable[[Callable[..., Any]], Callable[..., Any]]]


def _functions(watch: Watch) -> Iterator[Made]:
    """(place, name, what stands for it) of the functions that are replaced."""

    def loss(name: str) -> Callable:
        def make(original: Callable) -> Callable:
            def called(*args: Any, **kwargs: Any) -> Any:
                out = original(*args, **kwargs)
                watch.guarded(watch.losses.called, name, original, args, kwargs, out)
                return out

            return called

        return make

    def backward(original: Callable) -> Callable:
        def called(tensors: Any, *args: Any, **kwargs: Any) -> Any:
            watch.guarded(watch.backward_begins, tensors)
            out = original(tensors, *args, **kwargs)
            if not watch.plain:
                watch.guarded(watch.backward_ended)
            return out

        return called

    def clip(original: Callable) -> Callable:
        def called(parameters: Any, max_norm: float, *args: Any, **kwargs: Any) -> Any:
            out = original(parameters, max_norm, *args, **kwargs)
            watch.guarded(watch.clipped, out, max_norm)
            return out

        return called

    for name in FUNCTIONS:
        yield functional, name, loss(name)
    yield torch.autograd, "backward", backward
    for place in ("torch.nn.utils", "torch.nn.utils.clip_grad"):
        yield importlib.import_module(place), "clip_grad_norm_", clip


def _classes(watch: Watch, switch: Switch) -> Iterator[Made]:
    """The same of methods of PyTorch's classes."""

    def before(act: Callable[..., None]) -> Callable:
        def make(original: Callable) -> Callable:
            def called(self: Any, *args: Any, **kwargs: Any) -> Any:
                act(self, *args)
                return original(self, *args, **kwargs)

            return called

        return make

    def after(act: Callable[..., None]) -> Callable:
        def make(original: Callable) -> Callable:
            def called(self: Any, *args: Any, **kwargs: Any) -> Any:
                out = original(self, *args, **kwargs)
                watch.guarded(act, self, out, *args)
                return out

            return called

        return make

    def train(module: Any, mode: bool = True, *others: Any) -> None:
        if not mode:
            switch.evaluation()

    def loaded(module: Any, *others: Any) -> None:
        watch.questions.loaded = True

    yield Optimizer, "__init__", after(lambda made, out, *args: watch.optimizers.made(made, user_line()))
    for kind in (lr_scheduler.LRScheduler, lr_scheduler.ReduceLROnPlateau):
        yield kind, "__init__", after(lambda made, out, *args: watch.optimizers.schedule(made))
    yield torch.no_grad, "__enter__", before(lambda *args: switch.evaluation())
    yield torch.inference_mode, "__enter__", before(lambda *args: switch.evaluation())
    yield nn.Module, "train", before(train)
    yield nn.Module, "load_state_dict", before(loaded)
    yield DataLoader, "__iter__", after(lambda loader, out, *args: watch.epoch_began(loader))
    yield torch.amp.GradScaler, "scale", after(lambda scaler, out, given, *args: watch.scaled(out, given))
    yield torch.amp.GradScaler, "step", _scaler_step(watch)


def _scaler_step(watch: Watch) -> Callable:
    def make(original: Callable) -> Callable:
        def called(self: Any, optimizer: Optimizer, *args: Any, **kwargs: Any) -> Any:
            fired = watch.fired
            out = original(self, optimizer, *args, **kwargs)
            if self.is_enabled():
                watch.guarded(watch.scaler_stepped, self, optimizer, watch.fired == fired)
            return out

        return called

    return make


@contextmanager
def _compilers(watch: Watch, switch: Switch) -> Iterator[None]:
    """Hooks of modules are no part of what a compiler sees, and TorchScript reads functions as they were."""
    from torch._dynamo.eval_frame import OptimizedModule

    def compiled(original: Callable) -> Callable:
        def called(*args: Any, **kwargs: Any) -> Any:
            watch.compiled = True
            switch(False)
            return original(*args, **kwargs)

        return called

    def optimized(original: Callable) -> Callable:
        def called(self: Any, *args: Any, **kwargs: Any) -> Any:
            watch.guarded(watch.compiled_ran, self._orig_mod, args, kwargs)
            return original(self, *args, **kwargs)

        return called

    def scripted(original: Callable) -> Callable:
        def called(*args: Any, **kwargs: Any) -> Any:
            with ExitStack() as stack:
                for place, name, _ in _functions(watch):
                    replaced = getattr(place, name)
                    setattr(place, name, replaced.__wrapped__)
                    stack.callback(setattr, place, name, replaced)
                return original(*args, **kwargs)

        return called

    with (
        _replaced(torch, "compile", compiled),
        _replaced(OptimizedModule, "__call__", optimized),
        _replaced(torch.jit, "script", scripted),
    ):
        yield


@contextmanager
def _replaced(place: Any, name: str, make: Callable[[Callable[..., Any]], Callable[..., Any]]) -> Iterator[None]:
    own, original = name in vars(place), getattr(place, name)
    ours = functools.wraps(original)(make(original))
    setattr(place, name, ours)
    try:
        yield
    finally:
        if getattr(place, name) is not ours:
            pass  # somebody else stands for it by now, and calls ours, which does nothing any more
        elif own:
            setattr(place, name, original)
        else:
            delattr(place, name)
