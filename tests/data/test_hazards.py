"""Each hazard fires on its sick table and stays silent on the healthy twin."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pellucid.data.splitting import ByGroup, ByTime
from pellucid.data.table import Table
from pellucid.findings import Finding

ROWS = 400


def frame(seed: int = 0) -> dict[str, list[Any]]:
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(ROWS, 2)).round(6)
    yes = x[:, 0] + x[:, 1] + draw.normal(size=ROWS) > 0
    return {
        "a": x[:, 0].tolist(),
        "b": x[:, 1].tolist(),
        "c": draw.choice(["red", "green", "blue"], ROWS).tolist(),
        "y": np.where(yes, "yes", "no").tolist(),
    }


def findings(data: dict[str, list[Any]]) -> dict[str, Finding]:
    table = Table(target="y")
    found = table.inspect(table.from_frame(data)).findings
    return {item.check: item for item in found}


def order_of(data: dict[str, list[Any]], key: str) -> dict[str, list[Any]]:
    order = sorted(range(ROWS), key=lambda row: data[key][row])
    return {name: [cells[row] for row in order] for name, cells in data.items()}


def rare(data: dict[str, list[Any]]) -> dict[str, list[Any]]:
    return {**data, "y": ["maybe" if row % 100 == 0 else cell for row, cell in enumerate(data["y"])]}


def skewed(data: dict[str, list[Any]]) -> dict[str, list[Any]]:
    return {**data, "y": ["yes" if row % 25 == 0 else "no" for row in range(ROWS)]}


SICK: dict[str, tuple[Any, str, str]] = {
    "sorted-by-target": (lambda data: order_of(data, "y"), "y", "warning"),
    "duplicate-rows": (lambda data: {name: cells[:200] * 2 for name, cells in data.items()}, "", "warning"),
    "rare-class": (rare, "y", "warning"),
    "imbalance": (skewed, "y", "warning"),
    "mostly-missing": (
        lambda data: {**data, "a": [cell if row % 3 == 0 else None for row, cell in enumerate(data["a"])]},
        "a",
        "warning",
    ),
    "near-constant": (lambda data: {**data, "a": [1.0] * 398 + [2.0, 3.0]}, "a", "info"),
    "constant-column": (lambda data: {**data, "a": [1.0] * ROWS}, "a", "info"),
    "id-column": (lambda data: {**data, "a": list(range(ROWS))}, "a", "info"),
    "text-column": (lambda data: {**data, "a": [f"remark {row} made by hand" for row in range(ROWS)]}, "a", "warning"),
    "target-leak": (lambda data: {**data, "a": [3.25 if cell == "yes" else -1 for cell in data["y"]]}, "a", "severe"),
    "rows-in-time": (
        lambda data: {**data, "when": [str(np.datetime64("2023-01-01") + row) for row in range(ROWS)]},
        "when",
        "warning",
    ),
    "similar-names": (
        lambda data: {**data, "c": ["Red" if row % 9 == 0 else cell for row, cell in enumerate(data["c"])]},
        "c",
        "warning",
    ),
}


def test_the_healthy_table_has_no_findings() -> None:
    for seed in range(5):
        assert findings(frame(seed)) == {}


@pytest.mark.parametrize("check", SICK)
def test_the_sick_table_has_the_finding(check: str) -> None:
    change, place, severity = SICK[check]
    found = findings(change(frame()))
    assert check in found
    assert (found[check].place, found[check].severity) == (place, severity)
    assert found[check].evidence or check.endswith("column")
    assert found[check].cure


def test_a_leak_by_category_and_by_missing_cells() -> None:
    data = frame()
    by_name = {**data, "c": [f"{cell}-{row % 4}" for row, cell in enumerate(data["y"])]}
    assert findings(by_name)["target-leak"].place == "c"
    by_gap = {**data, "b": [cell if yes == "yes" else None for cell, yes in zip(data["b"], data["y"], strict=True)]}
    assert findings(by_gap)["target-leak"].place == "b"


@pytest.mark.parametrize("copy", [lambda y: 3 * y + 2, lambda y: np.exp(y)])
def test_a_leak_of_a_value(copy: Any) -> None:
    draw = np.random.default_rng(0)
    y = draw.normal(size=3000)
    data = {"a": draw.normal(size=3000).tolist(), "b": copy(y).tolist(), "y": y.tolist()}
    assert findings(data)["target-leak"].place == "b"
    noisy = {**data, "b": (y + 0.3 * draw.normal(size=3000)).tolist()}
    assert "target-leak" not in findings(noisy)


def test_a_strong_but_honest_column_is_no_leak() -> None:
    for name, target in (
        ("iris", "species"),
        ("breast_cancer", "diagnosis"),
        ("wine", "cultivar"),
        ("penguins", "species"),
    ):
        table = Table(path=name, target=target)
        assert "target-leak" not in {item.check for item in table.inspect(table.read()).findings}


def test_many_categories_alone_are_no_leak() -> None:
    data = frame()
    data["c"] = [f"shop {row % 150}" for row in range(ROWS)]
    assert "target-leak" not in findings(data)


def hours(rows: int = 60, **more: list[Any]) -> dict[str, list[Any]]:
    """Two sites, a row for each hour, not in order; and what goes in waves."""
    at = np.random.default_rng(0).permutation(np.repeat(np.arange(rows), 2))
    stamps = [str(np.datetime64("2024-01-01T00:00") + 60 * int(hour)) for hour in at]
    return {"date": stamps, "a": at.tolist(), "y": np.sin(at / 3).tolist(), **more}


def test_rows_in_even_steps_of_time_name_both_cures() -> None:
    found = findings(hours())["rows-in-time"]
    assert found.place == "date" and found.evidence == {"stamps": 60, "rows each": 2}
    assert "rows are 1 hour apart" in found.message and "{kind: by_time, column: date}" in found.cure
    assert "{kind: series, target: y, horizon: ...}" in found.cure
    classes = findings(hours(y=["a", "b"] * 60))["rows-in-time"]
    assert "by_time" in classes.cure and "series" not in classes.cure
    years = findings({"year": list(range(1960, 2020)), "a": [1, 2, 3] * 20, "y": np.sin(np.arange(60)).tolist()})
    assert "rows are 1 year apart" in years["rows-in-time"].message
    local = [f"{day}/01/2024" for day in range(1, 32)] + [f"{day}/02/2024" for day in range(1, 30)]
    text = findings({"Date": local, "a": [1, 2] * 30, "y": np.sin(np.arange(60)).tolist()})["rows-in-time"]
    assert "rows are 1 day apart" in text.message and "series" in text.cure and "by_time" not in text.cure


def test_time_that_is_uneven_or_split_by_is_no_finding() -> None:
    data = hours()
    uneven = {name: cells[:97] for name, cells in data.items()}
    assert "rows-in-time" not in findings(uneven)
    table = Table(target="y", columns={"date": "time"})
    assert "rows-in-time" not in {one.check for one in table.inspect(table.from_frame(data)).findings}
    for split in (ByTime(column="date"), ByGroup(column="a")):
        table = Table(target="y", split=split)
        assert "rows-in-time" not in {one.check for one in table.inspect(table.from_frame(data)).findings}
    draw = np.random.default_rng(1)
    days = [str(np.datetime64("2020-01-01") + int(day)) for day in draw.integers(0, 60, 400)]
    assert "rows-in-time" not in findings({**frame(), "since": days})


def test_a_column_of_sentences_that_is_left_out_is_a_warning() -> None:
    rows = range(60)
    columns = {
        "review": [f"soup number {row} of the day" for row in rows],
        "ticket": [f"A{row * 7}x" for row in rows],
        "age": [str(row % 7) for row in rows],
        "y": ["ab"[row % 2] for row in rows],
    }
    data = Table(target="y")
    told = {found.place: found for found in data.inspect(data.from_frame(columns)).findings}
    assert told["review"].severity == "warning" and "data: {kind: text, text: review}" in told["review"].cure
    assert told["ticket"].severity == "info"


def test_the_order_of_rows_whose_part_is_named_is_not_told() -> None:
    columns = {"age": [str(row % 7) for row in range(60)], "y": ["ab"[row // 30] for row in range(60)]}
    data = Table(target="y")
    checks = {found.check for found in data.inspect(data.from_frame(columns)).findings}
    split = {**columns, "split": ["train", "test"] * 30}
    assert checks - {found.check for found in data.inspect(data.from_frame(split)).findings} == {"sorted-by-target"}


def test_rows_of_few_values_are_equal_by_chance() -> None:
    draw = np.random.default_rng(0)
    few: dict[str, list[Any]] = {
        name: draw.integers(0, count, ROWS).tolist() for name, count in (("a", 3), ("b", 2), ("c", 9))
    }
    few["y"] = [str(value) for value in draw.integers(0, 2, ROWS)]
    found = findings(few)["duplicate-rows"]
    assert found.severity == "info" and found.cure.startswith("Nothing to do") and float(found.evidence["share"]) > 0.5
    copied = {name: cells[:200] * 2 for name, cells in (few | {"d": draw.random(ROWS).tolist()}).items()}
    assert findings(copied)["duplicate-rows"].severity == "warning", "one column of numbers, and rows are never equal"


def test_a_row_equals_another_as_often_as_its_cells_are_common() -> None:
    raw = Table(target="y").from_frame({"a": [1, 1, 2, None], "y": ["u", "v", "u", "u"]})
    assert raw.chances(["a", "y"]).tolist() == [0.5 * 0.75, 0.5 * 0.25, 0.25 * 0.75, 0.25 * 0.75]
