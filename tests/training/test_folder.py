from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from pellucid.documents import Document
from pellucid.errors import ArtifactError, PellucidError, ResourceError, UsageError
from pellucid.recipe import read_recipe
from pellucid.record import read_lines
from pellucid.training import checkpoint, folder, layout
from pellucid.training.run import Writer, events
from pellucid.training.session import Session, prepare

SETTINGS = {"method.epochs": 3, "threads": 1, "model": {"kind": "mlp", "widths": [8]}, "checkpoint.every": 2}


@pytest.fixture
def session() -> Session:
    return prepare(read_recipe(Document({"data": {"path": "iris"}}, "test"), dict(SETTINGS)))


@pytest.fixture
def run(session: Session, tmp_path: Path) -> Path:
    """A finished run."""
    writer = folder.create(tmp_path, session, "data: iris\n")
    list(events(session, writer))
    return tmp_path


def listing(run: Path) -> dict[str, bytes]:
    return {str(path.relative_to(run)): path.read_bytes() for path in run.rglob("*") if path.is_file()}


def test_a_run_folder_says_what_it_is(session: Session, tmp_path: Path):
    (tmp_path / ".tmp-1-dead").write_text("left over")
    folder.create(tmp_path, session, "data: iris\n", "abc")
    identity = layout.read_identity(tmp_path)
    assert identity["format"] == "pellucid-run" and identity["recipe"] == session.recipe.hash
    assert identity["data"] == session.signature.fingerprint and identity["exactness"]["code"] == "abc"
    assert (tmp_path / "recipe.yaml").read_text() == "data: iris\n"
    assert read_recipe(Document(_yaml(tmp_path / "recipe.lock.yaml"), "lock")).hash == session.recipe.hash
    assert layout.read_decisions(tmp_path) == session.decisions
    assert [line["event"] for line in layout.journal(tmp_path)] == ["started"]
    assert not list(tmp_path.glob(".tmp-*"))
    with pytest.raises(UsageError, match="there is a run here already"):
        folder.create(tmp_path, session, None)


def _yaml(path: Path) -> dict[str, object]:
    from pellucid.documents import read_file

    value = read_file(path).value
    assert isinstance(value, dict)
    return value


def test_looking_at_a_run_writes_nothing(run: Path, session: Session):
    before = listing(run)
    again, offset, skipped = folder.restored(run)
    assert listing(run) == before
    assert again.state.numbers() == session.state.numbers() and not skipped
    assert offset < (run / "record.jsonl").stat().st_size, "the scores on the parts come after the last commit"


def test_opening_a_run_cuts_the_record_and_sweeps(run: Path, session: Session):
    (run / ".tmp-9-x").write_text("left over")
    (run / "checkpoints" / ".tmp-9-y").mkdir()
    with (run / "journal.jsonl").open("a") as file:
        file.write('{"event": "commi')
    (run / "best.json").unlink()
    again, writer = folder.reopen(run)
    assert writer.offset == (run / "record.jsonl").stat().st_size
    assert not list(run.rglob(".tmp-*"))
    assert [line["event"] for line in layout.journal(run)][-1] == "resumed"
    assert json.loads((run / "best.json").read_text())["step"] == session.state.best_step
    before = list(read_lines(run / "record.jsonl"))
    list(events(again, writer))
    assert list(read_lines(run / "record.jsonl"))[: len(before)] == before


@pytest.mark.parametrize(
    "change, code, exit_code",
    [
        ({"format": "something"}, "FILE-FORMAT", 3),
        ({"version": [2, 0]}, "VERSION-RUN", 3),
        ({"version": None}, "VERSION-RUN", 3),
        ({"data": "0" * 64}, "SCHEMA-FINGERPRINT", 2),
        ({"recipe": "0" * 64}, "FILE-MISMATCH", 3),
        ({"exactness": {"torch": "1.0"}}, "DEVICE-INEXACT", 5),
    ],
)
def test_a_run_that_is_not_this_one_is_refused(change: dict[str, object], code: str, exit_code: int, run: Path):
    identity = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**identity, **change}))
    before = listing(run)
    with pytest.raises(PellucidError) as caught:
        folder.reopen(run)
    assert (caught.value.code, caught.value.exit_code) == (code, exit_code)
    assert listing(run) == before


