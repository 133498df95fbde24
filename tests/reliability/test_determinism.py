"""T7: one recipe gives one result, whatever surrounds it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

SURROUNDINGS = {
    "hash seed": {"PYTHONHASHSEED": "4321"},
    "locale and time zone": {"LC_ALL": "C", "LANG": "C", "TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "0"},
}


@pytest.mark.parametrize("surrounding", SURROUNDINGS)
def test_surroundings_change_no_bit(surrounding: str, shell: Any, whole: Callable[[str], Path]) -> None:
    run = shell.folder / "again"
    elsewhere = shell.folder / "elsewhere"
    elsewhere.mkdir()
    recipe = shell.recipe("table")
    words = ("train", recipe, "--run", run, "--quiet", "--no-report")
    end = shell.run(*words, cwd=elsewhere, before=lambda: os.umask(0o077), **SURROUNDINGS[surrounding])
    assert end.code == 0, end.err
    assert not shell.differing(run, whole("table"))


def test_the_lock_of_a_run_gives_the_same_run(shell: Any, whole: Callable[[str], Path]) -> None:
    run = shell.folder / "again"
    end = shell.train(whole("images") / "recipe.lock.yaml", run)
    assert end.code == 0, end.err
    assert not shell.differing(run, whole("images"))


def pictures(folder: Path, order: list[int]) -> Path:
    """An image folder of three classes, its files made in the order given."""
    random = np.random.default_rng(0)
    pixels = random.integers(0, 255, (90, 12, 12), dtype=np.uint8)
    for number in order:
        place = folder / f"class{number % 3}"
        place.mkdir(parents=True, exist_ok=True)
        pixels[number, : 4 * (number % 3 + 1)] //= 4
        Image.fromarray(pixels[number]).save(place / f"{number:03d}.png")
    return folder


def test_the_order_of_a_folder_and_the_number_of_readers_change_no_bit(
    shell: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = []
    for name, order, workers in (("one", list(range(90)), 1), ("two", list(reversed(range(90))), 4)):
        folder = pictures(shell.folder / name / "pictures", order)
        settings = {"method.epochs": 3, "data.workers": workers, "threads": 1, "model": "{kind: cnn, channels: [4]}"}
        words = [word for path, value in settings.items() for word in ("--set", f"{path}={value}")]
        run = shell.folder / name / "run"
        monkeypatch.chdir(folder.parent)
        end = shell.here("train", "pictures", "--run", run, "--quiet", "--no-report", *words)
        assert end.code == 0, end.err
        runs.append(run)
    assert not shell.differing(*runs)
