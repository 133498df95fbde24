"""Everything a finished session knows, for its report."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from pellucid import jobs
from pellucid.data.series_raw import SeriesRaw
from pellucid.data.signature import Clock, Target
from pellucid.recipe import recipe_of
from pellucid.report.collect import collect, past_of
from pellucid.report.evidence import Evidence


def run(name: str, folder: Path, **settings: object) -> Path:
    wanted = {"method.epochs": 1, "model": {"kind": "cnn", "channels": [4], "hidden": []}, **settings}
    jobs.train(recipe_of(name, None, wanted)[0], run=folder, report=False)
    return folder


def test_pictures_come_back_from_what_was_prepared_and_from_the_values_they_were_drawn_from(tmp_path: Path):
    session = jobs.finished(run("scenes", tmp_path / "scenes-run"))
    evidence = collect(session, tmp_path / "scenes-run", seconds=1.0, speed=1.0)
    assert evidence.pixels is not None and evidence.to_pixels is not None and evidence.redraw is not None
    one = session.dataset.test.part(0, 1)
    assert one.row_B is not None and isinstance(one.input, torch.Tensor)
    seen = evidence.pixels(int(one.row_B[0]))
    assert np.array_equal(evidence.to_pixels(one.input[0])[..., 0], seen)
    drawn = evidence.redraw(*evidence.truth(one)[0].tolist())
    assert np.abs(drawn.astype(int) - seen).max() <= 2, "drawn again from its true values it is the same picture"
    output = evidence.forward(one)
    assert evidence.decode(output).value is not None and evidence.name == "scenes-run"


def test_what_was_not_drawn_cannot_be_drawn_again(tmp_path: Path):
    session = jobs.finished(run("digits", tmp_path / "run"))
    assert collect(session, tmp_path / "run", seconds=1.0, speed=1.0).redraw is None


def test_texts_and_series_are_told_as_they_stood(sequence: Callable[[str], Evidence]):
    texts = sequence("opinions")
    assert texts.cells is not None and texts.text is not None and texts.past is None and texts.write is None
    assert texts.cells(3)["text"] == texts.text(3) and texts.cells(3)["opinion"] == "dislike"
    airline = sequence("airline")
    assert airline.past is not None and airline.text is None and airline.cells is None
    batch = airline.dataset.test.part(0, 1)
    assert batch.row_B is not None
    past = airline.past(int(batch.row_B[0]))
    # the seasonal-naive forecast repeats the last twelve months
    assert batch.relative is not None and torch.equal(batch.relative[0][0].double(), past.value_TD[-12:])
    assert past.series == "" and past.stamp.startswith("19")


def test_blank_cells_of_the_past_have_the_value_before(sequence: Callable[[str], Evidence]):
    value_NC = np.array([[1.0], [np.nan], [3.0], [4.0]])
    raw = SeriesRaw("future", value_NC, ("x",), np.array([4]), ("a",), "")
    clock = Clock("", "", "", ("x",), window=3, horizon=1)
    signature = sequence("airline").signature.replace(clock=clock, target=Target("future", ("x",)))
    assert past_of(raw, signature)(3).value_TD.flatten().tolist() == [1, 1, 3]


def test_a_task_that_writes_has_its_rows_written(sequence: Callable[[str], Evidence]):
    evidence = sequence("translation")
    assert evidence.write is not None
    rows, written = evidence.write(evidence.dataset.valid.part(0, 3))
    assert len(rows) == len(written) == 3 and rows.target is not None and written.shape == rows.target.shape
