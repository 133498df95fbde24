"""The layer table: what each layer gives, how many parameters it has and how much work it is."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn

from pellucid.forms import Signal, tensors
from pellucid.network.assemble import Network
from pellucid.nn.activations import Own


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


def summarize(network: Network, example: Signal) -> list[Layer]:
    """The leaves of the network in the order they run, seen by one pass over `example` (one or more examples)."""
    rows: list[Layer] = []
    hooks = [
        module.register_forward_hook(_seen(name, rows))
        for name, module in network.named_modules()
        if not list(module.children()) and name
    ]
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


def _seen(name: str, rows: list[Layer]):
    def note(module: nn.Module, inputs: tuple[Signal, ...], output: Signal) -> None:
        if isinstance(module, nn.Identity) or type(module).__name__ == "Passing":
            return
        last = tensors(output)[-1]
        shape = tuple(last.shape[1:])
        own = sum(parameter.numel() for parameter in module.parameters(recurse=False))
        rows.append(Layer(name, _title(module), " x ".join(map(str, shape)), own, _work(module, shape), _size(shape)))

    return note


def _title(module: nn.Module) -> str:
    return f"{module.name} (own)" if isinstance(module, Own) else type(module).__name__


def _work(module: nn.Module, shape: tuple[int, ...]) -> int:
    if isinstance(module, nn.Linear):
        return module.in_features * module.out_features * (_size(shape) // module.out_features)
    if isinstance(module, nn.Conv2d):
        taps = module.kernel_size[0] * module.kernel_size[1] * module.in_channels // module.groups
        return taps * _size(shape)
    return 0


def _size(shape: tuple[int, ...]) -> int:
    size = 1
    for length in shape:
        size *= length
    return size
