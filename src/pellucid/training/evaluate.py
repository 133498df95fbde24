"""Looking at a part of the data without learning from it."""

from __future__ import annotations

from typing import NamedTuple

import torch

from pellucid.data.batch import Batch, Scale
from pellucid.data.signature import Signature
from pellucid.forms import Paired, length, tensors
from pellucid.losses.loss import terms
from pellucid.metrics.catalogue import metric
from pellucid.metrics.metric import Prediction
from pellucid.network.assemble import Network
from pellucid.tasks.task import Task

CHUNK = 2048
"""Rows that pass the network at once: large enough to keep it busy,"""
CHUNK_NUMBERS = 2**21
"""and numbers of their inputs: few enough for the maps that images become."""
WRITTEN = 64
"""Rows that are written to at once."""


class Scores(NamedTuple):
    """The mean loss and the metrics over one part."""

    loss: float
    metrics: dict[str, float]


def rows_at_once(numbers: int) -> int:
    """Rows that pass the network at once, where each has so many numbers."""
    return max(1, min(CHUNK, CHUNK_NUMBERS // max(numbers, 1)))


class Looked(NamedTuple):
    """What a network gives for some rows."""

    output: torch.Tensor
    """On the CPU, as the task keeps it."""
    loss: float
    """The mean over their terms, weighted as in training; NaN where they have no target."""


def outputs(network: Network, batch: Batch, task: Task | None = None, precision: str | None = None) -> torch.Tensor:
    """Raw outputs for all rows, in evaluation mode, on the CPU; with a task, what it keeps of them."""
    return _look(network, batch, task, precision, judge=False).output


def look(network: Network, batch: Batch, task: Task, precision: str | None = None) -> Looked:
    """What the task keeps of the outputs for all rows, and their loss."""
    return _look(network, batch, task, precision, judge=True)


def written(network: Network, batch: Batch, task: Task, signature: Signature) -> tuple[Batch, torch.Tensor]:
    """The rows by which a task that writes is judged, and what it wrote for them."""
    batch = batch.part(0, min(len(batch), type(task).writes))
    training = network.training
    network.eval()
    parts: list[torch.Tensor] = []
    with torch.inference_mode():
        for start in range(0, max(len(batch), 1), WRITTEN):
            part = batch.part(start, start + WRITTEN).ready()
            parts.append(_level(task.write(network, part, signature).cpu(), batch))
    network.train(training)
    return batch, torch.cat(parts)


def _look(network: Network, batch: Batch, task: Task | None, precision: str | None, *, judge: bool) -> Looked:
    training = network.training
    network.eval()
    half = precision == "bfloat16"
    parts: list[torch.Tensor] = []
    total, count = 0.0, 0.0
    device = next(network.parameters()).device
    with torch.inference_mode():
        rows = length(batch.input)
        numbers = sum(tensor.numel() for tensor in tensors(batch.input)) // max(rows, 1)
        if task is not None and type(task).wants == "sequence":  # whose outputs may be wider than their inputs
            numbers = max(numbers, numbers * int(getattr(network.head, "out_features", 1)) // 8)
        chunk = rows_at_once(numbers)
        for start in range(0, max(rows, 1), chunk):
            part = batch.part(start, min(start + chunk, rows)).ready()
            with torch.autocast(device.type, torch.bfloat16, enabled=half):
                output = network(part.input).float()
            if judge and task is not None and part.target is not None:
                here = terms(task.losses(output, part), part.weight_B)
                total, count = total + float(here[0]), count + float(here[1])
            kept = (output if task is None else task.keep(output, part)).cpu()
            parts.append(_level(kept, batch) if task is not None and type(task).wants == "sequence" else kept)
    network.train(training)
    return Looked(torch.cat(parts) if len(parts) != 1 else parts[0], total / count if count else torch.nan)


def _level(kept: torch.Tensor, batch: Batch) -> torch.Tensor:
    """Rows of positions filled up with 0 to the length of the whole, where a chunk was cut behind its longest row."""
    signal = batch.input.context if isinstance(batch.input, Paired) else batch.input
    lacking = tensors(signal)[0].shape[1] - kept.shape[1]
    return torch.nn.functional.pad(kept, (0, 0) * (kept.dim() - 2) + (0, lacking)) if lacking > 0 else kept


def truth(batch: Batch, scale: Scale | None) -> torch.Tensor:
    """Targets in the units of the data: codes, masks and boxes as they are, 0/1 labels or values in float64."""
    assert batch.target is not None
    target = batch.target.cpu()
    if not target.is_floating_point() or target.dim() >= 3:
        return target
    target = target.double()
    return target if scale is None else target * scale.scale_D.to(target) + scale.mean_D.to(target)


def score(
    network: Network,
    batch: Batch,
    task: Task,
    *,
    signature: Signature,
    scale: Scale | None,
    names: tuple[str, ...],
    precision: str | None = None,
) -> Scores:
    """The mean loss, weighted as in training, and the metrics called `names`, not weighted."""
    looked = look(network, batch, task, precision)
    prediction = task.decode(looked.output, signature, scale)
    return Scores(looked.loss, _measured(prediction, batch, scale, names))


def judged(
    network: Network, batch: Batch, task: Task, *, signature: Signature, scale: Scale | None, precision: str | None
) -> Scores:
    """The final loss and every metric of the task: of one that writes, over what it writes."""
    assert task.metrics is not None
    names = task.metrics
    if not type(task).writes:
        return score(network, batch, task, signature=signature, scale=scale, names=names, precision=precision)
    loss = look(network, batch, task, precision).loss
    rows, kept = written(network, batch, task, signature)
    return Scores(loss, _measured(task.decode(kept, signature, scale), rows, scale, names))


def _measured(prediction: Prediction, batch: Batch, scale: Scale | None, names: tuple[str, ...]) -> dict[str, float]:
    target = truth(batch, scale)
    return {name: metric(name).measure(prediction, target, None) for name in names}
