"""`pellucid resume`: a run that is done stays what it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

Tell = Callable[..., Any]


def test_a_finished_run_is_told_again(tell: Tell, mine: Path) -> None:
    run = mine / "runs/shop-0001"
    before = {path: path.read_bytes() for path in (run / "record.jsonl", run / "model" / "weights.safetensors")}
    ended = tell("resume", "runs/shop-0001", "--no-report")
    assert ended.code == 0 and ended.out.splitlines()[1] == "run: runs/shop-0001"
    assert {path: path.read_bytes() for path in before} == before
    assert tell("resume", "runs/shop-0001", "--json", "-q").value["run"] == "runs/shop-0001"


def test_more_epochs(tell: Tell, refused: Callable[..., str], mine: Path) -> None:
    assert tell("resume", "runs/shop-0002", "--epochs", 3, "-q", "--no-report").code == 0
    assert tell("status", "runs/shop-0002", "--json").value["step"] == 9
    refused(tell("resume", "runs/shop-0002", "--epochs", 1))
