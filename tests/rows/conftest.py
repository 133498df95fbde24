"""What the rows share: a training in a folder of its own, the command line, and sets that need a package."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import torch

import pellucid
from pellucid.cli.app import run as command
from pellucid.data import packaged
from pellucid.data.packages import found
from pellucid.jobs import Run

torch.set_num_threads(1)


@pytest.fixture
def train(tmp_path: Path) -> Callable[..., Run]:
    """Trains `data` (a name, a path or fields) with the fields of a recipe, on one thread, without a report."""
    numbers = count()

    def trained(data: Any, rows: Any = None, **fields: Any) -> Run:
        recipe = pellucid.Recipe.model_validate({"data": data, "threads": 1, "precision": "float32", **fields})
        return pellucid.train(recipe, rows=rows, run=tmp_path / f"run{next(numbers)}", report=False)

    return trained


@pytest.fixture
def tell() -> Callable[..., Any]:
    """What `pellucid WORDS --json` prints, by the command line in this process."""

    def told(*words: object) -> Any:
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = command([*map(str, words), "--json"])
        assert code == 0, err.getvalue()
        return json.loads(out.getvalue())

    return told


@pytest.fixture
def installed() -> Callable[[str], str]:
    """The name of a packaged set; the test is skipped where its packages are not installed."""

    def name(known: str) -> str:
        missing = [package.name for package in packaged.LOADERS[known][1] if found(package) is None]
        if missing:
            pytest.skip(f"not installed here: {', '.join(missing)}")
        return known

    return name
