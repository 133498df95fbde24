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
TABLES, IMAGES, SERIES = ("numbers", "words"), ("images", "clips"), ("series", "future")
TEXTS = ("texts", "stream", "tagged", "pairs")
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
    "rnn": {"width": 6},
    "lstm": {"width": 6},
    "gru": {"width": 6},
    "tcn": {"width": 6, "depth": 2},
    "transformer": {"width": 8, "heads": 2, "depth": 1},
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


def texts(data: str, target: str) -> Any:
    """Sentences of three to nine words, tagged sentences, pairs of sentences, or one running text."""
    random = np.random.default_rng(0)
    words = np.array(["red", "blue", "green", "one", "two", "three", "sea", "sky"])
    said = [words[random.integers(0, 8, random.integers(3, 10))].tolist() for _ in range(ROWS)]
    if data == "stream":
        return [" ".join(word for sentence in said for word in sentence)]
    if data == "tagged":
        return said, [["colour" if word in ("red", "blue", "green") else "other" for word in each] for each in said]
    if data == "pairs":
        return {"text": [" ".join(each) for each in said], "answer": [" ".join(each[::-1]) for each in said]}
    labels = {"classes": [("x", "y", "z")[place % 3] for place in range(ROWS)],
              "binary": [("no", "yes")[place % 2] for place in range(ROWS)],
              "values": [place / 7 for place in range(ROWS)]}  # fmt: skip
    return [" ".join(each) for each in said], labels[target]


def waves(data: str, target: str) -> Any:
    """Whole series of 16 to 20 steps of 16 channels, or one series that goes on."""
    random = np.random.default_rng(0)
    if data == "future":
        step = np.arange(120)
        return {"value": (np.sin(step / 2) + random.normal(size=120) / 5).round(4).tolist()}
    values = [random.normal(size=(int(length), 16)).astype(np.float32) for length in random.integers(16, 21, ROWS)]
    labels = {"classes": [("x", "y", "z")[place % 3] for place in range(ROWS)],
              "binary": [("no", "yes")[place % 2] for place in range(ROWS)],
              "values": [place / 7 for place in range(ROWS)]}  # fmt: skip
    return values, labels[target]


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
    small = model_of(family, vectors=data not in IMAGES, dropout=dropout)
    said = settings or {}
    written: dict[str, Any] = {
        "model": small if model is None else {"kind": family, **model},
        "method": {"epochs": 1, "batch": ROWS // 2},
        "optimizer": {"kind": "adam", "learning_rate": 0.05, "schedule": "constant"},
        "threads": 1,
        "task": task,
        **said,
    }
    here: dict[str, Any]
    rows: Any
    if data in IMAGES:
        here, rows = {"kind": "images"}, pictures(data, target)
    elif data in TEXTS:
        own = {"stream": {"window": 8}, "pairs": {"into": "answer"}}
        here, rows = {"kind": "text", **own.get(data, {})}, texts(data, target)
    elif data in SERIES:
        own = {"future": {"target": "value", "horizon": 3, "window": 8, "season": 1}}
        here, rows = {"kind": "series", **own.get(data, {})}, waves(data, target)
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
