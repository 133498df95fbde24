"""Raw data through the network of a model: what its task makes of the outputs, whole, however many rows there are."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

import torch

from pellucid.data.batch import Batch
from pellucid.data.image_raw import ImageRaw
from pellucid.data.source import Raw
from pellucid.forms import tensors
from pellucid.metrics.metric import Prediction
from pellucid.ship.bundle import Model
from pellucid.training.evaluate import outputs, rows_at_once


def decoded(model: Model, raw: Raw) -> Prediction:
    """Labels with probabilities, or values, as tensors."""
    return _joined([predicted(model, batch) for part in _parts(raw) for batch in batches(model, part)])


def predicted(model: Model, batch: Batch) -> Prediction:
    """The same of rows that are prepared."""
    task = model.recipe.task
    assert task is not None
    output = outputs(model.network, batch, task, model.recipe.precision)
    return task.decode(output, model.signature, model.preparation.scale)


def _parts(raw: Raw) -> Iterator[Raw]:
    """As many images as pass the network at once, since their float32 pixels and outputs need most room; else all."""
    if not isinstance(raw, ImageRaw):
        yield raw
        return
    chunk = rows_at_once(prod(raw.pixel_NCHW.shape[1:]))
    for start in range(0, max(raw.rows, 1), chunk):
        yield raw.part(start, start + chunk)


def batches(model: Model, raw: Raw) -> Iterator[Batch]:
    """Prepared rows; so many at once that their outputs find room where every position has some."""
    task, batch = model.recipe.task, model.preparation.apply(raw, model.signature)
    if task is None or type(task).wants != "sequence":
        yield batch
        return
    numbers = sum(tensor[:1].numel() for tensor in tensors(batch.input))
    chunk = rows_at_once(numbers * int(getattr(model.network.head, "out_features", 1)))
    for start in range(0, max(len(batch), 1), chunk):
        yield batch.part(start, min(start + chunk, len(batch)))


def _joined(parts: list[Prediction]) -> Prediction:
    """One after the other; images get as many rows of boxes as the one that has most."""
    if len(parts) == 1:
        return parts[0]
    most = max((part.box_NK6.shape[1] for part in parts if part.box_NK6 is not None), default=0)
    even = [part if part.box_NK6 is None else part._replace(box_NK6=_filled(part.box_NK6, most)) for part in parts]
    columns = dict(zip(Prediction._fields, zip(*even, strict=True), strict=True))
    whole = {name: torch.cat(column) for name, column in columns.items() if isinstance(column[0], torch.Tensor)}
    return parts[0]._replace(**whole)


def _filled(box_NK6: torch.Tensor, most: int) -> torch.Tensor:
    """With rows that only fill up."""
    nothing_6 = box_NK6.new_tensor([0, 0, 0, 0, -1, 0])
    return torch.cat([box_NK6, nothing_6.expand(len(box_NK6), most - box_NK6.shape[1], 6)], 1)
