"""One pass of one row, with every tensor on its way kept: what each layer got, what it gave, and who made what."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from pellucid.data.batch import Batch
from pellucid.forms import Signal, tensors
from pellucid.network.assemble import Network
from pellucid.network.embed import Passing
from pellucid.nn.activations import Own
from pellucid.tasks.task import Task


@dataclass(frozen=True, eq=False)
class Step:
    """One layer as it ran."""

    name: str
    """Path in the network, such as `trunk.blocks.0.linear`; of a block, what it gave after its own last layer."""
    kind: str
    """What it is, such as `Linear`, or the name of a person's own activation."""
    module: nn.Module
    input: torch.Tensor
    """A copy of what it got, the row as a batch of one."""
    output: torch.Tensor
    """A copy of what it gave."""
    source: Step | None
    """The layer that made its input; None: the prepared row itself."""
    changed: bool
    """False where it gave its input on as it was, as dropout does when predicting."""
    slope: torch.Tensor | None = None
    """The derivative of this row's loss by each number of `output`; None where nothing flows back."""


class _Keeper:
    """Collects steps; tensors stay alive as long as it does, so `id` says which is which."""

    def __init__(self, signal: Signal) -> None:
        self.made: dict[int, tuple[int, Step | None]] = {id(part): (part._version, None) for part in tensors(signal)}
        self.steps: list[Step] = []
        self.alive: list[torch.Tensor] = []

    def note(self, name: str, module: nn.Module, got: torch.Tensor, given: Signal, source: Step | None) -> None:
        new = [part for part in tensors(given) if self.made.get(id(part), (-1, None))[0] != part._version]
        if not new and (_passes(module) or not _is_leaf(module)):
            return
        for part in new or tensors(given)[-1:]:
            kind = module.name if isinstance(module, Own) else type(module).__name__
            step = Step(name, kind, module, got, part.detach().clone(), source, bool(new))
            self.steps.append(step)
            self.alive.append(part)
            self.made[id(part)] = (part._version, step)


def trace(network: Network, batch: Batch, task: Task) -> tuple[list[Step], torch.Tensor]:
    """Every layer that ran on a batch of one row, in order, and the raw output; in evaluation mode, in float32.

    A block that only hands on what its last layer gave is left out; one that adds its input, or joins tensors, is not.
    """
    training = network.training
    network.eval()
    keeper = _Keeper(batch.input)
    owned = [f"{name}." for name, module in network.named_modules() if isinstance(module, Own)]
    hooks = []
    for name, module in network.named_modules():
        if name and not name.startswith(tuple(owned)):
            hooks += _watch(name, module, keeper)
    try:
        with torch.enable_grad():
            output = network(batch.input)
    finally:
        network.train(training)
        for hook in hooks:
            hook.remove()
    return _with_slopes(keeper, output, batch, task), output.detach()


def _watch(name: str, module: nn.Module, keeper: _Keeper):
    """The two hooks of a module: one copies the input before a layer in place could overwrite it."""
    got: list[tuple[torch.Tensor, Step | None]] = []

    def before(module: nn.Module, inputs: tuple[Signal, ...]) -> None:
        first = tensors(inputs)[0]
        got.append((first.detach().clone(), keeper.made.get(id(first), (0, None))[1]))

    def after(module: nn.Module, inputs: tuple[Signal, ...], output: Signal) -> None:
        copy, source = got.pop()
        keeper.note(name, module, copy, output, source)

    return [module.register_forward_pre_hook(before), module.register_forward_hook(after)]


def _with_slopes(keeper: _Keeper, output: torch.Tensor, batch: Batch, task: Task) -> list[Step]:
    if batch.target is None or not output.requires_grad:
        return keeper.steps
    loss = task.losses(output, batch).value_B.sum()
    flows = [number for number, part in enumerate(keeper.alive) if part.requires_grad]
    found = torch.autograd.grad(loss, [keeper.alive[number] for number in flows], allow_unused=True)
    for number, slope in zip(flows, found, strict=True):
        # frozen means that nobody else changes it; the step is not handed out before it is complete
        object.__setattr__(keeper.steps[number], "slope", slope)
    return keeper.steps


def _is_leaf(module: nn.Module) -> bool:
    return isinstance(module, Own) or next(module.children(), None) is None


def _passes(module: nn.Module) -> bool:
    return isinstance(module, nn.Identity | Passing)
