"""Progress: plain lines on a file, one moving line on a terminal."""

from __future__ import annotations

import io
import json
import math
from dataclasses import replace

import pytest

from pellucid import jobs
from pellucid.cli import progress
from pellucid.cli.progress import Progress, sparkline
from pellucid.documents import Document
from pellucid.findings import Finding
from pellucid.recipe import read_recipe
from pellucid.record import Built, Found


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def train() -> None:
    settings = {"method.epochs": 3, "threads": 1, "model": {"kind": "mlp", "widths": [4]}}
    recipe = read_recipe(Document({"data": {"path": "iris"}}, "test"), settings)
    watch = Progress()
    jobs._finish(jobs.prepare(recipe), jobs.Writer(None), report=False, watch=watch)


def test_a_sparkline_goes_from_low_to_high() -> None:
    assert sparkline([]) == sparkline([math.nan, math.inf]) == ""
    assert sparkline([0, 1, 2, 3, 4, 5, 6, 7]) == "▁▂▃▄▅▆▇█"
    assert sparkline([2.0, 2.0]) == "▁▁" and sparkline([1.0, math.nan, 0.0]) == "█▁"
    assert len(sparkline([float(place) for place in range(100)])) == progress.WIDTH


def test_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PLAIN", 0.0)
    monkeypatch.setattr("sys.stderr", stream := io.StringIO())
    train()
    lines = stream.getvalue().splitlines()
    assert [line.split()[1] for line in lines[:-1]] == ["1/3", "2/3", "3/3"]
    assert all("loss " in line and "valid " in line and "accuracy " in line for line in lines[:-1])
    assert lines[0].endswith(" left") and lines[-1].startswith("stopped: all epochs are done; the weights of step ")
    assert "\x1b" not in stream.getvalue()


def test_one_moving_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "MOVING", 0.0)
    monkeypatch.setattr("sys.stderr", stream := Terminal())
    train()
    moving, end = stream.getvalue().rstrip("\n").split("\n")
    assert moving.count("\r\x1b[2K") > 3 and "epoch 3/3" in moving and end.startswith("stopped: ")


def test_a_clock() -> None:
    assert [progress._clock(seconds) for seconds in (3.4, 75, 3661)] == ["3 s", "1:15", "1:01:01"]


def test_a_finding_stands_above_what_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", stream := Terminal())
    watch = Progress()
    finding = Finding("dead-units", "severe", "Half of the units are silent.", "trunk.0").as_json()
    session = jobs.prepare(read_recipe(Document({"data": {"path": "iris"}}, "test"), {"threads": 1}))
    leak = Finding("target-leak", "severe", "A column says it all.")
    session.loaded = replace(session.loaded, signature=session.signature.replace(findings=(leak,)))
    watch(session, Built([], [], None))
    watch(session, Found(40, finding))
    lines = stream.getvalue().rstrip("\n").split("\n")
    assert lines[-1].endswith("step 40: severe[dead-units]: trunk.0: Half of the units are silent.")
    assert "severe[target-leak]" in lines[0], "what is wrong with the data comes first"
    monkeypatch.setattr("sys.stderr", stream := io.StringIO())
    Progress(as_json=True)(session, Found(40, finding))
    assert json.loads(stream.getvalue())["finding"]["check"] == "dead-units"
