"""The watch over one step: outputs on the way forward, gradients and weights before the update, weights behind it.

It draws no random number, keeps no graph and changes no tensor of the training, so a watched step has the bits of one
that is not. The hooks are there for that step alone; all numbers are brought to the processor at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from pellucid.network.embed import Passing
from pellucid.nn.recurrent import Level
from pellucid.probes import measure
from pellucid.probes.gauge import Gauge, Later, read
from pellucid.record import Reading

EARLY = frozenset({1, 2, 3, 5, 8, 13, 20})
"""Steps that are always read: where most of what goes wrong begins."""
MEMORY = 5
"""Readings in a row in which a unit must be silent to be called dead."""

Numbers = dict[str, dict[str, float]]


def due(step: int, every: int) -> bool:
    """Whether a step is read, where `every` steps lie between two readings; 0: none is."""
    return every > 0 and (step in EARLY or step % every == 0)


def watched(network: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """The layers whose outputs are read: modules without children, and each recurrent layer as a whole."""
    level = "?"  # no name of a module has one
    for name, module in network.named_modules():
        if name.startswith(f"{level}."):
            continue
        if isinstance(module, Level):
            level = name
        elif isinstance(module, nn.Identity | Passing) or next(module.children(), None) is not None:
            continue
        yield name, module


class Watch:
    """Reads one step of a network, from its forward pass to its new weights."""

    def __init__(self, network: nn.Module) -> None:
        self.network = network
        self.names = {id(param): name for name, param in network.named_parameters()}
        self.layers: dict[str, dict[str, torch.Tensor]] = {}
        self.quiet: dict[str, torch.Tensor] = {}
        """Rectifier -> silent_D."""
        self.moves: list[Later[Numbers]] = []

    @contextmanager
    def outputs(self) -> Iterator[None]:
        """Reads the first output of every layer while inside."""
        hooks = [module.register_forward_hook(self._hook(name)) for name, module in watched(self.network)]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def _hook(self, name: str):
        def note(module: nn.Module, inputs: object, output: object) -> None:
            while isinstance(output, tuple) and output:
                output = output[0]
            if not isinstance(output, torch.Tensor) or not output.is_floating_point() or output.dim() < 2:
                return
            if output.numel() == 0 or name in self.layers:
                return
            kind, value = type(module).__name__, measure.part(output)
            self.layers[name] = measure.activation(kind, value)
            if kind in measure.RECTIFIERS:
                self.quiet[name] = measure.silent_units(value)

        return note

    def before(self, params: list[torch.Tensor]) -> None:
        """Reads the gradients of parameters that are about to move, as the update is given them, and the weights."""
        self.gauge = Gauge([self.names[id(param)] for param in params], params)
        self.gauge.before()

    def after(self) -> None:
        """Reads how far they went."""
        self.moves.append(self.gauge.after())

    def reading(self, step: int, silent: dict[str, torch.Tensor]) -> Reading:
        """Everything that was read, to six digits.

        Args:
            silent: for each rectifier in how many readings in a row each unit was silent, up to `MEMORY`; moved on.
        """
        for name, quiet_D in self.quiet.items():
            count_D = silent.get(name, torch.zeros_like(quiet_D, dtype=torch.uint8))
            silent[name] = torch.where(quiet_D, count_D.clamp_max(MEMORY - 1) + 1, torch.zeros_like(count_D))
            self.layers[name]["dead"] = (silent[name] == MEMORY).float().mean()
        tensors = [number for found in self.layers.values() for number in found.values()]
        layers, *moves = read([Later(tensors, self._said), *self.moves])
        return Reading(step, {place: _short(found) for move in moves for place, found in move.items()}, layers)

    def _said(self, numbers: list[float]) -> Numbers:
        given = iter(numbers)
        return {place: _short({what: next(given) for what in found}) for place, found in self.layers.items()}


def _short(numbers: dict[str, float]) -> dict[str, float]:
    return {name: float(f"{number:.6g}") for name, number in numbers.items()}
