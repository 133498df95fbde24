"""T1: a run that is killed at any moment and resumed ends with the bytes of one that was not."""

from __future__ import annotations

import json
import os
import random
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

RECIPES = ("table", "images", "numbers")
SEEING = ("masks", "boxes", "clips")
"""Other families and tasks for images."""
IN_ORDER = ("letters", "sentences", "futures")
"""Text and series: recurrent layers with a state, a Transformer, forecasts."""
KILLS = 3
"""The most a trial kills."""
WRITES = 40
"""About how many checkpoints a run writes."""


def journal(run: Path) -> list[dict[str, Any]]:
    path = run / "journal.jsonl"
    lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
    return [json.loads(line) for line in lines]


def begun(run: Path) -> int:
    """How often the run began to train."""
    return sum(line["event"] in ("started", "resumed") for line in journal(run))


def seconds(run: Path) -> float:
    """From the first step to the end of an uninterrupted run."""
    lines = journal(run)
    return lines[-1]["time"] - lines[0]["time"]


def step(run: Path) -> int:
    """The newest committed step."""
    folder = run / "checkpoints"
    names = os.listdir(folder) if folder.is_dir() else []
    return max((int(name) for name in names if name.isdigit()), default=0)


def temporary(run: Path) -> set[str]:
    """What is being written among the checkpoints now."""
    folder = run / "checkpoints"
    try:
        return {path.name for path in folder.iterdir() if path.name.startswith(".tmp-")}
    except FileNotFoundError:
        return set()


class Writes:
    """Whether the n-th write of a checkpoint is under way; then the process stands still in the middle of it."""

    def __init__(self, run: Path, process: int, number: int) -> None:
        self.run, self.process, self.left, self.seen = run, process, number, temporary(run)

    def __call__(self) -> bool:
        fresh = temporary(self.run) - self.seen
        self.seen |= fresh
        self.left -= len(fresh)
        if not fresh or self.left > 0:
            return False
        os.killpg(self.process, signal.SIGSTOP)
        if temporary(self.run) - (self.seen - fresh):
            return True
        os.killpg(self.process, signal.SIGCONT)  # it was done before it stood still: the next one, then
        return False


def trial(shell: Any, whole: Path, name: str, number: int) -> tuple[list[str], int, int]:
    """One run that is killed up to three times -> what differs from the whole one, kills, and kills inside a write."""
    stream = random.Random(number)
    recipe, run = shell.recipe(name), shell.folder / f"killed-{number}"
    aimed = number % 2 == 0
    kills = inside = 0
    for _ in range(stream.randint(1, KILLS)):
        fresh = not (run / "run.json").exists()
        words = ("train", recipe, "--run", run) if fresh else ("resume", run)
        before, left = begun(run), temporary(run)
        process = shell.start(*words, "--quiet", "--no-report")
        if aimed:
            shell.wait_until(process, Writes(run, process.pid, stream.randint(1, 8)), every=0)
        elif stream.random() < 0.2:
            shell.pause(process, stream.uniform(0.0, 3.0))
        else:
            # at a step drawn from those that are left, and a moment drawn from those after it
            goal = step(run) + stream.uniform(0.0, 0.9) * (step(whole) - step(run))
            shell.wait_until(process, lambda: begun(run) > before and step(run) >= goal)  # noqa: B023 - in this turn only
            shell.pause(process, stream.uniform(0.0, 2 * seconds(whole) / WRITES))
        done = process.poll() is not None
        shell.kill(process)
        if done:
            break
        kills += 1
        inside += bool(temporary(run) - left)
    words = ("resume", run) if (run / "run.json").exists() else ("train", recipe, "--run", run)
    end = shell.here(*words, "--quiet", "--no-report")
    assert end.code == 0, end.err
    return shell.differing(run, whole), kills, inside


@pytest.mark.parametrize("number", [0, 1])
def test_a_killed_run_ends_as_if_it_had_not_been(number: int, shell: Any, whole: Callable[[str], Path]) -> None:
    name = RECIPES[number]
    differing, kills, inside = trial(shell, whole(name), name, number)
    assert not differing
    assert kills and (inside or number)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("names", "trials"),
    [(RECIPES, 20), (SEEING, 12), (IN_ORDER, 12)],
    ids=["every part", "every way to see", "every order"],
)
def test_many_killed_runs_end_as_if_they_had_not_been(
    names: tuple[str, ...], trials: int, shell: Any, whole: Callable[[str], Path]
) -> None:
    wrong: dict[int, list[str]] = {}
    kills = inside = 0
    for number in range(trials):
        name = names[number // 2 % len(names)]
        differing, killed, hit = trial(shell, whole(name), name, number)
        kills, inside = kills + killed, inside + hit
        if differing:
            wrong[number] = differing
    print(f"{trials - len(wrong)} of {trials} identical; {kills} kills, {inside} of them inside a write")
    assert not wrong
    assert inside >= 0.4 * kills
