"""Finding the first tensor that is not finite."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import nn

from pellucid import seeds
from pellucid.data.batch import Batch
from pellucid.errors import TrainingError
from pellucid.forms import Signal, tensors
from pellucid.losses.loss import terms
from pellucid.methods.method import Turn
from pellucid.network.assemble import Network
from pellucid.training.state import State


class Bad(NamedTuple):
    """What was not finite first."""

    what: str
    """`input`, `weight`, `forward` (an output), `loss`, `gradient`; `update`: a weight or a running mean behind a step
    in which all else is finite; `leap`: nothing, a loss that is far too large."""
    place: str
    """A part of the input, a parameter, a layer; empty for the rest."""

    def __str__(self) -> str:
        said = {"input": "the input (part {})", "weight": "weight {}", "forward": "output of {}",
                "gradient": "gradient of {}", "update": "weight {} behind the step"}  # fmt: skip
        return said.get(self.what, "the loss itself").format(self.place)


def not_finite(state: State, batch: Batch, loss: float) -> TrainingError:
    """The fault for a loss that is not finite, naming the first bad tensor and the rows of the batch."""
    rows = "" if batch.row_B is None else f"; rows {', '.join(str(row) for row in batch.row_B[:5].tolist())}, ..."
    message = f"step {state.step + 1}: the loss is {loss}; first bad tensor: {first_bad(state, batch)}{rows}"
    return TrainingError(
        "TRAIN-NONFINITE",
        message,
        hint="a lower optimizer.learning_rate, or optimizer.clip: 1.0; the last checkpoint is intact",
    )


def kept_not_finite(step: int, name: str) -> TrainingError:
    """The fault for numbers that may not be kept."""
    message = f"step {step}: {name} is not finite; nothing was committed"
    return TrainingError("TRAIN-NONFINITE", message, hint="a lower optimizer.learning_rate, or optimizer.clip: 1.0")


def all_finite(values: Mapping[str, torch.Tensor]) -> str | None:
    """The name of the first tensor with a number that is not finite, or None."""
    for name, value in values.items():
        if value.is_floating_point() and not bool(torch.isfinite(value).all()):
            return name
    return None


def first_bad(state: State, batch: Batch) -> Bad:
    """The first tensor on the way forward that is not finite; the loss where all are."""
    inputs = {str(place): tensor for place, tensor in enumerate(tensors(batch.input))}
    for what, values in (("input", inputs), ("weight", dict(state.network.named_parameters()))):
        bad = all_finite(values)
        if bad is not None:
            return Bad(what, bad)
    found: list[str] = []

    def note(name: str):
        def look(module: nn.Module, inputs: tuple[Signal, ...], output: Signal) -> None:
            if not found and not all(bool(torch.isfinite(part).all()) for part in tensors(output)):
                found.append(name)

        return look

    hooks = [m.register_forward_hook(note(name)) for name, m in state.network.named_modules() if not list(m.children())]
    draw = state.network.draw
    if draw is not None:
        draw.at(*draw.position)  # noise as it was
    with torch.no_grad():
        state.network(batch.input)
    for hook in hooks:
        hook.remove()
    return Bad("forward", found[0]) if found else Bad("loss", "")


def walk(
    network: Network, turn: Turn, batch: Batch, at: tuple[int, int], half: bool = False
) -> tuple[Bad | None, float]:
    """Does the forward and backward pass of a step again -> what was not finite first, and the loss.

    Args:
        at: the step from 0, and the batch of it from 0.
    """
    order: list[str] = []
    forward: list[str] = []
    backward: list[str] = []

    def note(name: str):
        def arrives(gradient: torch.Tensor) -> None:
            if not bool(torch.isfinite(gradient).all()):
                backward.append(name)

        def look(module: nn.Module, inputs: tuple[Signal, ...], output: Signal) -> None:
            order.append(name)
            for part in tensors(output):
                if part.is_floating_point() and not bool(torch.isfinite(part).all()):
                    forward.append(name)
                if part.requires_grad:
                    part.register_hook(arrives)

        return look

    inputs = {str(place): tensor for place, tensor in enumerate(tensors(batch.input))}
    given = ("input", all_finite(inputs)), ("weight", all_finite(dict(network.named_parameters())))
    hooks = [m.register_forward_hook(note(name)) for name, m in network.named_modules() if not list(m.children())]
    draw = network.draw
    assert draw is not None
    draw.at(*at)
    torch.default_generator.manual_seed(seeds.key(draw.seed, "foreign", *at))
    with torch.autocast(draw.generator.device.type, torch.bfloat16, enabled=half):
        total, count = terms(turn.loss(network, batch, draw), batch.weight_B)
        loss = total / count
    loss.backward()
    for hook in hooks:
        hook.remove()
    value = float(loss.detach())
    for what, place in (*given, ("forward", forward[0] if forward else None)):
        if place is not None:
            return Bad(what, place), value
    if not bool(torch.isfinite(loss)):
        return Bad("loss", ""), value
    gradients = {name: param.grad for name, param in network.named_parameters() if param.grad is not None}
    if backward:  # it is bad when it arrives there, so the layer behind made it
        behind = order.index(backward[0]) + 1
        return Bad("gradient", order[behind] if behind < len(order) else "the loss"), value
    lost = all_finite(gradients)
    return (None if lost is None else Bad("gradient", lost.rpartition(".")[0])), value
