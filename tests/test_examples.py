"""Every recipe in `examples/` is read, completed and trained."""

from __future__ import annotations

from pathlib import Path

import pytest

import pellucid
from pellucid.data import packaged
from pellucid.data.embedded import EMBEDDED
from pellucid.data.packages import found
from pellucid.recipe import recipe_of

ROOT = Path(__file__).parents[1]
RECIPES = sorted((ROOT / "examples").glob("*.yaml"))
TEMPLATES = {"xrays"}
"""Recipes that wait for a person's own data; tests/rows/test_seeing.py gives them some."""
HEAVY = {
    *("mnist10k-cnn", "mnist10k-resnet", "fashion", "composites", "shapes", "shapes3d", "nuclei"),
    *("austen", "words", "verses", "languages", "spam", "reviews", "elecdemand", "toy_translation", "melodies"),
    *("copy50", "copy100", "adding10", "adding50", "adding100", "strokes", "tones"),
}
CASES = [
    pytest.param(path, marks=[pytest.mark.slow] if path.stem in HEAVY else [], id=path.stem)
    for path in RECIPES
    if path.stem not in TEMPLATES
]


@pytest.mark.parametrize("path", CASES)
def test_an_example_trains(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(ROOT)
    recipe, text = recipe_of(str(path), settings={"method.epochs": 2, "threads": 1})
    assert text is not None and f"pellucid train examples/{path.name}" in text
    known = EMBEDDED.get(recipe.data.path or "")
    needed = packaged.LOADERS[known.name][1] if known is not None and not known.file else ()
    missing = [package.name for package in needed if found(package) is None]
    if missing:
        pytest.skip(f"not installed here: {', '.join(missing)}")
    run = pellucid.train(recipe, run=tmp_path / "run", written=text, report=path.stem == "animals")
    assert run.recipe.method is not None and run.recipe.method.dump()["epochs"] == 2
    assert run.metrics.keys() == {"train", "valid", "test"}
    given = recipe.dump()
    assert all(run.recipe.dump().get(name) for name, value in given.items() if value)


def test_every_embedded_set_has_an_example():
    paths = {recipe_of(str(path))[0].data.path for path in RECIPES}
    assert EMBEDDED.keys() <= paths
