"""What a trial changes in a script while it runs, in the place of an edit.

A shim is a function of a stack, on which it puts how it is taken back, and of settings, which are plain values. One
that changes what the loss says is asked for in both arms of a trial: with `measure` it changes nothing, and only tells
what the loss would be. It returns these losses, so that both arms are told in the same units.
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules import module as modules
from torch.optim import Optimizer

from pellucid.doctor.script import feeding, rebuilding
from pellucid.doctor.script.places import after_step, before_step, held, on_root, replace

Group = dict[str, Any]


def install(stack: ExitStack, shim: dict[str, Any], *, control: bool) -> list[float] | None:
    """Installs a shim by its `kind`; of the control arm's, only what it measures.

    Returns: the losses in the units that it makes; None where it leaves them as they are.
    """
    settings = {name: value for name, value in shim.items() if name != "kind"}
    kind = shim["kind"]
    if kind in MEASURING:
        return MEASURING[kind](stack, measure=control, **settings)
    if not control:
        KINDS[kind](stack, **settings)
    return None


def rate(stack: ExitStack, factor: float = 1.0, most: float = math.inf) -> None:
    """Another learning rate: times a factor, and no larger than `most`."""
    _settings(stack, lambda group: {"lr": min(group["lr"] * factor, most)} if "lr" in group else {})


def steady_rate(stack: ExitStack) -> None:
    """The largest learning rate so far, whatever a schedule says."""
    largest: dict[int, float] = {}

    def change(group: Group) -> Group:
        key = id(group["params"])
        largest[key] = max(float(group["lr"]), largest.get(key, 0.0))
        return {"lr": largest[key]}

    _settings(stack, change)


def warm_up(stack: ExitStack, steps: int) -> None:
    """A learning rate that rises over the first steps."""
    made: dict[int, int] = {}

    def change(group: Group) -> Group:
        key = id(group["params"])
        made[key] = made.get(key, 0) + 1
        return {"lr": group["lr"] * min(1.0, made[key] / steps)}

    _settings(stack, change)


def decay(stack: ExitStack, factor: float, least: float = 0.0) -> None:
    """Another weight decay."""

    def change(group: Group) -> Group:
        return {"weight_decay": max(least, group["weight_decay"] * factor)} if "weight_decay" in group else {}

    _settings(stack, change)


def momentum(stack: ExitStack, most: float) -> None:
    """Less momentum."""

    def change(group: Group) -> Group:
        if "betas" in group:
            return {"betas": (min(group["betas"][0], most), *group["betas"][1:])}
        return {"momentum": min(group["momentum"], most)} if "momentum" in group else {}

    _settings(stack, change)


def clip(stack: ExitStack, norm: float) -> None:
    """A limit for the norm of the gradient."""
    given = nn.utils.clip_grad_norm_
    silent = getattr(given, "__wrapped__", given)  # the watch is to see the gradients, not to hear of it

    def limit(optimizer: Optimizer) -> None:
        silent([param for param in held(optimizer) if param.grad is not None], norm)

    before_step(stack, limit)


def loose_clip(stack: ExitStack, norm: float) -> None:
    """A larger limit where the script clips the norm of its gradients."""

    def make(original: Callable) -> Callable:
        def called(parameters: Any, max_norm: float, *args: Any, **kwargs: Any) -> Any:
            return original(parameters, max(norm, float(max_norm)), *args, **kwargs)

        return called

    for place in (nn.utils, nn.utils.clip_grad):
        replace(stack, place, "clip_grad_norm_", make)


def clear_gradients(stack: ExitStack, elsewhere: bool = True) -> None:
    """Gradients are cleared after each step, and `elsewhere` where the script clears them."""

    def clear(optimizer: Optimizer) -> None:
        for param in held(optimizer):
            param.grad = None

    after_step(stack, clear)
    for kind in () if elsewhere else (Optimizer, nn.Module):
        replace(stack, kind, "zero_grad", lambda original: lambda self, *args, **kwargs: None)


def other_sign(stack: ExitStack, measure: bool) -> list[float]:
    """The other sign of what is minimized."""
    said: list[float] = []

    def make(original: Callable) -> Callable:
        def called(tensors: Any, *args: Any, **kwargs: Any) -> Any:
            given = (tensors,) if isinstance(tensors, Tensor) else tuple(tensors)
            turned = tuple(-one for one in given)
            said.append(float(turned[0].detach().mean()))
            return original(given if measure else turned, *args, **kwargs)

        return called

    replace(stack, torch.autograd, "backward", make)
    return said


def hold_all(stack: ExitStack, thaw: bool = False) -> None:
    """Each parameter that gets a gradient and that no optimizer holds joins the one that was made first.

    What it holds of modules that are gone, it lets go.
    """
    made: list[tuple[weakref.ref[Tensor], weakref.ref[nn.Module]]] = []
    optimizers: list[weakref.ref[Optimizer]] = []

    def note(module: nn.Module, name: str, param: Tensor | None) -> None:
        if param is not None:
            made.append((weakref.ref(param), weakref.ref(module)))

    def follow(root: nn.Module) -> None:
        for param in root.parameters() if thaw else ():
            param.requires_grad_(param.is_floating_point())
        gone = {id(ref()) for ref, owner in made if owner() is None}
        for group in [group for optimizer in living() for group in optimizer.param_groups]:
            group["params"][:] = [param for param in group["params"] if id(param) not in gone]
        for param in [param for ref, _ in made if (param := ref()) is not None and param.requires_grad]:
            stack.callback(param.register_post_accumulate_grad_hook(join).remove)
        made.clear()

    def join(param: Tensor) -> None:
        known = living()
        if known and all(one is not param for optimizer in known for one in held(optimizer)):
            known[0].param_groups[0]["params"].append(param)  # a group of its own would trouble schedules

    def living() -> list[Optimizer]:
        return [optimizer for ref in optimizers if (optimizer := ref()) is not None]

    def make(original: Callable) -> Callable:
        def called(self: Optimizer, *args: Any, **kwargs: Any) -> None:
            original(self, *args, **kwargs)
            optimizers.append(weakref.ref(self))

        return called

    stack.callback(modules.register_module_parameter_registration_hook(note).remove)
    replace(stack, Optimizer, "__init__", make)
    on_root(stack, follow)


def loss_scale(stack: ExitStack, start: float) -> None:
    """Gradient scalers begin with a smaller factor."""

    def make(original: Callable) -> Callable:
        def called(self: Any, *args: Any, **kwargs: Any) -> None:
            original(self, *args, **kwargs)
            if self.is_enabled():
                self._init_scale = min(self._init_scale, start)

        return called

    replace(stack, torch.amp.GradScaler, "__init__", make)


def _settings(stack: ExitStack, change: Callable[[Group], Group]) -> None:
    """Gives each group other settings for the time of a step, so that schedules and the script see their own."""
    kept: list[tuple[Group, Group]] = []

    def before(optimizer: Optimizer) -> None:
        for group in optimizer.param_groups:
            new = change(group)
            kept.append((group, {name: group[name] for name in new}))
            group.update(new)

    def after(optimizer: Optimizer) -> None:
        for group, old in kept:
            group.update(old)
        kept.clear()

    before_step(stack, before)
    after_step(stack, after)


KINDS: dict[str, Callable[..., None]] = {
    "rate": rate,
    "steady_rate": steady_rate,
    "warm_up": warm_up,
    "decay": decay,
    "momentum": momentum,
    "clip": clip,
    "loose_clip": loose_clip,
    "clear_gradients": clear_gradients,
    "hold_all": hold_all,
    "loss_scale": loss_scale,
    "mode": rebuilding.mode,
    "fitting_start": rebuilding.fitting_start,
    "activation": rebuilding.activation,
    "open_output": rebuilding.open_output,
    "norm": rebuilding.norm,
    "group_norm": rebuilding.group_norm,
    "dropout": rebuilding.dropout,
    "softmax": rebuilding.softmax,
    "inputs": feeding.inputs,
    "shuffle": feeding.shuffle,
}
"""What can be changed, by the `kind` that a treatment gives."""
MEASURING: dict[str, Callable[..., list[float]]] = {
    "other_sign": other_sign,
    "logits": feeding.logits,
    "mean": feeding.mean,
    "shapes": feeding.shapes,
    "targets": feeding.targets,
}
"""Those that change the units of the loss."""
