from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from pellucid import record
from pellucid.errors import ArtifactError
from pellucid.record import Evaluated, Step, Stopped, defined, read_lines


def test_every_line_is_json_and_says_what_it_is():
    events = [
        record.Built([{"name": "head", "kind": "Linear", "says": "Linear(2, 1)"}], [], None),
        record.Reading(1, {"head.weight": {"gradient": 0.5}}, {"head": {"mean": 0.0}}),
        Step(1, 0, "network", 0.1 + 0.2, 1e-3),
        Step(2, 0, "network", 5e-324, 1e-3, 0.5),
        Evaluated(2, 1, 0.5, 0.25, {"accuracy": 1 / 3}, True),
        Stopped(2, "epochs", 2),
        record.Tested("test", 0.5, {"accuracy": 1.0}),
        record.Found(2, {"check": "dead-units", "evidence": {"dead": 0.5}}),
    ]
    lines = [json.loads(event.line()) for event in events]
    assert [line.pop("event") for line in lines] == [
        "built", "reading", "step", "step", "evaluated", "stopped", "tested", "found"
    ]  # fmt: skip
    for line, event in zip(lines, events, strict=True):
        assert line == {name: value for name, value in event._asdict().items() if value is not None} | (
            {"constant": None} if isinstance(event, record.Built) else {}
        )
        assert event.line().endswith("}\n") and "\n" not in event.line()[:-1]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_that_json_has_not_is_null(value: float):
    def strict(text: str) -> object:
        return json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))

    assert '"norm":null' in Step(1, 0, "network", 1.0, 0.1, value).line()
    strict(Step(1, 0, "network", 1.0, 0.1, value).line())
    strict(Evaluated(1, 1, 1.0, value, {"roc_auc": value}, True).line())
    assert '"loss":null' in record.Tested("test", value, {}).line()
    assert defined({"a": {"b": value}, "c": 1.0}) == {"a": {"b": None}, "c": 1.0}


def test_a_last_line_that_was_not_ended_is_left_out(tmp_path: Path):
    path = tmp_path / "record.jsonl"
    path.write_text('{"a":1}\n{"a":2}\n{"a":')
    assert list(read_lines(path)) == [{"a": 1}, {"a": 2}]
    path.write_text("")
    assert list(read_lines(path)) == []


def test_a_line_in_the_middle_that_is_none_is_named(tmp_path: Path):
    path = tmp_path / "record.jsonl"
    path.write_text('{"a":1}\n{"a":\n{"a":3}\n')
    with pytest.raises(ArtifactError, match="not a JSON line") as caught:
        list(read_lines(path))
    assert caught.value.place.line == 2 and caught.value.exit_code == 3


def test_events_are_read_as_they_were_written(tmp_path: Path):
    path = tmp_path / "record.jsonl"
    events = [
        record.Built([], [], 0.7), record.Reading(1, {"a": {"gradient": 0.5}}, {}), Step(1, 0, "network", 0.3, 1e-3),
        Evaluated(1, 1, 0.5, 0.25, {}, True), Stopped(1, "epochs", 1), record.Tested("test", 0.5, {}),
        record.Found(1, {"check": "x"}),
    ]  # fmt: skip
    path.write_text("".join(event.line() for event in events) + '{"event":"of a later version"}\n')
    assert list(record.events_in(path)) == events
