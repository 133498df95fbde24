"""What is asked before a training starts answers without torch: it alone takes more than a second to import."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("numpy", "polars", "torch")


def heavy(folder: Path, *arguments: str) -> set[str]:
    """Which heavy packages one command imports, by what a fresh interpreter writes about its imports."""
    command = [sys.executable, "-X", "importtime", "-m", "pellucid", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "pellucid.cli.app" in imported
    return imported & set(HEAVY)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a short run, in `runs/` of a folder of its own."""
    folder = tmp_path_factory.mktemp("imports") / "runs" / "iris-0001"
    words = ["train", "iris", "--run", str(folder), "--quiet", "--set", "method.epochs=1"]
    done = subprocess.run(
        [sys.executable, "-m", "pellucid", *words], cwd=folder.parents[1], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.mark.parametrize("words", ["--help", "--version", "train --help", "list --help"])
def test_help_imports_nothing_heavy(tmp_path: Path, words: str) -> None:
    assert heavy(tmp_path, *words.split()) == set()


@pytest.mark.parametrize("words", ["list", "list data", "list kinds", "describe mlp", "schema"])
def test_looking_things_up_imports_no_torch(tmp_path: Path, words: str) -> None:
    assert "torch" not in heavy(tmp_path, *words.split())


def test_importing_the_package_imports_nothing_heavy() -> None:
    text = f"import sys, pellucid; print(*(name for name in {HEAVY!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_reading_a_recipe_imports_no_torch(tmp_path: Path) -> None:
    recipe = tmp_path / "iris.yaml"
    recipe.write_text("data: iris\nmodel: {kind: mlp, widths: [8]}\noptimizer: adam\n", encoding="utf-8")
    assert "torch" not in heavy(tmp_path, "inspect", str(recipe))


@pytest.mark.parametrize("verb", ["status", "report", "inspect"])
def test_looking_at_a_run_imports_no_torch(run: Path, verb: str) -> None:
    assert "torch" not in heavy(run.parents[1], verb, str(run))


def test_listing_runs_imports_no_torch(run: Path) -> None:
    assert "torch" not in heavy(run.parents[1], "list", "runs")
