"""Faces told apart by embedding: people whom training never saw. The audit page that ships with it comes later."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pellucid
from pellucid import jobs
from pellucid.data.image import Images
from pellucid.recipe import Recipe, recipe_of

ROOT = Path(__file__).parents[2]


@pytest.mark.row("G11")
def test_faces_of_strangers_are_verified_by_a_threshold_fixed_on_others(tmp_path: Path):
    written: dict[str, Any] = {
        "data": {"kind": "images", "path": "faces", "size": [28, 23], "augment": ["flip", "shift"]},
        "task": {"kind": "verification", "loss": {"kind": "cosine_margin", "scale": 10}},
        "model": {"kind": "cnn", "channels": [16, 32], "hidden": [64]},
        "method": {"epochs": 10},
        "threads": 1,
        "precision": "float32",
    }
    run = jobs.train(Recipe.model_validate(written), run=tmp_path / "run")
    test = run.metrics["test"]
    assert test["pair_auc"] > 0.85 and test["pair_accuracy"] > 0.75 and test["retrieval"] > 0.9
    assert (tmp_path / "run" / "report.html").exists()

    # the model on disk knows the threshold, and names the most alike of ten strangers
    faces = Images(path="faces").read()
    strangers = np.flatnonzero(np.array(faces.parts) == "test")[::5]
    said = pellucid.load(tmp_path / "run").predict(faces.pixel_NCHW[strangers, 0])
    assert len(said) == len(strangers) == 20
    vector = np.stack([said[f"embedding_{at}"] for at in range(64)], axis=1)
    assert np.allclose((vector**2).sum(1), 1, atol=1e-5)
    alike = vector @ vector.T - 2 * np.eye(20)
    assert np.allclose(alike.max(1), said["cosine"], atol=1e-6)
    assert said["nearest"] == [said["file"][at] for at in alike.argmax(1)]
    assert 0 < sum(said["same"]) <= 20


@pytest.mark.slow
@pytest.mark.row("G11")
@pytest.mark.covers(
    "src/pellucid/tasks", "src/pellucid/losses", "src/pellucid/metrics", "src/pellucid/families", "examples"
)
def test_the_shipped_recipe_knows_ten_strangers(tmp_path: Path):
    scores = []
    for seed in range(3):
        recipe, text = recipe_of(str(ROOT / "examples" / "faces.yaml"), settings={"seed": seed})
        run = jobs.train(recipe, run=tmp_path / f"run{seed}", written=text, report=False)
        scores.append([run.metrics["test"][name] for name in ("pair_auc", "pair_accuracy")])
    area, accuracy = np.mean(scores, axis=0)
    assert area >= 0.97 and accuracy >= 0.92
