"""Prediction: new rows or images in, labels with probabilities or values with intervals out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import prod
from typing import Any

import torch

from pellucid.data.image import Images
from pellucid.data.image_raw import ImageRaw
from pellucid.data.source import Raw
from pellucid.findings import Finding
from pellucid.metrics.metric import Prediction
from pellucid.ship import boxes, embeddings, masks
from pellucid.ship.bundle import Model
from pellucid.training.evaluate import outputs, rows_at_once


@dataclass
class Predictions:
    """What was predicted, one entry a row, in the order of the input."""

    columns: dict[str, list[Any]]
    """`prediction`, then `probability_<class>`, or `low` and `high`; with several targets each name has its target."""
    findings: list[Finding] = field(default_factory=list)
    """Cells that training never saw, and how many."""
    document: str | None = None
    """What is written instead of CSV, where the customary form is another one (COCO JSON of boxes)."""
    files: dict[str, bytes] = field(default_factory=dict)
    """Pictures that belong to the rows, by the path in `columns`; the output is a folder then."""

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def __getitem__(self, name: str) -> list[Any]:
        return self.columns[name]

    def rows(self) -> list[dict[str, Any]]:
        """One mapping a row."""
        return [dict(zip(self.columns, values, strict=True)) for values in zip(*self.columns.values(), strict=True)]

    def to_polars(self) -> Any:
        """The predictions as a polars frame."""
        import polars

        return polars.DataFrame(self.columns)

    def to_pandas(self) -> Any:
        """The predictions as a pandas frame; needs the extra `tables`."""
        import pandas

        return pandas.DataFrame(self.columns)


def predict(model: Model, source: Any) -> Predictions:
    """Predicts a path, a frame, or arrays of images.

    Raises: SchemaError naming the column or file that does not fit.
    """
    raw = model.recipe.data.read_new(source, model.signature)
    return predict_raw(model, raw)


def predict_raw(model: Model, raw: Raw) -> Predictions:
    """Predicts raw data that was read for this model; columns that name the rows are kept in front."""
    assert model.recipe.task is not None
    made = WRITERS[type(model.recipe.task).answers](model, raw, decoded(model, raw))
    if "file" not in made.columns:  # masks name their pictures, of which tiles are parts
        made.columns = {**raw.names_of_rows(model.signature), **made.columns}
    made.findings += raw.findings
    return made


def decoded(model: Model, raw: Raw) -> Prediction:
    """Labels with probabilities, or values, as tensors."""
    task, parts = model.recipe.task, list[Prediction]()
    assert task is not None
    for part in _parts(raw):
        batch = model.preparation.apply(part, model.signature)
        output = outputs(model.network, batch, task, model.recipe.precision)
        parts.append(task.decode(output, model.signature, model.preparation.scale))
    return _joined(parts)


def _parts(raw: Raw) -> Iterator[Raw]:
    """As many images as pass the network at once, since their float32 pixels and outputs need most room; else all."""
    if not isinstance(raw, ImageRaw):
        yield raw
        return
    chunk = rows_at_once(prod(raw.pixel_NCHW.shape[1:]))
    for start in range(0, max(raw.rows, 1), chunk):
        yield raw.part(start, start + chunk)


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


def _classes(model: Model, raw: Raw, prediction: Prediction) -> Predictions:
    target = model.signature.target
    assert target is not None and prediction.label is not None and prediction.probability is not None
    columns: dict[str, list[Any]] = {"prediction": [target.classes[code] for code in prediction.label.tolist()]}
    for place, name in enumerate(target.classes):
        columns[f"probability_{name}"] = prediction.probability[:, place].tolist()
    return Predictions(columns)


def _labels(model: Model, raw: Raw, prediction: Prediction) -> Predictions:
    target = model.signature.target
    assert target is not None and prediction.label is not None and prediction.probability is not None
    columns: dict[str, list[Any]] = {}
    for place, name in enumerate(target.names):
        columns[f"prediction_{name}"] = prediction.label[:, place].tolist()
    for place, name in enumerate(target.names):
        columns[f"probability_{name}"] = prediction.probability[:, place].tolist()
    return Predictions(columns)


def _values(model: Model, raw: Raw, prediction: Prediction) -> Predictions:
    target = model.signature.target
    assert target is not None and prediction.value is not None
    columns: dict[str, list[Any]] = {}
    for place, name in enumerate(target.names):
        suffix = "" if len(target.names) == 1 else f"_{name}"
        values: torch.Tensor = prediction.value[:, place]
        columns[f"prediction{suffix}"] = values.tolist()
        if model.half_width:
            columns[f"low{suffix}"] = (values - model.half_width[place]).tolist()
            columns[f"high{suffix}"] = (values + model.half_width[place]).tolist()
    return Predictions(columns)


def _masks(model: Model, raw: Raw, prediction: Prediction) -> Predictions:
    target, data = model.signature.target, model.recipe.data
    assert target is not None and prediction.label is not None and isinstance(raw, ImageRaw)
    size = data.size if isinstance(data, Images) else None
    columns, files = masks.written(target, raw, prediction.label.numpy(), size)
    return Predictions(columns, files=files)


def _boxes(model: Model, raw: Raw, prediction: Prediction) -> Predictions:
    target, data = model.signature.target, model.recipe.data
    assert target is not None and prediction.box_NK6 is not None and isinstance(raw, ImageRaw)
    size = data.size if isinstance(data, Images) else None
    columns, document = boxes.written(target, raw, prediction.box_NK6, size)
    return Predictions(columns, document=document)


def _pairs(model: Model, raw: Raw, prediction: Prediction) -> Predictions:
    return Predictions(embeddings.columns(model.signature, raw, prediction))


WRITERS: dict[str, Callable[[Model, Raw, Prediction], Predictions]] = {
    "classes": _classes,
    "labels": _labels,
    "values": _values,
    "mask": _masks,
    "boxes": _boxes,
    "pairs": _pairs,
}
"""Kind of answer -> what makes the columns (and files) of predictions."""
