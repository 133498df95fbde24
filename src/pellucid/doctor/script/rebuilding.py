"""Shims of the network: first weights, activations, norms, dropout, and the mode in which its layers run."""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from pellucid.doctor.script.places import after_call, before_call, on_root, replace, running

WEIGHTED = (nn.Linear, nn.modules.conv._ConvNd)
RECURRENT = (nn.RNNBase, nn.RNNCellBase)
SQUASHING = (nn.Sigmoid, nn.Tanh, nn.Hardtanh, nn.Hardsigmoid)
RECTIFIERS = (nn.ReLU, nn.ReLU6)
OUTPUTS = (*SQUASHING, *RECTIFIERS, nn.Softplus, nn.ELU)
TINY = 1e-12
Function = Callable[..., Tensor]


def fitting_start(stack: ExitStack) -> None:
    """First weights with which the output of each layer varies by 1 (Saxe et al. 2014; Mishkin and Matas 2016)."""
    done: weakref.WeakSet[nn.Module] = weakref.WeakSet()

    def fit(module: nn.Module, args: Any, output: Any) -> Any:
        if module in done or not isinstance(module, (*WEIGHTED, *RECURRENT)):
            return None
        done.add(module)
        _begin(module)
        if isinstance(module, WEIGHTED):
            with torch.no_grad():
                deviation = float(module.forward(*args).float().std())
                if math.isfinite(deviation) and deviation > TINY:
                    module.weight.div_(deviation)
        return module.forward(*args)

    after_call(stack, fit)


def _begin(module: nn.Module) -> None:
    chance = torch.Generator().manual_seed(torch.initial_seed())  # the script's own draws stay what they were
    with torch.no_grad():
        for param in module.parameters(recurse=False):
            own = torch.zeros(param.shape)
            if param.dim() > 1:
                gates = own.split(_units(module)) if isinstance(module, RECURRENT) else (own,)
                for gate in gates:
                    nn.init.orthogonal_(gate, generator=chance)
            param.copy_(own)


def _units(module: Any) -> int:
    return int(module.hidden_size)


def activation(stack: ExitStack, to: Literal["relu", "leaky"]) -> None:
    """Another activation in all hidden layers: `relu` for those that squash, `leaky` for rectifiers.

    What was made for layers that squash does not fit rectifiers, so with these come first weights that do.
    """
    kinds, names, make, function = _TO[to]
    inside = running(stack)

    def swap(root: nn.Module) -> None:
        leaves = [one for one in root.modules() if next(one.children(), None) is None]
        for parent, name, child in _children(root):
            if isinstance(child, kinds) and child is not leaves[-1]:
                setattr(parent, name, make())

    def instead(original: Function) -> Function:
        def called(given: Tensor, *args: Any, **kwargs: Any) -> Tensor:
            hidden = inside and not isinstance(inside[-1], kinds)
            return function(given) if hidden else original(given, *args, **kwargs)

        return called

    on_root(stack, swap)
    if to == "relu":
        fitting_start(stack)
    for name in names:
        for place in (torch, functional):
            replace(stack, place, name, instead)


_TO: dict[str, tuple[tuple[type[nn.Module], ...], tuple[str, ...], Callable[[], nn.Module], Function]] = {
    "relu": (SQUASHING, ("tanh",), nn.ReLU, lambda given: given.clamp_min(0)),
    "leaky": (RECTIFIERS, ("relu",), nn.LeakyReLU, lambda given: functional.leaky_relu(given)),
}
"""Name -> what it replaces, functions that stand for that, and what comes instead. A sigmoid that is called as a
function is mostly a gate or an output, and stays."""


def open_output(stack: ExitStack, place: str) -> None:
    """No activation behind the last layer."""

    def swap(root: nn.Module) -> None:
        found = [one for one in _children(root) if next(one[2].children(), None) is None]
        named = [one for one in found if one[2] is dict(root.named_modules()).get(place)]
        parent, name, child = (named or found or [(root, "", root)])[-1]
        if isinstance(child, OUTPUTS):
            setattr(parent, name, nn.Identity())

    on_root(stack, swap)


def norm(stack: ExitStack) -> None:
    """Each hidden layer's output with mean 0 and deviation 1 in each row."""
    last: weakref.WeakSet[nn.Module] = weakref.WeakSet()
    on_root(stack, lambda root: last.update([one for one in root.modules() if isinstance(one, WEIGHTED)][-1:]))

    def normed(module: nn.Module, args: Any, output: Any) -> Any:
        if not isinstance(module, WEIGHTED) or module in last or not isinstance(output, Tensor):
            return None
        first = -1 if isinstance(module, nn.Linear) else 1
        return functional.layer_norm(output, output.shape[first:])

    after_call(stack, normed)


def group_norm(stack: ExitStack) -> None:
    """Norms over the features of a row in the place of norms over a batch."""

    def swap(root: nn.Module) -> None:
        for parent, name, child in _children(root):
            if isinstance(child, nn.modules.batchnorm._BatchNorm):
                made = nn.GroupNorm(1, child.num_features, child.eps, affine=child.affine)
                made.weight, made.bias = child.weight, child.bias  # the optimizer holds these
                setattr(parent, name, made)

    on_root(stack, swap)


def dropout(stack: ExitStack, most: float = 1.0, evaluating: bool = True) -> None:
    """Dropout of no more than a share, and none where no gradient is asked for unless `evaluating`."""

    def lower(root: nn.Module) -> None:
        for module in root.modules():
            if isinstance(module, nn.modules.dropout._DropoutNd):
                module.p = min(module.p, most)

    def make(original: Function) -> Function:
        def called(given: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
            return original(given, min(p, most), training and (evaluating or torch.is_grad_enabled()), inplace)

        return called

    on_root(stack, lower)
    replace(stack, functional, "dropout", make)


def mode(stack: ExitStack, evaluating: bool) -> None:
    """The right mode for the passes without gradients (`evaluating`), or for those with them."""
    turned: weakref.WeakSet[nn.Module] = weakref.WeakSet()

    def turn(module: nn.Module, args: Any) -> None:
        if torch.is_grad_enabled() != evaluating:
            if module.training == evaluating:
                turned.add(module)
                module.train(not evaluating)
        elif module in turned:
            turned.discard(module)
            module.train(evaluating)

    before_call(stack, turn)


def softmax(stack: ExitStack, cure: Literal["axis", "one"]) -> None:
    """A softmax along the classes in the place of one along the rows; a sigmoid in the place of one over one unit."""

    def make(original: Function) -> Function:
        def called(given: Tensor, dim: int | None = None, *args: Any, **kwargs: Any) -> Tensor:
            if cure == "one" and dim is not None and given.shape[dim] == 1:
                return given.sigmoid()
            return original(given, -1 if cure == "axis" and dim == 0 and given.dim() > 1 else dim, *args, **kwargs)

        return called

    for place in (torch, functional):
        for name in ("softmax", "log_softmax") if cure == "axis" else ("softmax",):
            replace(stack, place, name, make)


def _children(root: nn.Module) -> list[tuple[nn.Module, str, nn.Module]]:
    """(parent, name, child) of everything inside, in order; a child that stands in several places with each of them."""
    held = ((parent, name, child) for parent in root.modules() for name, child in parent._modules.items())
    return [(parent, name, child) for parent, name, child in held if child is not None]