def test_a_vocabulary_comes_back_or_the_run_is_refused(tmp_path: Path):
    text = tmp_path / "text.txt"
    text.write_text("the cat sat on the mat and saw the dog\n" * 40)
    settings = {**SETTINGS, "model": {"kind": "gru", "width": 4}, "method.epochs": 1}
    session = prepare(read_recipe(Document({"data": {"path": str(text)}}, "test"), settings))
    run = tmp_path / "run"
    run.mkdir()
    list(events(session, folder.create(run, session, None)))
    again, _ = folder.reopen(run)
    assert session.signature.vocabulary == again.signature.vocabulary != {}
    identity = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**identity, "vocabulary": "0" * 64}))
    with pytest.raises(ResourceError, match="vocabulary") as caught:
        folder.restored(run, inexact=True)
    assert caught.value.code == "DEVICE-INEXACT"


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff\xfe", b"null"])
def test_an_identity_that_is_damaged_is_refused(content: bytes, run: Path):
    (run / "run.json").write_bytes(content)
    with pytest.raises(ArtifactError):
        folder.reopen(run)


def test_no_run_is_said_to_be_none(tmp_path: Path):
    with pytest.raises(UsageError, match="no run here"):
        folder.reopen(tmp_path)


def test_a_record_that_is_too_short_is_refused(run: Path):
    (run / "record.jsonl").write_bytes(b"")
    with pytest.raises(ArtifactError, match="the checkpoint knows of"):
        folder.reopen(run)


def test_code_that_changed_is_refused(session: Session, tmp_path: Path):
    list(events(session, folder.create(tmp_path, session, None, "one")))
    folder.restored(tmp_path, code="one")
    with pytest.raises(ResourceError, match="code was one and is two"):
        folder.reopen(tmp_path, code="two")
    folder.restored(tmp_path, code="two", inexact=True)


def test_passed_over_checkpoints_are_said_and_removed(run: Path):
    newest = checkpoint.committed(run)[-1]
    (newest / "state.json").write_bytes(b"{}")
    again, writer = folder.reopen(run)
    assert again.state.step < int(newest.name) and not newest.exists()
    assert [finding.check for finding in writer.findings] == ["damaged-checkpoint"]
    assert layout.journal(run)[-1]["skipped"]


def test_a_run_can_be_made_longer(run: Path, session: Session):
    def longer(recipe):
        return recipe.replace(method=recipe.method.replace(epochs=5))

    again, writer = folder.reopen(run, bind=longer)
    assert again.state.stopped == "epochs"
    folder.lengthen(run, again)
    assert again.state.stopped is None
    steps = [event.step for event in events(again, writer) if type(event).__name__ == "Step"]
    assert steps == list(range(session.steps + 1, session.steps * 5 // 3 + 1))
    once_more, _, _ = folder.restored(run)
    assert once_more.steps == again.steps and once_more.state.stopped == "epochs"

    def shorter(recipe):
        return recipe.replace(method=recipe.method.replace(epochs=1))

    again, _ = folder.reopen(run, bind=shorter)
    with pytest.raises(UsageError, match="is past the"):
        folder.lengthen(run, again)


def test_the_record_is_a_function_of_the_recipe(session: Session, tmp_path: Path):
    other = prepare(session.recipe)
    records = []
    for place, one in (("a", session), ("b", other)):
        (tmp_path / place).mkdir()
        list(events(one, Writer(tmp_path / place)))
        records.append((tmp_path / place / "record.jsonl").read_bytes())
    assert records[0] == records[1] and b"tested" in records[0]
    pairs = zip(session.state.network.parameters(), other.state.network.parameters(), strict=True)
    assert all(torch.equal(first, second) for first, second in pairs)
