"""The command line inside this process, and a folder with a small table and two runs of it."""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import torch

from pellucid.cli.app import run

torch.set_num_threads(1)

SMALL = ("--set", "model.kind=mlp", "--set", "model.widths=[8]", "--set", "method.epochs=2", "--set", "threads=1")


@dataclass
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def value(self) -> Any:
        """The one JSON value on standard output."""
        return json.loads(self.out)


def pellucid(*words: object) -> Ended:
    """How `pellucid WORDS` ends here, which has torch loaded already."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = run([str(word) for word in words])
    return Ended(code, out.getvalue(), err.getvalue())


def write_table(path: Path) -> None:
    """120 customers: a number, a category, a number, and whether they left."""
    draw = random.Random(0)
    lines = ["age,city,spent,left"]
    for _ in range(120):
        age, city, spent = draw.randint(18, 80), draw.choice(["rome", "oslo", "lima"]), round(draw.uniform(0, 100), 2)
        left = age / 80 + 0.5 * (city == "oslo") + draw.gauss(0, 0.1) > 0.7
        lines.append(f"{age},{city},{spent},{'yes' if left else 'no'}")
    path.write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with shop.csv, runs/shop-0001 that predicts `left` and runs/shop-0002 that predicts `spent`."""
    folder = tmp_path_factory.mktemp("shop")
    before = Path.cwd()
    write_table(folder / "shop.csv")
    os.chdir(folder)
    try:
        assert pellucid("train", "shop.csv", "-t", "left", *SMALL, "-q").code == 0
        assert pellucid("train", "shop.csv", "-t", "spent", *SMALL, "-q", "--no-report").code == 0
    finally:
        os.chdir(before)
    return folder


@pytest.fixture
def here(shop: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of `shop`, to look at."""
    monkeypatch.chdir(shop)
    return shop


@pytest.fixture
def mine(shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of `shop`, to change."""
    folder = tmp_path / "mine"
    shutil.copytree(shop, folder)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with runs over sequences: lines (a language model), facts (questions and answers), sales (forecasts)."""
    folder = tmp_path_factory.mktemp("library")
    before, draw = Path.cwd(), random.Random(0)
    words = ("the", "a", "red", "old", "cat", "dog", "sees", "hears")
    lines = [" ".join(draw.choice(words) for _ in range(5)) for _ in range(300)]
    (folder / "lines.txt").write_text("\n".join(lines) + "\n")
    facts = [
        f"Is a {one} {two}?,No the {one} that {two} is {three}."
        for one in words[4:6]
        for two in words
        for three in words[2:4]
    ]
    (folder / "facts.csv").write_text("\n".join(["source,target", *facts]) + "\n")
    days = [str(date(2024, 1, 1) + timedelta(day)) for day in range(90)]
    sold = [f"{day},{5 + at % 7 + draw.random():.3f}" for at, day in enumerate(days)]
    (folder / "sales.csv").write_text("\n".join(["day,sold", *sold]) + "\n")
    small = ("--set", "model.kind=gru", "--set", "model.width=16", "--set", "threads=1", "-q", "--no-report")
    quick = ("--set", "optimizer.learning_rate=0.02", "--set", "method.epochs=4")
    series = ("--set", "data.kind=series", "--set", "data.horizon=7", "--set", "data.window=14")
    os.chdir(folder)
    try:
        assert pellucid("train", "lines.txt", *small, *quick, "--run", "lines").code == 0
        assert (
            pellucid(
                "train", "facts.csv", "-t", "target", "--set", "data.kind=text", *small, *quick, "--run", "facts"
            ).code
            == 0
        )
        assert pellucid("train", "sales.csv", "-t", "sold", *series, *small, *quick, "--run", "sales").code == 0
    finally:
        os.chdir(before)
    return folder


@pytest.fixture
def reading(library: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of `library`, to look at."""
    monkeypatch.chdir(library)
    return library


@pytest.fixture
def tell() -> Callable[..., Ended]:
    """Runs `pellucid WORDS` in this process."""
    return pellucid


@pytest.fixture
def small() -> tuple[str, ...]:
    """Settings of a very small training."""
    return SMALL


@pytest.fixture
def start() -> Callable[..., Ended]:
    """Runs `python WORDS` as a process of its own, in a folder."""

    def process(folder: Path, *words: object, given: str | None = None) -> Ended:
        command = [sys.executable, *map(str, words)]
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        ended = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, input=given, timeout=120, check=False
        )
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    return process


@pytest.fixture
def refused() -> Callable[..., str]:
    """Checks that a command ended with one line, at most one hint and no traceback; the line."""

    def check(ended: Ended, code: int = 2) -> str:
        assert ended.code == code, ended
        assert ended.out == "" and "Traceback" not in ended.err
        line, *hints = ended.err.splitlines()
        assert line.startswith("error[") and len(hints) <= 1
        assert all(hint.startswith("  hint: ") for hint in hints)
        return ended.err

    return check
