"""Video: what moves how in a clip, from frames of which none tells."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pellucid
from pellucid.data.toys import MOTIONS, clips
from pellucid.jobs import Run

IMAGE = {"kind": "cnn", "channels": [8, 16], "hidden": [32]}


def labelled(each: int, seed: int) -> dict[str, Any]:
    clip_NFHW, code_N = clips(each, seed)
    return {"clips": clip_NFHW, "labels": [MOTIONS[code] for code in code_N]}


@pytest.mark.row("G12")
@pytest.mark.parametrize("difference", [True, False])
def test_motion_is_told_by_what_changes_between_frames_and_by_no_frame_alone(difference: bool, tmp_path: Path):
    recipe = pellucid.Recipe.model_validate(
        {
            "data": {"kind": "images"},
            "model": {"kind": "frames", "image": IMAGE, "difference": difference},
            "method": {"epochs": 10, "batch": 32},
            "optimizer": {"kind": "adam", "learning_rate": 0.01},
            "threads": 1,
            "precision": "float32",
        }
    )
    run = pellucid.train(recipe, rows=labelled(40, 0), run=tmp_path / "run", report=False)
    new = labelled(30, 1)
    told = run.predict({"clips": new["clips"]})
    accuracy = np.mean([said == true for said, true in zip(told["prediction"], new["labels"], strict=True)])
    if difference:
        assert accuracy > 0.95 and run.metrics["test"]["accuracy"] > 0.95
    else:  # the same frames in another order are another motion: at best one of two is right
        assert accuracy < 0.6


def only(rows: dict[str, Any], motions: tuple[str, ...]) -> dict[str, Any]:
    """The clips of some motions."""
    kept = [place for place, label in enumerate(rows["labels"]) if label in motions]
    return {"clips": rows["clips"][kept], "labels": [rows["labels"][place] for place in kept]}


@pytest.mark.row("G12")
@pytest.mark.parametrize(
    ("motions", "over", "difference", "low", "high"),
    [
        (MOTIONS, {"kind": "lstm", "width": 32}, True, 0.95, 1.0),
        (("grow", "shrink"), {"kind": "lstm", "width": 32}, False, 0.95, 1.0),
        (("grow", "shrink"), "mean", False, 0.0, 0.7),  # the same frames the other way round
    ],
)
def test_a_recurrent_network_over_the_frames_tells_motion_by_their_order(
    motions: tuple[str, ...], over: Any, difference: bool, low: float, high: float, train: Callable[..., Run]
):
    run = train(
        {"kind": "images"},
        only(labelled(40, 0), motions),
        model={"kind": "frames", "image": IMAGE, "over": over, "difference": difference},
        method={"epochs": 10, "batch": 16},
        optimizer={"kind": "adam", "learning_rate": 0.01},
    )
    new = only(labelled(30, 1), motions)
    told = run.predict({"clips": new["clips"]})
    accuracy = np.mean([said == true for said, true in zip(told["prediction"], new["labels"], strict=True)])
    print(accuracy)
    assert low <= accuracy <= high
