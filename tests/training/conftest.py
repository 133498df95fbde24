"""Small real sessions, ready for their first step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from pellucid.data.arrays import ArrayRaw
from pellucid.documents import Document
from pellucid.recipe import Recipe, read_recipe
from pellucid.training.session import Session, prepare

torch.set_num_threads(1)

SMALL = {
    "method.epochs": 2,
    "threads": 1,
    "precision": "float32",
    "model.kind": "mlp",
    "model.widths": [16],
    "model.dropout": 0.0,
}


def recipe_for(source: str, settings: dict[str, Any]) -> Recipe:
    data = {"kind": "arrays"} if source in ("classes", "values") else {"path": source}
    return read_recipe(Document({"data": data}, "test"), {**SMALL, **settings})


def rows(source: str, count: int, weights: bool) -> ArrayRaw:
    """Rows of four numbers, with three classes or two values that follow from them."""
    random = np.random.default_rng(0)
    x_ND = random.normal(size=(count, 4))
    noise_N2 = 0.3 * random.normal(size=(count, 2))
    weight_N = random.uniform(0.2, 3.0, count) if weights else None
    value_N2 = np.stack([x_ND @ [1.0, -2.0, 0.5, 0.0], x_ND[:, 0] * x_ND[:, 1]], 1) + noise_N2
    if source == "values":
        return ArrayRaw(x_ND, value_N2, weight_N=weight_N)
    code_N = np.digitize(value_N2[:, 0], [-1.0, 1.0]).astype(np.int64)
    return ArrayRaw(x_ND, code_N, ("a", "b", "c"), weight_N)


@pytest.fixture(scope="session")
def make() -> Callable[..., Session]:
    """`make(source, settings)`: a session of an embedded set, or of `classes` or `values` made here."""

    def build(
        source: str = "classes", settings: dict[str, Any] | None = None, *, count: int = 90, weights: bool = False
    ) -> Session:
        recipe = recipe_for(source, settings or {})
        return prepare(recipe, rows(source, count, weights) if source in ("classes", "values") else None)

    return build
