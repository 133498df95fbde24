from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from pellucid.errors import UsageError
from pellucid.ship.output import as_csv, as_text, write_predictions
from pellucid.ship.predictor import Predictions


def test_lists_are_json_in_a_cell():
    made = Predictions({"tokens": [["a", 'say "b"'], ["ñ"]], "probability": [[0.5, None], [1.0]]})
    rows = list(csv.DictReader(as_csv(made).splitlines()))
    assert [json.loads(row["tokens"]) for row in rows] == made["tokens"]
    assert [json.loads(row["probability"]) for row in rows] == made["probability"]
    assert "ñ" in rows[1]["tokens"]


def test_the_customary_form_unless_csv_is_asked():
    made = Predictions({"a": [1]}, document="[1]\n")
    assert as_text(made) == "[1]\n" and as_text(made, csv=True) == "a\n1\n" == as_text(Predictions({"a": [1]}))


def test_pictures_need_a_folder(tmp_path: Path):
    made = Predictions({"mask": ["masks/a.png"]}, files={"masks/a.png": b"png"})
    write_predictions(tmp_path / "out", made)
    assert (tmp_path / "out/masks/a.png").read_bytes() == b"png"
    assert (tmp_path / "out/predictions.csv").read_text() == "mask\nmasks/a.png\n"
    for place in ("-", str(tmp_path / "out.csv")):
        with pytest.raises(UsageError, match="need a folder"):
            write_predictions(Path(place), made)
