"""Finished small models, trained once."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import torch

from pellucid import jobs
from pellucid.documents import Document
from pellucid.recipe import read_recipe

torch.set_num_threads(1)

SETTINGS: dict[str, Any] = {
    "method.epochs": 4,
    "threads": 1,
    "precision": "float32",
    "model": {"kind": "mlp", "widths": [16]},
}
READS: dict[str, Any] = {"model": {"kind": "gru", "width": 16}, "optimizer.learning_rate": 0.02}
"""A small network over sequences."""
ENGLISH = ("the", "a", "red", "old", "cat", "dog", "sees", "hears")
OTHER = ("le", "un", "ruv", "vek", "gat", "kan", "vid", "aud")


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


@pytest.fixture(scope="session")
def sequences(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of sequences: text.txt, pairs.csv, tagged.conll, sales.csv (days of two shops)."""
    folder = tmp_path_factory.mktemp("sequences")
    draw = random.Random(0)
    lines = [" ".join(draw.choice(ENGLISH) for _ in range(5)) for _ in range(300)]
    (folder / "text.txt").write_text("\n".join(lines) + "\n")
    pairs = [(line, " ".join(OTHER[ENGLISH.index(word)] for word in line.split())) for line in lines[:120]]
    (folder / "pairs.csv").write_text("source,target\n" + "".join(f"{one},{two}\n" for one, two in pairs))
    tagged = ["\n".join(f"{word} {'N' if word in ENGLISH[4:6] else 'O'}" for word in line.split()) for line in lines]
    (folder / "tagged.conll").write_text("\n\n".join(tagged[:120]) + "\n")
    days = [str(date(2024, 1, 1) + timedelta(day)) for day in range(120)]
    rows = [
        f"{day},{shop},{scale * (5 + (at % 7)) + draw.random():.3f}"
        for shop, scale in (("north", 1), ("south", 10))
        for at, day in enumerate(days)
    ]
    (folder / "sales.csv").write_text("day,series,sold\n" + "\n".join(rows) + "\n")
    return folder


@pytest.fixture(scope="session")
def language(trained: Callable[..., jobs.Run], sequences: Path) -> jobs.Run:
    """A language model of characters."""
    return trained(sequences / "text.txt", READS)


@pytest.fixture(scope="session")
def translation(trained: Callable[..., jobs.Run], sequences: Path) -> jobs.Run:
    """Word by word into a made-up language."""
    return trained(sequences / "pairs.csv", {**READS, "data.target": "target", "method.epochs": 40})


@pytest.fixture(scope="session")
def labelling(trained: Callable[..., jobs.Run], sequences: Path) -> jobs.Run:
    """Which words are nouns."""
    return trained(sequences / "tagged.conll", {**READS, "method.epochs": 10})


@pytest.fixture(scope="session")
def forecasting(trained: Callable[..., jobs.Run], sequences: Path) -> jobs.Run:
    """Seven days ahead, of two shops."""
    settings = {"data.kind": "series", "data.target": "sold", "data.horizon": 7, "data.window": 14, "data.season": 7}
    return trained(sequences / "sales.csv", {**READS, **settings})
