"""`pellucid status`: where a run stands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

Tell = Callable[..., Any]


def test_a_finished_run(tell: Tell, here: Path) -> None:
    ended = tell("status", "runs/shop-0001")
    assert ended.code == 0
    lines = ended.out.splitlines()
    assert lines[0] == "runs/shop-0001: finished, step 6 of 6"
    assert [line.split(":")[0].strip() for line in lines[2:]] == ["train", "valid", "test"]
    value = tell("status", "runs/shop-0001", "--json").value
    assert (value["state"], value["step"], value["steps"], value["why"]) == ("finished", 6, 6, None)


def test_a_run_that_was_killed_says_how_to_go_on(tell: Tell, mine: Path) -> None:
    path = mine / "runs/shop-0001/journal.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if '"finished"' not in line))
    first, second = tell("status", "runs/shop-0001").out.splitlines()[:2]
    assert first.startswith("runs/shop-0001: stopped") and "killed" in second
    assert second.endswith("go on with: pellucid resume runs/shop-0001")
