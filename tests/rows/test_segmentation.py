"""Segmentation on the way a person takes: shapes on noise, learnt, judged, drawn and predicted to files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pellucid import jobs
from pellucid.recipe import Recipe

CLASSES = ("background", "circle", "square")
MODELS: dict[str, dict[str, Any]] = {
    "unet": {"kind": "unet", "depth": 3, "width": 8},
    "fully convolutional": {"kind": "cnn", "channels": [16, 32]},
}


def shapes(count: int, side: int = 32) -> tuple[np.ndarray, np.ndarray]:
    """A circle and a square on noise, one over the other, little different in brightness; the last column unjudged."""
    random = np.random.default_rng(0)
    row_HW, column_HW = np.mgrid[:side, :side]
    images, masks = [], []
    for _ in range(count):
        pixel_HW, mask_HW = random.normal(60, 20, (side, side)), np.zeros((side, side), np.uint8)
        for code in random.permutation([1, 2]):
            (row, column), size = random.integers(6, side - 6, 2), random.integers(4, 7)
            away = (np.hypot if code == 1 else np.maximum)(abs(row_HW - row), abs(column_HW - column))
            inside = away <= size
            pixel_HW[inside] = random.normal((150, 190)[code - 1], 20, int(inside.sum()))
            mask_HW[inside] = code
        mask_HW[:, -1] = 255
        images.append(pixel_HW.clip(0, 255).astype(np.uint8))
        masks.append(mask_HW)
    return np.stack(images), np.stack(masks)


@pytest.mark.row("G10")
@pytest.mark.parametrize("model", MODELS)
def test_shapes_are_found_pixel_by_pixel(model: str, tmp_path: Path):
    images, masks = shapes(64)
    recipe = Recipe.model_validate(
        {
            "data": {"kind": "images"},
            "task": "segmentation",
            "model": MODELS[model],
            "method": {"epochs": 20 if model == "unet" else 30, "batch": 8},
            "optimizer": {"kind": "adamw", "learning_rate": 0.01},
            "threads": 1,
        }
    )
    rows = {"images": images, "masks": masks, "classes": list(CLASSES)}
    run = jobs.train(recipe, rows=rows, run=tmp_path / "run")
    assert run.recipe.task is not None and run.recipe.task.metrics == ("iou", "dice", "pixel_accuracy")
    assert run.metrics["test"]["iou"] >= 0.8

    report = json.loads((tmp_path / "run" / "report.json").read_text())
    assert report["verdict"]["tone"] == "good", "neither place nor brightness alone does as well"
    assert [row["name"] for row in report["ladder"]["rows"]] == ["constant", "place", "brightness"]
    assert [row["name"] for row in report["errors"]["by_class"]] == list(CLASSES)
    assert "Images, true masks and predicted masks" in (tmp_path / "run" / "report.html").read_text()

    jobs.write_predictions(tmp_path / "out", jobs.load(tmp_path / "run").predict(images[:3]))
    lines = (tmp_path / "out" / "predictions.csv").read_text().splitlines()
    assert lines[0] == "file,mask,share_background,share_circle,share_square" and len(lines) == 4
    with Image.open(tmp_path / "out" / lines[1].split(",")[1]) as file:
        assert file.mode == "P" and file.size == (32, 32)
        judged = masks[0] != 255
        assert (np.asarray(file) == masks[0])[judged].mean() > 0.9
