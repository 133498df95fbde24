"""Prediction: new rows or images in, labels with probabilities or values with intervals out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch

from pellucid.data.source import Raw
from pellucid.findings import Finding
from pellucid.metrics.metric import Prediction
from pellucid.ship.bundle import Model
from pellucid.training.evaluate import outputs


@dataclass
class Predictions:
    """What was predicted, one entry a row, in the order of the input."""

    columns: dict[str, list[Any]]
    """`prediction`, then `probability_<class>`, or `low` and `high`; with several targets each name has its target."""
    findings: list[Finding] = field(default_factory=list)
    """Cells that training never saw, and how many."""

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
    return Predictions(
        {**raw.names_of_rows(model.signature), **_columns(model, decoded(model, raw))}, list(raw.findings)
    )


def decoded(model: Model, raw: Raw) -> Prediction:
    """Labels with probabilities, or values, as tensors."""
    batch = model.preparation.apply(raw, model.signature)
    assert model.recipe.task is not None
    output = outputs(model.network, batch, model.recipe.precision)
    return model.recipe.task.decode(output, model.signature, model.preparation.scale)


def _columns(model: Model, prediction: Prediction) -> dict[str, list[Any]]:
    target = model.signature.target
    assert target is not None
    columns: dict[str, list[Any]] = {}
    if target.kind == "classes":
        assert prediction.label is not None and prediction.probability is not None
        columns["prediction"] = [target.classes[code] for code in prediction.label.tolist()]
        for place, name in enumerate(target.classes):
            columns[f"probability_{name}"] = prediction.probability[:, place].tolist()
    elif target.kind == "labels":
        assert prediction.label is not None and prediction.probability is not None
        for place, name in enumerate(target.names):
            columns[f"prediction_{name}"] = prediction.label[:, place].tolist()
        for place, name in enumerate(target.names):
            columns[f"probability_{name}"] = prediction.probability[:, place].tolist()
    else:
        assert prediction.value is not None
        for place, name in enumerate(target.names):
            suffix = "" if len(target.names) == 1 else f"_{name}"
            values: torch.Tensor = prediction.value[:, place]
            columns[f"prediction{suffix}"] = values.tolist()
            if model.half_width:
                columns[f"low{suffix}"] = (values - model.half_width[place]).tolist()
                columns[f"high{suffix}"] = (values + model.half_width[place]).tolist()
    return columns
