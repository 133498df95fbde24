"""Detection on the way a person takes: shapes on noise, found, judged, drawn and predicted as COCO's results."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from pellucid import jobs
from pellucid.recipe import Recipe

CLASSES = ("circle", "square", "triangle")
SIDE = 48


def shapes(count: int) -> tuple[np.ndarray, list[np.ndarray]]:
    """(image_NHW, boxes_M5 of each): one to three shapes that do not touch, brighter than the noise behind them."""
    random = np.random.default_rng(0)
    y_HW, x_HW = np.mgrid[:SIDE, :SIDE] + 0.5
    images, boxes = [], []
    for _ in range(count):
        pixel_HW, here = random.normal(60, 15, (SIDE, SIDE)), np.zeros((0, 5))
        wanted = random.integers(1, 4)
        while len(here) < wanted:
            size, code = random.integers(10, 21), random.integers(3)
            left, top = random.integers(0, SIDE - size + 1, 2)
            right, bottom = left + size, top + size
            touches = (here[:, 0] < right) & (left < here[:, 2]) & (here[:, 1] < bottom) & (top < here[:, 3])
            if touches.any():
                continue
            across, down = abs(x_HW - left - size / 2), abs(y_HW - top - size / 2)
            inside = (across**2 + down**2 <= size**2 / 4, np.maximum(across, down) <= size / 2,
                      (across <= (y_HW - top) / 2) & (y_HW <= bottom))[code]  # fmt: skip
            pixel_HW[inside] += random.uniform(50, 120)
            here = np.concatenate([here, [[left, top, right, bottom, code]]])
        images.append(pixel_HW.clip(0, 255).astype(np.uint8))
        boxes.append(here)
    return np.stack(images), boxes


@pytest.mark.row("G9")
@pytest.mark.slow
def test_shapes_are_found_with_their_boxes(tmp_path: Path):
    images, boxes = shapes(400)
    recipe = Recipe.model_validate(
        {
            "data": {"kind": "images"},
            "task": "detection",
            "model": {"kind": "cnn", "channels": [16, 32, 64]},
            "method": {"epochs": 12, "batch": 8},
            "optimizer": {"kind": "adamw", "learning_rate": 0.008},
            "threads": 1,
        }
    )
    rows = {"images": images, "boxes": boxes, "classes": list(CLASSES)}
    run = jobs.train(recipe, rows=rows, run=tmp_path / "run")
    assert run.recipe.task is not None and run.recipe.task.metrics == ("map50", "map")
    assert run.metrics["test"]["map50"] >= 0.8

    report = json.loads((tmp_path / "run" / "report.json").read_text())
    assert report["verdict"]["tone"] == "good", "the mean box does not do as well"
    assert [row["name"] for row in report["errors"]["by_class"]] == list(CLASSES)
    assert "True boxes and predicted boxes" in (tmp_path / "run" / "report.html").read_text()

    predictions = jobs.load(tmp_path / "run").predict(images[:3])
    assert predictions.document is not None and len(predictions) == 3
    found = json.loads(predictions.document)
    assert [entry["image_id"] for entry in found] == sorted(entry["image_id"] for entry in found)
    for place, boxes_M5 in enumerate(boxes[:3]):
        best = [entry for entry in found if entry["image_id"] == place + 1][: len(boxes_M5)]
        assert sorted(entry["category_name"] for entry in best) == sorted(CLASSES[int(code)] for code in boxes_M5[:, 4])
