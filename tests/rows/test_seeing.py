"""Rows G8, G13, G14, G15 and G16: networks that see, judged on what they never saw."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import pellucid
from pellucid.recipe import recipe_of

EXAMPLES = Path(__file__).parents[2] / "examples"


def trained(name: str, folder: Path | None = None, **settings: Any) -> dict[str, float]:
    """The test scores of a recipe of `examples/`."""
    wanted = {key.replace("__", "."): value for key, value in settings.items()}
    recipe, text = recipe_of(str(EXAMPLES / f"{name}.yaml"), settings=wanted)
    return pellucid.train(recipe, run=folder, written=text, report=folder is not None).metrics["test"]


@pytest.mark.row("G8")
def test_a_cnn_reads_digits():
    assert trained("digits-cnn", method__epochs=6)["accuracy"] >= 0.97


@pytest.mark.row("G13")
def test_the_medical_template_reports_calibration_and_every_group(tmp_path: Path):
    random = np.random.default_rng(0)
    rows = []
    for place in range(120):
        sick, hospital = place % 3 == 0, ("north", "south")[place % 2]
        pixels = random.integers(0, 90, (24, 24), dtype=np.uint8)
        if sick:
            pixels[8:16, 8:16] += 120
        Image.fromarray(pixels).save(tmp_path / f"{place}.png")
        rows.append([f"{place}.png", "opacity" if sick else "clear", f"p{place // 2}", hospital])
    with (tmp_path / "mine.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["path", "label", "patient", "hospital"], *rows])
    settings: dict[str, Any] = {"data__path": str(tmp_path / "mine.csv"), "data__size": [24, 24], "model__width": 8}
    scores = trained("xrays", tmp_path / "run", **settings, method__epochs=4)
    assert {"roc_auc", "calibration_error"} <= scores.keys()
    report = json.loads((tmp_path / "run" / "report.json").read_text())
    by_column = {one["column"]: one["groups"] for one in report["groups"]}
    assert [group["name"] for group in by_column["hospital"]] == ["north", "south"]
    assert all(group["calibration_error"] is not None for group in by_column["hospital"])
    page = (tmp_path / "run" / "report.html").read_text()
    assert "By hospital" in page and 'id="groups"' in page and "calibration" in page.lower()
    lock = (tmp_path / "run" / "recipe.lock.yaml").read_text()
    assert "by_group" in lock and "patient" in lock


@pytest.mark.row("G14")
@pytest.mark.slow
def test_four_layers_tell_eight_solids_from_heights_they_never_saw(tmp_path: Path):
    assert trained("shapes3d", tmp_path / "run")["accuracy"] >= 0.85


@pytest.mark.row("G15")
@pytest.mark.slow
def test_depth_matters():
    depths = [[16], [16, 32], [16, 32, 64], [16, 32, 64, 128]]
    # no fully connected layer: it could make up for convolutions that are missing
    scores = [trained("shapes3d", model__channels=channels, model__hidden=[], method__epochs=4) for channels in depths]
    found = [score["accuracy"] for score in scores]
    assert found[0] < found[1] < found[2] and found[3] > found[1] + 0.1


@pytest.mark.row("G16")
@pytest.mark.slow
def test_a_picture_gives_back_the_numbers_it_was_drawn_from(tmp_path: Path):
    assert trained("scenes", tmp_path / "run")["r2"] >= 0.9
    report = json.loads((tmp_path / "run" / "report.json").read_text())
    assert all(target["scores"]["r2"] >= 0.9 for target in report["errors"]["targets"] if "scores" in target)
    shown = report["seeing"]["predictions"]
    assert shown and all(one["image"].startswith("data:image/png") for one in shown)
    worst = report["mistakes"][0]["image"]
    assert worst.startswith("data:image/png"), "what was seen beside what the predicted numbers look like"
