from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from torch import nn

from pellucid import jobs
from pellucid.code import Code
from pellucid.documents import Document
from pellucid.errors import BusyError, DataError, PellucidError, RecipeError, UsageError
from pellucid.files import Lock
from pellucid.recipe import Recipe, read_recipe
from pellucid.record import Evaluated, Event, Step
from pellucid.training.layout import journal
from pellucid.training.session import Session

SMALL: dict[str, Any] = {"method.epochs": 3, "threads": 1, "model": {"kind": "mlp", "widths": [8]}}


def recipe(path: str = "iris", **settings: Any) -> Recipe:
    given = {name.replace("__", "."): value for name, value in settings.items()}
    return read_recipe(Document({"data": {"path": path}}, "test"), {**SMALL, **given})


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> jobs.Run:
    return jobs.train(recipe(), run=tmp_path_factory.mktemp("jobs") / "run", written="data: iris  # mine\n")


def listing(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "LOCK"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_training_leaves_a_whole_run(finished: jobs.Run):
    folder = finished.folder
    assert folder is not None and finished.report == folder / "report.html"
    kept = {"recipe.yaml", "recipe.lock.yaml", "run.json", "record.jsonl", "journal.jsonl", "signature.json", "model"}
    assert kept | {"report.json", "report.html", "checkpoints", "best.json"} <= {path.name for path in folder.iterdir()}
    assert (folder / "recipe.yaml").read_text() == "data: iris  # mine\n"
    assert finished.metrics.keys() == {"train", "valid", "test"}
    assert finished.metrics["test"].keys() >= {"loss", "accuracy"}
    assert finished.seconds > 0 and finished.examples_per_second > 0
    json.dumps(finished.as_json(), allow_nan=False)


def test_looking_at_a_run_changes_nothing_in_it(finished: jobs.Run):
    assert finished.folder is not None
    before = listing(finished.folder)
    jobs.walk(finished.folder)
    jobs.load(finished.folder).evaluate("iris")
    assert jobs.report(finished.folder) == finished.report
    assert listing(finished.folder) == before


def test_a_finished_run_that_is_resumed_stays_what_it_is(finished: jobs.Run):
    assert finished.folder is not None
    record = (finished.folder / "record.jsonl").read_bytes()
    again = jobs.resume(finished.folder, report=False)
    assert again.metrics == finished.metrics
    assert (finished.folder / "record.jsonl").read_bytes() == record


def test_a_finished_run_goes_on_to_more_epochs(tmp_path: Path):
    jobs.train(recipe(), run=tmp_path / "run", report=False)
    seen: list[Event] = []
    jobs.resume(tmp_path / "run", epochs=5, report=False, watch=lambda session, event: seen.append(event))
    per_epoch = sum(isinstance(event, Step) for event in seen) / 2
    assert [event.epoch for event in seen if isinstance(event, Step)] == [3] * int(per_epoch) + [4] * int(per_epoch)
    assert "epochs: 5" in (tmp_path / "run" / "recipe.lock.yaml").read_text()
    jobs.resume(tmp_path / "run", report=False)
    with pytest.raises(UsageError, match="is past the"):
        jobs.resume(tmp_path / "run", epochs=2, report=False)


def test_a_model_on_disk_scores_what_the_run_scored(finished: jobs.Run):
    assert finished.folder is not None
    scores = jobs.load(finished.folder).evaluate("iris")
    parts = finished.metrics
    rows = {"train": 90, "valid": 30, "test": 30}
    share = sum(parts[name]["accuracy"] * count for name, count in rows.items()) / 150
    assert scores["accuracy"] == pytest.approx(share, abs=0.08)


def test_what_is_refused_before_the_first_step_leaves_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError):
        jobs.train(recipe("nowhere.csv"))
    with pytest.raises(RecipeError):
        jobs.train(recipe(task__kind="regression"), run=tmp_path / "mine")
    assert not list(tmp_path.glob("*/*")) and not (tmp_path / "mine").exists()


