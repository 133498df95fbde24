"""`pellucid list`: runs, data, kinds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Tell = Callable[..., Any]


def test_runs(tell: Tell, here: Path) -> None:
    ended = tell("list")
    assert ended.code == 0
    assert sorted(line.split()[:3] for line in ended.out.splitlines()) == [
        ["runs/shop-0001", "finished", "accuracy"],
        ["runs/shop-0002", "finished", "rmse"],
    ]
    assert {row["run"] for row in tell("list", "--json").value} == {"runs/shop-0001", "runs/shop-0002"}


def test_a_damaged_run_hides_nothing_of_the_others(tell: Tell, mine: Path) -> None:
    (mine / "runs/shop-0002/run.json").write_text("{")
    lines = {line.split()[0]: line for line in tell("list").out.splitlines()}
    assert "damaged" in lines["runs/shop-0002"]
    assert lines["runs/shop-0001"].endswith("Z")


def test_no_runs(tell: Tell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ended = tell("list")
    assert (ended.code, ended.out) == (0, "") and "pellucid train digits" in ended.err
    assert tell("list", "--json").value == []


def test_data_and_kinds(tell: Tell) -> None:
    assert any(line.startswith("iris") for line in tell("list", "data").out.splitlines())
    assert {"in": "model", "kind": "mlp"} in tell("list", "kinds", "--json").value
