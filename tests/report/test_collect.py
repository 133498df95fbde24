"""Everything a finished session knows, for its report."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from pellucid import jobs
from pellucid.recipe import recipe_of
from pellucid.report.collect import collect


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
