from __future__ import annotations

import json
from pathlib import Path
from shutil import copytree

import pytest

from pellucid import jobs, runs
from pellucid.documents import Document
from pellucid.errors import ArtifactError, DataError, UsageError
from pellucid.files import Lock
from pellucid.recipe import read_recipe


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of runs with one in it."""
    folder = tmp_path_factory.mktemp("runs")
    settings = {"method.epochs": 2, "threads": 1, "model": {"kind": "mlp", "widths": [8]}}
    jobs.train(read_recipe(Document({"data": {"path": "iris"}}, "test"), settings), run=folder / "iris-0001")
    return folder


@pytest.fixture
def run(root: Path, tmp_path: Path) -> Path:
    return Path(copytree(root / "iris-0001", tmp_path / "iris-0001"))


def cut(run: Path, event: str) -> None:
    """Cuts the journal before the first line of one kind."""
    lines = (run / "journal.jsonl").read_text().splitlines(keepends=True)
    place = next(number for number, line in enumerate(lines) if json.loads(line)["event"] == event)
    (run / "journal.jsonl").write_text("".join(lines[:place]))


def test_a_finished_run(run: Path):
    status = runs.status(run)
    assert (status["state"], status["why"]) == ("finished", None)
    assert status["step"] == status["steps"] == status["stopped"]["step"]
    assert status["tested"].keys() == {"train", "valid", "test"} and status["evaluated"]["metrics"]
    assert runs.read_report(run)


def test_a_run_that_was_killed(run: Path):
    cut(run, "finished")
    status = runs.status(run)
    assert status["state"] == "stopped" and status["why"].startswith("killed; it held ")
    (run / "heartbeat.json").unlink()
    assert runs.status(run)["why"] == "killed"
    with Lock(run):
        assert runs.status(run)["state"] == "running"


def test_a_run_that_a_signal_stopped(run: Path):
    cut(run, "finished")
    with (run / "journal.jsonl").open("a") as file:
        file.write('{"event":"signal","signal":"SIGTERM","step":3}\n{"event":"half')
    assert runs.status(run)["why"] == "stopped by SIGTERM"


def test_a_run_that_has_only_begun(run: Path):
    cut(run, "committed")
    (run / "record.jsonl").unlink()
    status = runs.status(run)
    assert (status["state"], status["step"], status["evaluated"]) == ("stopped", 0, None)


def test_what_things_are(run: Path):
    assert runs.inspect(run)["kind"] == "run"
    assert runs.inspect(run / "model")["kind"] == "pellucid-model"
    newest = max((run / "checkpoints").iterdir())
    assert runs.inspect(newest)["kind"] == "pellucid-checkpoint"
    assert runs.inspect(run / "recipe.lock.yaml")["kind"] == "recipe"
    data = runs.inspect("iris")
    assert data["kind"] == "table" and data["rows"] == 150 and data["target"]["names"] == ("species",)
    (newest / "state.json").write_text("{}")
    with pytest.raises(ArtifactError):
        runs.inspect(newest)


def test_lists(root: Path, run: Path):
    (row,) = runs.listed("runs", root)
    assert row["state"] == "finished" and row["score"].startswith("accuracy ")
    assert {"iris", "digits", "titanic"} <= {row["name"] for row in runs.listed("data")}
    kinds = runs.listed("kinds")
    assert {"in": "model", "kind": "mlp"} in kinds and {"in": "metrics", "kind": "accuracy"} in kinds
    assert runs.listed("runs", root / "nothing") == []
    (run / "run.json").write_text("{")
    (row,) = runs.listed("runs", run.parent)
    assert row["state"] == "damaged"


def test_a_table_is_inspected_with_a_target(tmp_path: Path):
    (tmp_path / "rows.csv").write_text("a,b\n" + "".join(f"{row},{'xy'[row % 2]}\n" for row in range(60)))
    with pytest.raises(DataError, match='the columns are "a", "b"'):
        runs.inspect(tmp_path / "rows.csv")
    assert runs.inspect(tmp_path / "rows.csv", "b")["target"]["names"] == ("b",)


def test_every_kind_of_every_catalogue_is_described():
    for row in runs.listed("kinds"):
        if row["in"] == "metrics":
            continue
        found = runs.described(row["kind"])
        assert found["kind"] == row["kind"] and found["meaning"].endswith((".", ";", ":")), row
        assert all(field["meaning"] for field in found["fields"]), row
        json.dumps(found, allow_nan=False)


def test_kinds_are_described():
    for kind in ("mlp", "adamw", "mixup", "cross_entropy", "recipe"):
        found = runs.described(kind)
        assert found["kind"] == kind and found["meaning"] and found["fields"]
    with pytest.raises(UsageError, match="no kind 'mpl'") as caught:
        runs.described("mpl")
    assert "mlp" in str(caught.value.hint)


def test_a_run_without_a_report_says_how_to_get_one(run: Path):
    (run / "report.json").unlink()
    with pytest.raises(UsageError, match="no report"):
        runs.read_report(run)


def test_texts_are_told_of_beside_their_signature(tmp_path: Path):
    (tmp_path / "some.txt").write_text("the cat\nthe dog\n")
    told = runs.inspect(tmp_path / "some.txt")
    assert told["texts"]["lines"] == 2 and told["texts"]["samples"] == ["the cat\nthe dog\n"]
