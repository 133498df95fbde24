"""The Part that ties tables together."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pellucid.data.signature import from_json
from pellucid.data.source import Data
from pellucid.data.splitting import ByFiles, ByGroup, ByTime, Stratified, choose_split
from pellucid.data.table import Table
from pellucid.documents import Document
from pellucid.errors import DataError, RecipeError
from pellucid.parts import concrete, read

EMBEDDED = {"iris": 3, "wine": 3, "breast_cancer": 2, "diabetes": 0, "penguins": 3, "titanic": 2}


@pytest.mark.parametrize("name", EMBEDDED)
def test_every_embedded_table_loads_by_its_name(name: str) -> None:
    table = concrete(Data, name)
    assert isinstance(table, Table)
    raw = table.read()
    signature = table.inspect(raw)
    assert signature.target is not None and len(signature.target.classes) == EMBEDDED[name]
    assert signature.notes["licence"] and from_json(signature.as_json()) == signature
    split, _ = choose_split(signature)
    loaded = table.load(raw, signature, split, 0)
    assert (
        sum(loaded.share.values())
        == raw.rows
        == len(loaded.dataset.train) + len(loaded.dataset.valid) + len(loaded.dataset.test)
    )
    assert loaded.dataset.form.kind == "vector"
    assert len(loaded.preparation.names()) == loaded.dataset.form.width + len(loaded.dataset.categories)


def test_reading_a_recipe_imports_no_numbers() -> None:
    code = (
        "import sys; from pellucid.data.source import Data; from pellucid.parts import concrete;"
        "concrete(Data, {'path': 'x.csv', 'target': 'y', 'rules': ['a >= 0'],"
        " 'split': {'kind': 'by_time', 'column': 't'}, 'columns': {'a': 'number'}, 'on_bad_row': {'skip': 0.01}});"
        "print([name for name in ('numpy', 'polars', 'torch', 'pandas') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_table_survives_yaml_values() -> None:
    table = Table(path="x.csv", target=("a", "b"), columns={"c": "group"}, rules=("a >= 0",), split=ByGroup(column="c"))
    assert concrete(Data, table.dump()) == table


@pytest.mark.parametrize(
    ("field", "value"),
    [("rules", ["age >"]), ("columns", {"a": "nmuber"}), ("delimiter", "x"), ("on_bad_row", "ignore")],
)
def test_a_wrong_value_is_a_recipe_error(field: str, value: Any) -> None:
    with pytest.raises(RecipeError, match=field):
        read(Table, Document({"path": "x.csv", field: value}))


def frame(rows: int = 300) -> dict[str, list[Any]]:
    draw = np.random.default_rng(0)
    return {
        "x": draw.normal(size=rows).tolist(),
        "who": [f"p{row % 30}" for row in range(rows)],
        "day": [f"2024-{1 + row % 12:02d}-{1 + row // 12 % 28:02d}" for row in range(rows)],
        "y": draw.choice(["no", "yes"], rows).tolist(),
    }


def test_two_loads_are_equal_and_parts_do_not_overlap() -> None:
    table = Table(target="y")
    raw = table.from_frame(frame())
    signature = table.inspect(raw)
    one, other = (table.load(raw, signature, Stratified(), 3) for _ in range(2))
    rows = [getattr(one.dataset, name).row_B for name in ("train", "valid", "test")]
    assert sorted(torch.cat(rows).tolist()) == list(range(300))
    assert torch.equal(rows[0], other.dataset.train.row_B) if other.dataset.train.row_B is not None else False


def test_groups_and_times_are_told_apart_and_checked() -> None:
    by_group = Table(target="y", columns={"who": "group", "day": "time"})
    raw = by_group.from_frame(frame())
    signature = by_group.inspect(raw)
    roles = {column.name: column.role for column in signature.columns}
    assert roles == {"x": "input", "who": "group", "day": "time", "y": "target"}
    checks = {item.check for item in by_group.load(raw, signature, Stratified(), 0).signature.findings}
    assert {"group-leak", "time-leak"} <= checks
    checks = {item.check for item in by_group.load(raw, signature, ByGroup(column="who"), 0).signature.findings}
    assert "group-leak" not in checks
    checks = {item.check for item in by_group.load(raw, signature, ByTime(column="day"), 0).signature.findings}
    assert "time-leak" not in checks


def test_the_column_of_a_split_is_no_input() -> None:
    table = Table(target="y", split=ByTime(column="day"))
    signature = table.inspect(table.from_frame(frame()))
    assert [column.name for column in signature.columns if column.role == "input"] == ["x", "who"]
    with pytest.raises(DataError, match="neither numbers nor dates"):
        wrong = Table(target="y", split=ByTime(column="who"))
        raw = wrong.from_frame(frame())
        wrong.load(raw, wrong.inspect(raw), ByTime(column="who"), 0)


def test_parts_in_files_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("a,y\n" + "".join(f"{row},{row % 2}\n" for row in range(100)))
    (tmp_path / "test.csv").write_text("y,a\n" + "".join(f"{row % 2},{row + 0.5}\n" for row in range(20)))
    table = Table(path=str(tmp_path / "train.csv"), target="y", split=ByFiles(test=str(tmp_path / "test.csv")))
    raw = table.read()
    assert table.split is not None
    loaded = table.load(raw, table.inspect(raw), table.split, 0)
    assert loaded.share["test"] == 20 and loaded.share["valid"] > 0
    assert loaded.dataset.test.row_B is not None and loaded.dataset.test.row_B.min() == 100
    (tmp_path / "test.csv").write_text("y,b\n1,2\n")
    with pytest.raises(DataError, match='no column "a"'):
        table.read()


def test_inputs_and_target_may_come_apart() -> None:
    table = Table(target="y")
    data = frame()
    pair = table.read_rows((np.array([data["x"], data["x"]]).T, data["y"]))
    assert pair.names == ["x0", "x1", "y"] and pair.rows == 300
    with pytest.raises(DataError, match=r"data\.path is missing"):
        table.read()


def test_weights_must_be_weights() -> None:
    table = Table(target="y", columns={"w": "weight"})
    with pytest.raises(DataError, match='column "w": "-1" is not a weight'):
        table.inspect(table.from_frame({**frame(), "w": [1.0] * 299 + [-1]}))


def test_words_for_missing_cells() -> None:
    data = frame()
    data["x"] = [cell if row % 20 else -999 for row, cell in enumerate(data["x"])]
    table = Table(target="y", missing=("-999",))
    assert table.inspect(table.from_frame(data)).columns[0].missing == 15
