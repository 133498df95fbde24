"""Predictions as the text and the files that people and programs read."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

from pellucid.errors import Place, UsageError
from pellucid.files import write_atomic
from pellucid.ship.predictor import Predictions


def as_text(predictions: Predictions, *, csv: bool = False) -> str:
    """Predictions in their customary form (COCO JSON of boxes), which is CSV unless they say otherwise."""
    return as_csv(predictions) if csv or predictions.document is None else predictions.document


def as_csv(predictions: Predictions) -> str:
    """Predictions as CSV text; numbers as their shortest exact form, lists (labels of positions) as JSON."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(predictions.columns)
    writer.writerows(map(_cell, row) for row in zip(*predictions.columns.values(), strict=True))
    return file.getvalue()


def write_predictions(folder: Path, predictions: Predictions) -> None:
    """Writes `predictions.csv` and the pictures it names into a folder.

    Raises: UsageError where no folder can be there.
    """
    if str(folder) == "-" or folder.is_file() or folder.suffix:
        message = "these predictions are pictures, and need a folder"
        raise UsageError("CLI-USAGE", message, place=Place(str(folder)), hint="-o FOLDER")
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in predictions.files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(place, data, durable=False)
    write_text(folder / "predictions.csv", as_csv(predictions))


def write_text(path: Path, text: str) -> None:
    """Writes a file whole or not at all."""
    write_atomic(path, text.encode())


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False, allow_nan=False) if isinstance(value, list) else value
