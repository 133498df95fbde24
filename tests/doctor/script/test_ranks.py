"""Several processes: who tells, and what a launcher of processes is given."""

from __future__ import annotations

import pytest

from pellucid.doctor.script.ranks import quiet_rank, through

RUN = "torch.distributed.run"


@pytest.mark.parametrize(
    ("rank", "world", "quiet"), [("0", "2", False), ("1", "2", True), ("3", None, False), ("one", "2", False)]
)
def test_only_the_first_of_several_tells(
    rank: str, world: str | None, quiet: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RANK", rank)
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    if world is not None:
        monkeypatch.setenv("WORLD_SIZE", world)
    assert quiet_rank() is quiet


def test_a_launcher_starts_each_process_under_watch() -> None:
    given = ["--nproc-per-node", "2", "train.py", "--epochs", "3"]
    wanted = ["--nproc-per-node", "2", "-m", "pellucid", "doctor", "--json=a", "train.py", "--epochs", "3"]
    assert through(RUN, given, ["--json=a"]) == wanted


def test_a_module_stays_a_module() -> None:
    given = ["--nproc-per-node=2", "-m", "pack.train", "x"]
    assert through(RUN, given, []) == ["--nproc-per-node=2", "-m", "pellucid", "doctor", "-m", "pack.train", "x"]


def test_any_other_module_is_run_as_it_is() -> None:
    assert through("pack.train", ["--x"], []) is None
