"""Small real sessions of every family, task and kind of data, ready for their first step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from pellucid.recipe import Recipe
from pellucid.training.session import Session, prepare

torch.set_num_threads(1)
ROWS, SIDE = 40, 16
TABLES, IMAGES = ("numbers", "words"), ("images", "clips")
COLUMNS: dict[str, Any] = {"classes": "kind", "binary": "two", "labels": ["left", "right"], "values": "much"}
MODELS: dict[str, dict[str, Any]] = {
    "mlp": {},
    "cnn": {"channels": [4]},
    "lenet": {"hidden": [6]},
    "alexnet": {"width": 2, "hidden": [6]},
    "vgg": {"depth": 11, "width": 2, "hidden": [6]},
    "inception": {"width": 4},
    "resnet": {"width": 2},
    "unet": {"depth": 2, "width": 2},
    "decoder": {"width": 4, "depth": 2, "extent": [8, 8]},
    "frames": {"image": {"kind": "cnn", "channels": [4], "hidden": [6]}},
}
"""The smallest of each family that is quick; a new family needs its line."""


def table(*, words: bool = True) -> dict[str, list[Any]]:
    random = np.random.default_rng(0)
    a, b = random.normal(size=(2, ROWS))
    rows: dict[str, list[Any]] = {"a": a.tolist(), "b": b.tolist()}
    if words:
        rows["word"] = [("red", "green", "blue")[place % 3] for place in range(ROWS)]
    return rows | {
        "kind": [("x", "y", "z")[place % 3] for place in range(ROWS)],
        "two": [("no", "yes")[int(value > 0)] for value in a],
        "left": [int(value > 0) for value in a],
        "right": [int(value > 0) for value in b],
        "much": (2.5 * a + b).tolist(),
    }


def pictures(data: str, target: str) -> dict[str, Any]:
    random = np.random.default_rng(0)
    shape = (ROWS, 3, SIDE, SIDE) if data == "clips" else (ROWS, SIDE, SIDE, 3)
    rows: dict[str, Any] = {data: random.integers(0, 255, shape, dtype=np.uint8)}
    if target == "mask":
        return rows | {"masks": (rows["images"][..., 0] > 128).astype(np.uint8)}
    if target == "boxes":
        corner_N2 = random.integers(0, SIDE - 8, (ROWS, 2))
        boxes_N15 = np.concatenate([corner_N2, corner_N2 + 7, corner_N2[:, :1] % 2], axis=1)[:, None]
        return rows | {"boxes": boxes_N15.astype(np.float32), "classes": ["round", "square"]}
    labels = {"classes": [str(place % 3) for place in range(ROWS)], "binary": [str(place % 2) for place in range(ROWS)],
              "values": [place / 7 for place in range(ROWS)]}  # fmt: skip
    return rows | {"labels": labels[target]}


def model_of(family: str, *, vectors: bool, dropout: float) -> dict[str, Any]:
    """The smallest of a family, with dropout if any is asked for."""
    if family == "foreign":
        make = (
            (lambda width: nn.Sequential(nn.Linear(width, 4), nn.Dropout(dropout)))
            if vectors
            else (lambda channels: nn.Sequential(nn.Conv2d(channels, 4, 3), nn.Dropout(dropout)))
        )
        return {"kind": family, "module": make, "input": "vector" if vectors else "grid"}
    model = {"kind": family, **MODELS.get(family, {})}
    if not dropout:
        return model
    if "image" in model:  # a family that holds another one
        return model | {"image": model["image"] | {"dropout": dropout}}
    return model | {"dropout": dropout}


def session(
    data: str,
    target: str,
    *,
    task: Any,
    family: str,
    model: dict[str, Any] | None = None,
    dropout: float = 0.0,
    settings: dict[str, Any] | None = None,
) -> Session:
    """A session of `family` for `task`; `model` replaces its small fields, `settings` what else a recipe says."""
    small = model_of(family, vectors=data in TABLES, dropout=dropout)
    said = settings or {}
    written: dict[str, Any] = {
        "model": small if model is None else {"kind": family, **model},
        "method": {"epochs": 1, "batch": ROWS // 2},
        "optimizer": {"kind": "adam", "learning_rate": 0.05, "schedule": "constant"},
        "threads": 1,
        "task": task,
        **said,
    }
    if data in IMAGES:
        here: dict[str, Any] = {"kind": "images"}
        rows: Any = pictures(data, target)
    else:
        column = COLUMNS[target]
        used = {column} if isinstance(column, str) else set(column)
        kept = table(words=data == "words")
        rows = {name: cells for name, cells in kept.items() if name in ("a", "b", "word") or name in used}
        here = {"kind": "table", "target": column}
    recipe = Recipe.model_validate(written | {"data": here | said.get("data", {})})
    return prepare(recipe, recipe.data.read_rows(rows))


@pytest.fixture(scope="session")
def make() -> Callable[..., Session]:
    """`make(data, target, task=, family=)`: a session of 40 rows made here; further arguments as in `session`."""
    return session
