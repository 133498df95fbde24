"""T5, T17, T19 and damage: what goes wrong costs nothing that was there, and says where it went wrong."""

from __future__ import annotations

import json
import resource
from collections.abc import Callable
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
import torch

from pellucid.artifacts import read_safetensors, verify_folder
from pellucid.training.checkpoint import committed

EASY = {"epochs: 9": "epochs: 3"}


@pytest.fixture
def finished(shell: Any, whole: Callable[[str], Path]) -> Path:
    """A copy of a finished run."""
    return Path(copytree(whole("table"), shell.folder / "copy"))


def unfinish(run: Path) -> None:
    """Takes away what came after the last checkpoint, and that checkpoint."""
    newest = committed(run)[-1]
    for file in newest.iterdir():
        file.unlink()
    newest.rmdir()


def flip(path: Path, byte: int = -1) -> None:
    """Flips one bit."""
    data = bytearray(path.read_bytes())
    data[byte if byte >= 0 else len(data) // 2] ^= 4
    path.write_bytes(data)


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
def test_a_step_that_diverges_ends_with_6_and_commits_nothing_bad(optimizer: str, shell: Any) -> None:
    run = shell.folder / "run"
    words = (
        "--set",
        "optimizer.learning_rate=1e20",
        "--set",
        f"optimizer.kind={optimizer}",
        "--set",
        "checkpoint.every=1",
    )
    end = shell.train(shell.recipe("table"), run, *words, "--set", "model.norm=none")
    assert end.code == 6, end.err
    assert end.err.startswith("error[TRAIN-NONFINITE]: step ")
    assert any(word in end.err for word in ("output of ", "weight ", "trunk", "head")), end.err
    for path in committed(run):
        verify_folder(path)
        for member in path.glob("*.safetensors"):
            for tensor in read_safetensors(member).values():
                assert not tensor.is_floating_point() or bool(torch.isfinite(tensor).all())
    assert not list(run.rglob(".tmp-*"))


def test_a_rate_that_becomes_too_large_leaves_the_checkpoint_before(shell: Any) -> None:
    run = shell.folder / "run"
    changes = {"schedule: {kind: plateau, patience: 1}": "learning_rate: 1.0e+12, schedule: {kind: warmup, share: 0.9}"}
    end = shell.train(shell.recipe("table", **changes), run, "--set", "checkpoint.every=1")
    assert end.code in (0, 6), end.err  # batch norm may hold even this; what counts is what is on the disk
    for path in committed(run):
        verify_folder(path)
    if end.code == 6:
        again = shell.resume(run)
        assert again.code == 6 and again.err.splitlines()[0] == end.err.splitlines()[0]


@pytest.mark.parametrize("cell", ["inf", "1e999", "-Infinity"])
def test_a_number_that_is_none_is_refused_before_the_first_step(cell: str, shell: Any) -> None:
    rows = [f"{number},{number % 7},{number % 2}" for number in range(100)]
    rows[41] = f"{cell},3,1"
    data = shell.folder / "rows.csv"
    data.write_text("width,depth,kind\n" + "\n".join(rows) + "\n")
    end = shell.run(
        "train", data, "--target", "kind", "--set", "data.columns.width=number", "--run", shell.folder / "run"
    )
    assert end.code == 2, (end.code, end.err)
    assert "rows.csv:43" in end.err and "width" in end.err
    assert not (shell.folder / "run").exists()


def limit() -> None:
    """No file may grow beyond 20 kB: what a full disk does, without one."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))


def test_a_full_disk_ends_with_5_and_keeps_the_checkpoint_before(shell: Any, whole: Callable[[str], Path]) -> None:
    run = shell.folder / "run"
    words = ("train", shell.recipe("table"), "--run", run, "--quiet", "--no-report")
    end = shell.run(*words, before=limit)
    assert end.code == 5, end.err
    assert end.err.startswith("error[DISK-FULL]") and str(run) in end.err and "bytes needed" in end.err
    assert committed(run), "the record fills up after the first checkpoints"
    for path in committed(run):
        verify_folder(path)
    assert not list(run.rglob(".tmp-*"))
    assert shell.resume(run).code == 0
    assert not shell.differing(run, whole("table"))


def test_a_checkpoint_that_does_not_fit_is_not_left_behind(shell: Any) -> None:
    run = shell.folder / "run"
    wide = {"widths: [32, 16]": "widths: [128, 64]"}
    end = shell.run("train", shell.recipe("table", **wide), "--run", run, "--quiet", "--no-report", before=limit)
    assert end.code == 5, end.err
    assert "checkpoints" in end.err and not committed(run)
    assert not list(run.rglob(".tmp-*"))
    again = shell.resume(run)
    assert again.code == 0, again.err


def test_a_run_folder_has_one_owner(shell: Any) -> None:
    run = shell.folder / "run"
    recipe = shell.recipe("table", **{"epochs: 9": "epochs: 500"})
    process = shell.start("train", recipe, "--run", run, "--quiet", "--no-report")
    assert shell.wait_until(process, lambda: bool(committed(run)))
    for end in (shell.train(recipe, run), shell.resume(run)):
        assert end.code == 4, end.err
        assert end.err.startswith("error[LOCK-BUSY]") and f"process {process.pid} " in end.err
    assert json.loads(shell.here("status", run, "--json").out)["state"] == "running"
    shell.kill(process)
    assert json.loads(shell.here("status", run, "--json").out)["state"] == "stopped"
    end = shell.train(recipe, run)
    assert end.code == 2 and "pellucid resume" in end.err


@pytest.mark.parametrize("member", ["model.safetensors", "optimizer.safetensors", "state.json", "MANIFEST.json"])
def test_a_damaged_checkpoint_is_passed_over(
    member: str, shell: Any, finished: Path, whole: Callable[[str], Path]
) -> None:
    newest, before = committed(finished)[-1], committed(finished)[-2]
    flip(newest / member)
    end = shell.resume(finished)
    assert end.code == 0, end.err
    said = [json.loads(line) for line in (finished / "journal.jsonl").read_text().splitlines()]
    resumed = next(line for line in reversed(said) if line["event"] == "resumed")
    assert resumed["step"] == int(before.name) and newest.name in resumed["skipped"][0]
    assert newest.name in end.err, "it must be said, not only written down"
    assert not shell.differing(finished, whole("table"))


def test_nothing_intact_is_refused(shell: Any, finished: Path) -> None:
    for path in committed(finished):
        flip(path / "model.safetensors")
    end = shell.resume(finished)
    assert end.code == 3, end.err
    assert end.err.startswith("error[FILE-DAMAGED]")
    assert len(committed(finished)) >= 2, "what is refused is not removed"


def test_data_that_changed_is_refused(shell: Any) -> None:
    data = shell.folder / "rows.csv"
    rows = "\n".join(f"{number},{number % 7},{number % 2}" for number in range(200))
    data.write_text(f"width,depth,kind\n{rows}\n")
    run = shell.folder / "run"
    end = shell.here("train", data, "-t", "kind", "--set", "method.epochs=2", "--run", run, "--quiet", "--no-report")
    assert end.code == 0, end.err
    data.write_text(f"width,depth,kind\n{rows}\n7,7,1\n")
    end = shell.resume(run)
    assert end.code == 2 and end.err.startswith("error[SCHEMA-FINGERPRINT]") and "rows.csv" in end.err


@pytest.mark.parametrize("field, value", [("torch", "1.0.0"), ("threads", 7), ("capability", "NONE"), ("gone", 1)])
def test_another_machine_is_refused_unless_it_is_allowed(field: str, value: object, shell: Any, finished: Path) -> None:
    path = finished / "run.json"
    identity = json.loads(path.read_bytes())
    identity["exactness"][field] = value
    path.write_text(json.dumps(identity))
    record = (finished / "record.jsonl").read_bytes()
    end = shell.resume(finished)
    assert end.code == 5, end.err
    assert end.err.startswith("error[DEVICE-INEXACT]") and f"{field} was {value}" in end.err
    assert (finished / "record.jsonl").read_bytes() == record, "what is refused changes nothing"
    end = shell.resume(finished, "--allow-inexact")
    assert end.code == 0, end.err
    said = [json.loads(line) for line in (finished / "journal.jsonl").read_text().splitlines()]
    assert [line["exact"] for line in said if line["event"] == "resumed"] == [False]


def test_a_lock_that_was_edited_is_refused(shell: Any, finished: Path) -> None:
    lock = finished / "recipe.lock.yaml"
    lock.write_text(lock.read_text().replace("dropout: 0.2", "dropout: 0.3"))
    end = shell.resume(finished)
    assert end.code == 3 and "recipe changed" in end.err
