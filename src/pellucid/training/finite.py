"""Finding the first tensor that is not finite."""

from __future__ import annotations

import torch
from torch import nn

from pellucid.data.batch import Batch
from pellucid.errors import TrainingError
from pellucid.forms import Signal, tensors
from pellucid.training.state import State


def not_finite(state: State, batch: Batch, loss: float) -> TrainingError:
    """The fault for a loss that is not finite, naming the first bad tensor and the rows of the batch."""
    rows = "" if batch.row_B is None else f"; rows {', '.join(str(row) for row in batch.row_B[:5].tolist())}, ..."
    message = f"step {state.step + 1}: the loss is {loss}; first bad tensor: {_first(state, batch)}{rows}"
    return TrainingError(
        "TRAIN-NONFINITE",
        message,
        hint="a lower optimizer.learning_rate, or optimizer.clip: 1.0; the last checkpoint is intact",
    )


def kept_not_finite(step: int, name: str) -> TrainingError:
    """The fault for numbers that may not be kept."""
    message = f"step {step}: {name} is not finite; nothing was committed"
    return TrainingError("TRAIN-NONFINITE", message, hint="a lower optimizer.learning_rate, or optimizer.clip: 1.0")


def all_finite(values: dict[str, torch.Tensor]) -> str | None:
    """The name of the first tensor with a number that is not finite, or None."""
    for name, value in values.items():
        if value.is_floating_point() and not bool(torch.isfinite(value).all()):
            return name
    return None


def _first(state: State, batch: Batch) -> str:
    for position, tensor in enumerate(tensors(batch.input)):
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            return f"the input (part {position})"
    bad = all_finite(dict(state.network.named_parameters()))
    if bad is not None:
        return f"weight {bad}"
    found: list[str] = []

    def note(name: str):
        def look(module: nn.Module, inputs: tuple[Signal, ...], output: Signal) -> None:
            if not found and not all(bool(torch.isfinite(part).all()) for part in tensors(output)):
                found.append(f"output of {name}")

        return look

    hooks = [m.register_forward_hook(note(name)) for name, m in state.network.named_modules() if not list(m.children())]
    with torch.no_grad():
        state.network(batch.input)
    for hook in hooks:
        hook.remove()
    return found[0] if found else "the loss itself"