def test_a_folder_that_was_there_is_kept(tmp_path: Path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(DataError):
        jobs.train(recipe("nowhere.csv"), run=tmp_path)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_folder_has_one_owner(finished: jobs.Run):
    assert finished.folder is not None
    with Lock(finished.folder):
        for act in (jobs.resume, jobs.walk):
            with pytest.raises(BusyError):
                act(finished.folder)
        with pytest.raises(BusyError):
            jobs.train(recipe(), run=finished.folder)
    with pytest.raises(UsageError, match="there is a run here already"):
        jobs.train(recipe(), run=finished.folder)


def test_what_is_no_model_is_said(tmp_path: Path):
    with pytest.raises(UsageError, match="no run and no model here"):
        jobs.load(tmp_path)
    (tmp_path / "run.json").write_text("{}")
    with pytest.raises(UsageError, match="not finished"):
        jobs.load(tmp_path)


def test_a_run_that_is_not_finished_is_not_explained(tmp_path: Path):
    def leave(session: Session, event: Event) -> None:
        if isinstance(event, Evaluated):
            raise KeyError("enough")

    with pytest.raises(KeyError):
        jobs.train(recipe(checkpoint__every=1), run=tmp_path / "run", watch=leave)
    with pytest.raises(UsageError, match="this run is not finished"):
        jobs.walk(tmp_path / "run")


def test_steps_can_be_left_at_any_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    for event in jobs.steps(recipe()):
        if isinstance(event, Step) and event.step == 2:
            break
    assert not list(tmp_path.iterdir())


def test_rows_in_memory_are_asked_for_again(tmp_path: Path):
    rows = {"width": [float(number % 17) for number in range(120)], "kind": ["ab"[number % 2] for number in range(120)]}
    given = read_recipe(Document({"data": {"kind": "table", "target": "kind"}}, "test"), dict(SMALL))
    run = jobs.train(given, run=tmp_path / "run", rows=rows, report=False)
    with pytest.raises(UsageError, match="give them again"):
        jobs.resume(tmp_path / "run")
    assert jobs.resume(tmp_path / "run", rows=rows, report=False).metrics == run.metrics
    fitted, curve = jobs.fit(given, rows)
    assert fitted.folder is None and fitted.metrics == run.metrics and len(curve) == 3


def test_a_persons_own_code_is_part_of_the_run(tmp_path: Path):
    def network(width: int) -> nn.Module:
        return nn.Sequential(nn.Linear(width, 8), nn.Dropout(0.5), nn.ReLU())

    code, other = Code({"network": network}, "one"), Code({"network": network}, "two")
    given = recipe(model={"kind": "foreign", "name": "network"})
    run = jobs.train(given, run=tmp_path / "run", code=code, report=False)
    with pytest.raises(PellucidError, match="code was one and is two"):
        jobs.resume(tmp_path / "run", code=other, report=False)
    assert jobs.resume(tmp_path / "run", code=code, report=False).metrics == run.metrics
    assert jobs.load(tmp_path / "run", code).evaluate("iris")["accuracy"] >= 0


def test_an_undefined_score_is_null_on_disk(tmp_path: Path):
    data = tmp_path / "rows.csv"
    parts = ["train"] * 80 + ["valid"] * 20 + ["test"] * 20
    lines = [f"{n % 13},{'rare' if n % 9 == 0 and n < 100 else 'often'},{parts[n]}" for n in range(120)]
    data.write_text("width,kind,part\n" + "\n".join(lines) + "\n")
    given = recipe(str(data), data__target="kind", data__split={"kind": "by_column", "column": "part"})
    run = jobs.train(given, run=tmp_path / "run", report=False)
    json.dumps(run.as_json(), allow_nan=False)
    assert run.metrics["test"]["roc_auc"] != run.metrics["test"]["roc_auc"]
    json.loads((tmp_path / "run" / "model" / "report.json").read_bytes(), parse_constant=pytest.fail)
    for line in (tmp_path / "run" / "record.jsonl").read_text().splitlines():
        json.loads(line, parse_constant=pytest.fail)


def test_predictions_as_csv_are_exact(finished: jobs.Run):
    text = jobs.as_csv(finished.predict("iris"))
    lines = text.splitlines()
    assert len(lines) == 151 and lines[0].startswith("prediction,probability_")
    assert [float(cell) for cell in lines[1].split(",")[1:]] == [
        finished.predict("iris")[name][0] for name in lines[0].split(",")[1:]
    ]


def test_check_trains_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    session, cost = jobs.check(recipe())
    assert cost is not None and cost.steps == session.steps and session.state.step == 0
    assert jobs.check(recipe(), measure=False)[1] is None
    text, findings = jobs.new(recipe())
    assert "iris" in text and isinstance(findings, list)
    assert not list(tmp_path.iterdir())


def test_the_journal_tells_the_story(finished: jobs.Run):
    assert finished.folder is not None
    events = [line["event"] for line in journal(finished.folder)]
    assert events[0] == "started" and "committed" in events and events[-1] == "finished"
