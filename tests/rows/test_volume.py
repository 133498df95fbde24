"""More data than memory: what is too large stays in a file, and is learnt from like any other."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from itertools import count, repeat
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from pellucid import jobs
from pellucid.data import chunks, large, text_files
from pellucid.data.stored import Stored
from pellucid.data.toy_texts import toy_translation
from pellucid.jobs import Run

Train = Callable[..., Run]


def write_table(path: Path, rows: int) -> str:
    """Eight numbers, a word, and an answer that follows from two of the numbers and the word."""
    random = np.random.default_rng(0)
    columns: dict[str, Any] = {f"x{place}": random.normal(size=rows).round(6) for place in range(8)}
    columns["word"] = np.array(["red", "green", "blue"])[random.integers(0, 3, rows)]
    columns["y"] = np.where(columns["x0"] - columns["x1"] + (columns["word"] == "red") > 0, "yes", "no")
    pl.DataFrame(columns).write_csv(path)
    return str(path)


def write_text(path: Path, characters: int, *, numbered: bool = False) -> str:
    """Sentences over and over, each time in another order; with a number before each, words never end."""
    random, sentences = np.random.default_rng(0), [f"{sentence}.\n" for sentence, _ in toy_translation(200)]
    number = count() if numbered else repeat("")
    with path.open("w") as file:
        while file.tell() < characters:
            file.writelines(f"{next(number)}{sentences[at]}" for at in random.permutation(len(sentences)))
    return str(path)


@pytest.mark.row("F9")
def test_a_table_beyond_the_threshold_is_learnt_from_in_its_file(
    train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(large, "LARGE", 1)
    monkeypatch.setattr(chunks, "PIECE", 50_000)
    path = write_table(tmp_path / "table.csv", 4000)
    run = train({"path": path, "target": "y"}, model={"kind": "mlp", "widths": [16]}, method={"epochs": 10})
    print(run.metrics["test"])
    assert run.metrics["test"]["accuracy"] > 0.95
    assert run.folder is not None
    train_part = jobs.finished(run.folder).dataset.train
    assert isinstance(train_part, Stored) and len(train_part) > 2000
    assert [finding.check for finding in run.findings if finding.check == "large-table"] == ["large-table"]
    assert run.predict({f"x{place}": [3.0 * (place == 0)] for place in range(8)} | {"word": ["red"]})["prediction"] == [
        "yes"
    ]


@pytest.mark.row("F9")
def test_a_text_beyond_the_threshold_is_learnt_from_in_its_file(
    train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(text_files, "LONG", 1)
    path = write_text(tmp_path / "story.txt", 60_000)
    learning = {"method": {"epochs": 2, "batch": 16}, "optimizer": {"kind": "adam", "learning_rate": 0.01}}
    run = train(path, model={"kind": "gru", "width": 32}, **learning)
    print(run.metrics["test"])
    assert run.metrics["test"]["bits_per_character"] < 2.5
    assert run.folder is not None
    session = jobs.finished(run.folder)
    assert isinstance(session.dataset.train, Stored) and len(session.dataset.train) > 300
    assert "".join(jobs.generate(run, "the", length=20))


MEASURED = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=sys.stderr)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
"""A small process that starts another: a large one would count as the peak of what it starts."""


def peak(recipe: list[str], run: Path) -> float:
    """The largest resident size of a training in a process of its own, in MiB."""
    command = [sys.executable, "-m", "pellucid", "train", *recipe, "--run", str(run), "--no-report", "-q"]
    told = subprocess.check_output(
        [sys.executable, "-c", MEASURED, *command], env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    return int(told) / 1024


@pytest.mark.slow
@pytest.mark.row("F9")
def test_six_times_the_rows_take_no_more_memory(tmp_path: Path):
    sizes = {}
    for rows in (500_000, 3_000_000):
        path = write_table(tmp_path / f"{rows}.csv", rows)
        assert large.is_large(path)
        settings = ["model=mlp", "model.widths=[8]", "method.epochs=1", "method.batch=4096", "threads=1"]
        sizes[rows] = peak([path, "-t", "y", *(f"--set={one}" for one in settings)], tmp_path / f"run{rows}")
    print(sizes)
    assert sizes[3_000_000] < 1.1 * sizes[500_000]


@pytest.mark.slow
@pytest.mark.row("F9")
@pytest.mark.parametrize("tokenizer", ["character", "word", "{kind: subword, size: 700}"])
def test_five_times_the_text_takes_no_more_memory(tokenizer: str, tmp_path: Path):
    sizes = {}
    for millions in (20, 100):
        path = write_text(tmp_path / f"{millions}.txt", millions * 10**6, numbered=True)
        settings = [f"data.tokenizer={tokenizer}", "model=gru", "model.width=8", "method.batch=32", "threads=1"]
        settings += ["method.epochs=1", "evaluate.every=20", "stop.target=100"]  # any loss is low enough at step 20
        sizes[millions] = peak([path, *(f"--set={one}" for one in settings)], tmp_path / f"run{millions}")
    print(sizes)
    assert sizes[100] < 1.1 * sizes[20]
