from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from pellucid import record
from pellucid.errors import Interrupted, ResourceError, TrainingError
from pellucid.record import Evaluated, Step, Stopped
from pellucid.training.layout import journal
from pellucid.training.run import Signals, Writer, events, resident
from pellucid.training.session import Session

Make = Callable[..., Session]


def test_without_a_folder_nothing_is_written(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    seen = list(events(make(), Writer(None)))
    assert not list(tmp_path.iterdir())
    assert [type(event) for event in seen[-3:]] == [Stopped, record.Tested, record.Tested]


def test_events_come_in_order(make: Make, tmp_path: Path):
    session = make("iris", {"evaluate.every": 2, "method.batch": 50, "method.epochs": 2, "checkpoint.every": 3,
                            "probes.every": 100})  # fmt: skip
    seen = list(events(session, Writer(tmp_path)))
    letters = {record.Built: "b", record.Reading: "r", Step: "s", Evaluated: "e", Stopped: ".", record.Tested: "t"}
    kinds, steps = "".join(letters[type(event)] for event in seen), session.steps
    each = ["r" * (step in (1, 2, 3)) + "s" + "e" * (step % 2 == 0 or step == steps) for step in range(1, steps + 1)]
    assert kinds == f"b{''.join(each)}.ttt"
    assert [event.part for event in seen if isinstance(event, record.Tested)] == ["train", "valid", "test"]
    written = (tmp_path / "record.jsonl").read_text()
    assert written == "".join(event.line() for event in seen)
    committed = [line["step"] for line in journal(tmp_path) if line["event"] == "committed"]
    assert committed == [step for step in range(1, steps + 1) if step % 3 == 0 or step == steps]
    assert json.loads((tmp_path / "heartbeat.json").read_text())["step"] >= 1


def test_a_signal_commits_the_step_and_names_how_to_go_on(make: Make, tmp_path: Path):
    session, signals = make(), Signals()
    with signals.listening(), pytest.raises(Interrupted) as caught:
        for event in events(session, Writer(tmp_path), signals):
            if isinstance(event, Step) and event.step == 2:
                os.kill(os.getpid(), signal.SIGTERM)
    assert caught.value.exit_code == 75 and "SIGTERM after step 2, committed" in str(caught.value)
    assert (tmp_path / "checkpoints" / "00000002").is_dir()
    assert journal(tmp_path)[-1]["event"] == "signal"


def test_a_training_that_fails_keeps_its_record(make: Make, tmp_path: Path):
    session = make("classes", {"optimizer.kind": "sgd", "optimizer.learning_rate": 1e30, "checkpoint.every": 1000})
    with pytest.raises(TrainingError, match="the loss is") as caught:
        list(events(session, Writer(tmp_path)))
    assert f"pellucid diagnose {tmp_path}" in str(caught.value.hint)
    lines = list(record.read_lines(tmp_path / "record.jsonl"))
    assert lines[0]["event"] == "built" and lines[-1] == {**lines[-1], "event": "step", "step": session.state.step}
    last = journal(tmp_path)[-1]
    assert (last["event"], last["code"], last["step"]) == ("failed", "TRAIN-NONFINITE", session.state.step + 1)
    with pytest.raises(TrainingError) as plain:
        list(events(make("classes", {"optimizer.kind": "sgd", "optimizer.learning_rate": 1e30}), Writer(None)))
    assert "diagnose" not in str(plain.value.hint)


def test_handlers_are_put_back():
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    with Signals().listening():
        assert signal.getsignal(signal.SIGTERM) not in before
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == before


def test_what_the_disk_refuses_is_said(tmp_path: Path):
    writer = Writer(tmp_path)
    (tmp_path / "record.jsonl").mkdir()
    (tmp_path / "journal.jsonl").mkdir()
    writer.record(Stopped(1, "epochs", 1))
    with pytest.raises(ResourceError, match="cannot be written"):
        writer.flush()
    with pytest.raises(ResourceError, match="cannot be written"):
        writer.journal("started")


def test_memory_is_counted():
    assert 10 << 20 < resident() < 1 << 40
