"""Prediction: new rows, images, texts or series in; labels, values with intervals, sentences or forecasts out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch

from pellucid.data.image import Images
from pellucid.data.image_raw import ImageRaw
from pellucid.data.series import Series
from pellucid.data.series_raw import SeriesRaw
from pellucid.data.source import Raw
from pellucid.data.text_raw import TextRaw
from pellucid.errors import Place, SchemaError, UsageError
from pellucid.findings import Finding
from pellucid.ship import boxes, embeddings, forecasts, masks, steps, texts
from pellucid.ship.bundle import Model
from pellucid.ship.decoding import decoded


@dataclass
class Predictions:
    """What was predicted, one entry a row, in the order of the input."""

    columns: dict[str, list[Any]]
    """`prediction`, then `probability_<class>`, or `low` and `high`; with several targets each name has its target.
    Of forecasts: one entry for each series, time, target and quantile."""
    findings: list[Finding] = field(default_factory=list)
    """Cells that training never saw, and how many."""
    document: str | None = None
    """What is written instead of CSV, where the customary form is another one (COCO JSON of boxes, JSON lines)."""
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


def predict(model: Model, source: Any = None, horizon: int | None = None) -> Predictions:
    """Predicts a path, a frame, arrays of images, or texts; forecasts `horizon` rows (as many as were learnt).

    Without a source: what comes after the last row of the series that the model was trained on.
    Raises: SchemaError naming the column or file that does not fit; UsageError where something is asked that does not
    go with this model.
    """
    answers = type(model.recipe.task).answers if model.recipe.task else ""
    if answers == "future":
        raw = own_series(model) if source is None else model.recipe.data.read_new(source, model.signature)
        return _named(model, raw, _future(model, raw, horizon))
    if horizon is not None:
        message = f"a horizon goes with forecasts, and this run predicts {MEANING[answers]}"
        raise UsageError("CLI-USAGE", message, hint="leave --horizon out")
    if source is None:
        message = "what is to be predicted? The data is missing"
        raise UsageError("CLI-USAGE", message, hint="pellucid predict RUN DATA; only forecasts need none")
    return predict_raw(model, model.recipe.data.read_new(source, model.signature))


def predict_raw(model: Model, raw: Raw) -> Predictions:
    """Predicts raw data that was read for this model; columns that name the rows are kept in front."""
    assert model.recipe.task is not None
    return _named(model, raw, WRITERS[type(model.recipe.task).answers](model, raw))


def own_series(model: Model) -> Raw:
    """The series that the model was trained on, read again.

    Raises: UsageError where they were handed over in memory; SchemaError where they changed.
    """
    data = model.recipe.data
    assert isinstance(data, Series)
    if data.path is None:
        message = "the series were handed over in memory; hand them over again"
        raise UsageError("CLI-DATA", message, hint="loaded.predict(series, horizon=24)")
    raw = data.read()
    if raw.fingerprint != model.signature.fingerprint:
        message = "the data changed since the run was trained"
        hint = f"pellucid predict RUN {data.path} forecasts what comes after its last row now"
        raise SchemaError("SCHEMA-FINGERPRINT", message, place=Place(data.path), hint=hint)
    return data.beyond(raw, model.signature)


def _named(model: Model, raw: Raw, made: Predictions) -> Predictions:
    if "file" not in made.columns:  # masks name their pictures, of which tiles are parts
        made.columns = {**raw.names_of_rows(model.signature), **made.columns}
    made.findings += raw.findings
    return made


def _classes(model: Model, raw: Raw) -> Predictions:
    prediction = decoded(model, raw)
    target = model.signature.target
    assert target is not None and prediction.label is not None and prediction.probability is not None
    columns: dict[str, list[Any]] = {"prediction": [target.classes[code] for code in prediction.label.tolist()]}
    for place, name in enumerate(target.classes):
        columns[f"probability_{name}"] = prediction.probability[:, place].tolist()
    return Predictions(columns)


def _labels(model: Model, raw: Raw) -> Predictions:
    prediction = decoded(model, raw)
    target = model.signature.target
    assert target is not None and prediction.label is not None and prediction.probability is not None
    columns: dict[str, list[Any]] = {}
    for place, name in enumerate(target.names):
        columns[f"prediction_{name}"] = prediction.label[:, place].tolist()
    for place, name in enumerate(target.names):
        columns[f"probability_{name}"] = prediction.probability[:, place].tolist()
    return Predictions(columns)


def _values(model: Model, raw: Raw) -> Predictions:
    prediction = decoded(model, raw)
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


def _masks(model: Model, raw: Raw) -> Predictions:
    prediction = decoded(model, raw)
    target, data = model.signature.target, model.recipe.data
    assert target is not None and prediction.label is not None and isinstance(raw, ImageRaw)
    size = data.size if isinstance(data, Images) else None
    columns, files = masks.written(target, raw, prediction.label.numpy(), size)
    return Predictions(columns, files=files)


def _boxes(model: Model, raw: Raw) -> Predictions:
    prediction = decoded(model, raw)
    target, data = model.signature.target, model.recipe.data
    assert target is not None and prediction.box_NK6 is not None and isinstance(raw, ImageRaw)
    size = data.size if isinstance(data, Images) else None
    columns, document = boxes.written(target, raw, prediction.box_NK6, size)
    return Predictions(columns, document=document)


def _pairs(model: Model, raw: Raw) -> Predictions:
    return Predictions(embeddings.columns(model.signature, raw, decoded(model, raw)))


def _steps(model: Model, raw: Raw) -> Predictions:
    columns, document = steps.written(model, raw)
    return Predictions(columns, document=document)


def _next(model: Model, raw: Raw) -> Predictions:
    assert isinstance(raw, TextRaw)
    return Predictions(texts.likelihoods(model, raw))


def _neighbours(model: Model, raw: Raw) -> Predictions:
    assert isinstance(raw, TextRaw)
    return Predictions(texts.vectors(model, raw))


def _sentence(model: Model, raw: Raw) -> Predictions:
    return Predictions({"prediction": texts.sentences(model, model.preparation.apply(raw, model.signature))})


def _future(model: Model, raw: Raw, horizon: int | None = None) -> Predictions:
    assert isinstance(raw, SeriesRaw)
    columns, findings = forecasts.written(model, raw, horizon)
    return Predictions(columns, findings)


WRITERS: dict[str, Callable[[Model, Raw], Predictions]] = {
    "classes": _classes,
    "labels": _labels,
    "values": _values,
    "mask": _masks,
    "boxes": _boxes,
    "pairs": _pairs,
    "steps": _steps,
    "next": _next,
    "neighbours": _neighbours,
    "sentence": _sentence,
    "future": _future,
}
"""Kind of answer -> what makes the columns (and files) of predictions."""
MEANING = {
    "classes": "classes",
    "labels": "labels",
    "values": "values",
    "mask": "masks",
    "boxes": "boxes",
    "pairs": "embeddings of pictures",
    "steps": "a label for each position",
    "next": "how likely texts are",
    "neighbours": "vectors of words",
    "sentence": "sentences",
    "future": "forecasts",
}
"""Kind of answer -> what a run of it predicts, in words."""
