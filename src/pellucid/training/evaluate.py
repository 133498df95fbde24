"""Looking at a part of the data without learning from it."""

from __future__ import annotations

from typing import NamedTuple

import torch

from pellucid.data.batch import Batch, Scale
from pellucid.data.signature import Signature
from pellucid.forms import length, tensors
from pellucid.losses.loss import terms
from pellucid.metrics.catalogue import metric
from pellucid.network.assemble import Network
from pellucid.tasks.task import Task

CHUNK = 2048
"""Rows that pass the network at once: large enough to keep it busy,"""
CHUNK_NUMBERS = 2**21
"""and numbers of their inputs: few enough for the maps that images become."""


class Scores(NamedTuple):
    """The mean loss and the metrics over one part."""

    loss: float
    metrics: dict[str, float]


def rows_at_once(numbers: int) -> int:
    """Rows that pass the network at once, where each has so many numbers."""
    return max(1, min(CHUNK, CHUNK_NUMBERS // max(numbers, 1)))


def outputs(network: Network, batch: Batch, precision: str | None = None) -> torch.Tensor:
    """Raw outputs for all rows, in evaluation mode, on the CPU."""
    training = network.training
    network.eval()
    half = precision == "bfloat16"
    parts: list[torch.Tensor] = []
    device = next(network.parameters()).device
    with torch.inference_mode():
        rows = length(batch.input)
        chunk = rows_at_once(sum(tensor.numel() for tensor in tensors(batch.input)) // max(rows, 1))
        for start in range(0, max(rows, 1), chunk):
            part = batch.part(start, min(start + chunk, rows)).ready()
            with torch.autocast(device.type, torch.bfloat16, enabled=half):
                parts.append(network(part.input).float().cpu())
    network.train(training)
    return torch.cat(parts) if len(parts) != 1 else parts[0]


def truth(batch: Batch, scale: Scale | None) -> torch.Tensor:
    """Targets in the units of the data: codes, masks and boxes as they are, 0/1 labels or values in float64."""
    assert batch.target is not None
    target = batch.target.cpu()
    if not target.is_floating_point() or target.dim() == 3:
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
    output = outputs(network, batch, precision)
    on_cpu = batch.to("cpu") if batch.target is not None and batch.target.device.type != "cpu" else batch
    with torch.inference_mode():
        total, count = terms(task.losses(output, on_cpu), on_cpu.weight_B)
    prediction = task.decode(output, signature, scale)
    target = truth(on_cpu, scale)
    measured = {name: metric(name).measure(prediction, target, None) for name in names}
    return Scores(float(total / count), measured)
