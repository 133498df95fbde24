"""`pellucid check`: what would be trained, and what it would cost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

Tell = Callable[..., Any]


def test_forms_layers_decisions_forecast(tell: Tell, here: Path, small: tuple[str, ...]) -> None:
    ended = tell("check", "shop.csv", "-t", "left", *small)
    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert lines[0] == "data: 120 rows: 84 train, 18 valid, 18 test"
    assert [line for line in lines if not line.startswith(" ")][1:-1] == ["forms:", "layers:", "planned:"]
    assert "  trunk   vector 8" in lines and lines[-1].startswith("forecast: ") and " for 6 steps " in lines[-1]
    assert any(line.split()[:2] == ["trunk.blocks.0.linear", "Linear"] for line in lines)
    assert any(line.startswith("  optimizer = adamw") for line in lines)


def test_as_json(tell: Tell, here: Path, small: tuple[str, ...]) -> None:
    value = tell("check", "shop.csv", "-t", "left", *small, "--json").value
    assert value["forms"]["trunk"] and value["rows"] == {"train": 84, "valid": 18, "test": 18}
    assert value["counted"] == "rows"
    assert value["parameters"] == sum(layer["parameters"] for layer in value["layers"]) > 0
    assert value["recipe"]["model"]["widths"] == [8]
    assert all({"path", "value", "reason", "source"} <= decision.keys() for decision in value["decisions"])
    assert value["forecast"]["seconds"] > 0 and value["forecast"]["steps"] == 6


def test_nothing_is_written(tell: Tell, mine: Path, small: tuple[str, ...]) -> None:
    before = sorted(mine.rglob("*"))
    tell("check", "shop.csv", "-t", "left", *small)
    assert sorted(mine.rglob("*")) == before


def test_windows_of_series_are_called_windows(tell: Tell, here: Path) -> None:
    small = ("-s", "model.kind=gru", "-s", "model.width=4", "-s", "method.epochs=1", "-s", "threads=1")
    lines = tell("check", "airline", *small).out.splitlines()
    assert lines[0] == "data: 144 rows; windows: 62 train, 7 valid, 18 test"
    assert lines[1:3] == ["  extent: 1 series of 144 rows", "  period: 1949-01-01 to 1960-12-01, rows 1 month apart"]
    assert tell("check", "airline", *small, "--json").value["counted"] == "windows"
    vowels = tell("check", "japanese_vowels", *small).out.splitlines()[0]
    assert vowels.startswith("data: 640 series: ")


def test_a_cheaper_recipe_is_offered_where_the_cost_is_too_high(tell: Tell, mine: Path) -> None:
    large = ("-s", "model.kind=mlp", "-s", "model.widths=[128,128]", "-s", "method.epochs=4000", "-s", "threads=1")
    ended = tell("check", "shop.csv", "-t", "left", *large, "--within", 1, "-o", "cheaper.yaml")
    assert ended.code == 0
    costly, cheaper = ended.out.splitlines()[-2:]
    assert costly.startswith("warning[too-costly]: It would take ") and cheaper.startswith("cheaper")
    assert "method.epochs: 4000 -> " in cheaper and cheaper.endswith("it is in cheaper.yaml")
    value = tell("check", "cheaper.yaml", "--within", 1000, "--json").value
    assert value["recipe"]["method"]["epochs"] < 4000 and value["cheaper"] is None


def test_gradient_descent_is_told_how_far_it_may_step(tell: Tell, here: Path, small: tuple[str, ...]) -> None:
    sgd = ("-s", "optimizer.kind=sgd", "-s", "optimizer.learning_rate=1000")
    lines = tell("check", "shop.csv", "-t", "left", *small, *sgd).out.splitlines()
    assert lines[-1].startswith("steps: a learning rate over ") and lines[-1].endswith(": 1000 is too high")
    assert tell("check", "shop.csv", "-t", "left", *small, *sgd, "--json").value["largest_rate"] > 0
