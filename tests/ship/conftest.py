"""Finished small models, trained once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pellucid import jobs
from pellucid.documents import Document
from pellucid.recipe import read_recipe

SETTINGS: dict[str, Any] = {
    "method.epochs": 4,
    "threads": 1,
    "precision": "float32",
    "model": {"kind": "mlp", "widths": [16]},
}


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., jobs.Run]:
    """`trained(path, settings)`: a finished run."""
    made: dict[str, jobs.Run] = {}

    def train(path: str | Path, settings: dict[str, Any] | None = None) -> jobs.Run:
        key = f"{path} {settings}"
        if key not in made:
            recipe = read_recipe(Document({"data": {"path": str(path)}}, "test"), {**SETTINGS, **(settings or {})})
            made[key] = jobs.train(recipe, run=tmp_path_factory.mktemp("run") / "run", report=False)
        return made[key]

    return train
