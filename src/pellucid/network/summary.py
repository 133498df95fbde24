"""The layer table: what each layer gives, how many parameters it has and how much work it is."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn

from pellucid.forms import Signal, Steps, length, tensors
from pellucid.network.assemble import Network
from pellucid.network.embed import Passing
from pellucid.network.fields import Fields
from pellucid.nn.activations import Own
from pellucid.nn.recurrent import Level


class Layer(NamedTuple):
    """One row of the table."""

    name: str
    """Path in the network, such as `trunk.blocks.0.linear`."""
    layer: str
    """What it is, such as `Linear`."""
    output: str
    """Its output for one example, such as `64 x 7 x 7`."""
    parameters: int
    work: int
    """Multiply-adds for one example."""
    numbers: int
    """Numbers it puts out for one example."""
    field: tuple[int, int] | None = None
    """Height and width of the part of the image that one of them has seen; None where they have no place."""


def summarize(network: Network, example: Signal) -> list[Layer]:
    """The leaves of the network in the order they run, seen by one pass over `example` (one or more examples)."""
    rows: list[Layer] = []
    fields = Fields(example)
    hooks = []
    for name, module in network.named_modules():
        if name:
            hooks.append(module.register_forward_pre_hook(fields.entered))
            hooks.append(module.register_forward_hook(_seen(name, rows, fields, length(example))))
    training = network.training
    network.eval()
    try:
        with torch.no_grad():
            network(example)
    finally:
        network.train(training)
        for hook in hooks:
            hook.remove()
    return rows


def _seen(name: str, rows: list[Layer], fields: Fields, count: int):
    """What notes one layer in the pass of `count` examples."""

    def note(module: nn.Module, inputs: tuple[Signal, ...], output: Signal) -> None:
        seen = fields.left(module, output)
        if isinstance(module, Level):
            rows[:] = [row for row in rows if not row.name.startswith(f"{name}.")]  # one row for the whole layer
        elif isinstance(module, nn.Identity | Passing) or next(module.children(), None) is not None:
            return
        given = tensors(output)
        last = given[0] if isinstance(module, Level) or isinstance(output, Steps) else given[-1]
        shape = tuple(last.shape[1:])
        again = any(row.name == name for row in rows)  # what runs several times has its weights once
        own = (
            0 if again else sum(parameter.numel() for parameter in module.parameters(recurse=isinstance(module, Level)))
        )
        field = None if seen is None else (round(seen.size[0]), round(seen.size[1]))
        text = " x ".join(map(str, shape))
        times = max(1, len(last) // count)  # a layer may run once for each frame of a clip
        work = times * _work(module, shape)
        rows.append(Layer(name, _title(module), text, own, work, times * _size(shape), field))

    return note


def _title(module: nn.Module) -> str:
    if isinstance(module, Level):
        return type(module.forth).__name__ + ("" if module.back is None else " both ways")
    return f"{module.name} (own)" if isinstance(module, Own) else type(module).__name__


def _work(module: nn.Module, shape: tuple[int, ...]) -> int:
    if isinstance(module, Level):  # every weight is used once at each position
        return shape[0] * sum(weight.numel() for weight in module.parameters() if weight.dim() == 2)
    if isinstance(module, nn.Linear):
        return module.in_features * module.out_features * (_size(shape) // module.out_features)
    if isinstance(module, nn.ConvTranspose2d):
        return (
            module.in_channels
            * _size(shape)
            * module.kernel_size[0]
            * module.kernel_size[1]
            // (module.stride[0] * module.stride[1] * module.groups)
        )
    if isinstance(module, nn.Conv2d):
        taps = module.kernel_size[0] * module.kernel_size[1] * module.in_channels // module.groups
        return taps * _size(shape)
    return 0


def _size(shape: tuple[int, ...]) -> int:
    size = 1
    for side in shape:
        size *= side
    return size
