"""T4: a signal commits the step that is under way and ends with 75; a second one ends at once."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


def steps(run: Path) -> int:
    """The newest committed step."""
    folder = run / "checkpoints"
    found = [int(path.name) for path in folder.iterdir() if path.name.isdigit()] if folder.is_dir() else []
    return max(found, default=0)


@pytest.mark.parametrize(
    "number, name",
    [
        (signal.SIGTERM, "table"),
        (signal.SIGINT, "images"),
        pytest.param(signal.SIGHUP, "table", marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_a_signal_commits_and_the_run_goes_on_exactly(
    number: signal.Signals, name: str, shell: Any, whole: Callable[[str], Path]
) -> None:
    run = shell.folder / "run"
    process = shell.start("train", shell.recipe(name), "--run", run, "--quiet", "--no-report")
    assert shell.wait_until(process, lambda: steps(run) >= 20)
    process.send_signal(number)
    end = shell.ended(process)
    assert end.code == 75, end.err
    assert end.err.startswith("error[PREEMPTED]") and number.name in end.err and f"pellucid resume {run}" in end.err
    said = [json.loads(line) for line in (run / "journal.jsonl").read_text().splitlines()]
    assert said[-1]["event"] == "signal" and said[-1]["step"] == steps(run)
    status = json.loads(shell.here("status", run, "--json").out)
    assert status["state"] == "stopped" and number.name in status["why"]
    end = shell.resume(run)
    assert end.code == 0, end.err
    assert not shell.differing(run, whole(name))


TWICE = """
import os, signal, sys
from pellucid.training.run import Signals

number = int(sys.argv[1])
with Signals().listening():
    os.kill(os.getpid(), number)
    print("still here", flush=True)
    os.kill(os.getpid(), number)
    print("not here", flush=True)
"""


@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=str)
def test_a_second_signal_ends_at_once(number: signal.Signals, code: int) -> None:
    done = subprocess.run([sys.executable, "-c", TWICE, str(int(number))], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (code, "still here\n")


@pytest.mark.slow
@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=str)
def test_a_second_signal_leaves_the_checkpoint(number: signal.Signals, code: int, shell: Any) -> None:
    # one step passes all images through large layers, so the second signal meets the step that the first waits for
    slow = {"[4, 8]": "[48, 96]", "batch: 32, accumulate: 2": "batch: 2000", "epochs: 6": "epochs: 99"}
    run = shell.folder / "run"
    process = shell.start("train", shell.recipe("images", **slow), "--run", run, "--quiet", "--no-report")
    assert shell.wait_until(process, lambda: steps(run) >= 4)
    kept = steps(run)
    process.send_signal(number)
    # the first signal must be taken before the second is sent: the kernel merges equal ones that wait
    assert shell.wait_until(process, lambda: not pending(process.pid, number))
    process.send_signal(number)
    end = shell.ended(process)
    # a process that had just taken its own leave is ended by the system, which a shell shows as the same number
    assert end.code in (code, -number), end.err
    assert steps(run) == kept
    assert json.loads(shell.here("inspect", run / "checkpoints" / f"{kept:08d}", "--json").out)["kind"]


def pending(process: int, number: int) -> bool:
    """Whether a signal waits to be taken, as the kernel says."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    waiting = [int(line.split()[1], 16) for line in lines if line.startswith(("SigPnd", "ShdPnd"))]
    return any(mask >> (number - 1) & 1 for mask in waiting)
