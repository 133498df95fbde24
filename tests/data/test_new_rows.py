"""Schema drift at prediction: predicted with a counted warning, or refused by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch

from pellucid.data.batch import Rows
from pellucid.data.new_rows import outside
from pellucid.data.source import Loaded
from pellucid.data.splitting import Stratified
from pellucid.data.table import Table
from pellucid.data.table_raw import TableRaw
from pellucid.errors import DataError, SchemaError

TABLE = Table(target="left", columns={"who": "id"})
NEW: dict[str, list[Any]] = {
    "age": [30, 41],
    "income": [1000.5, 900.0],
    "city": ["Bonn", "Ulm"],
    "member": ["yes", "no"],
    "since": ["2024-01-01", "2023-05-05"],
}


@pytest.fixture(scope="module")
def loaded() -> Loaded:
    data: dict[str, list[Any]] = {
        "who": [f"p{row}" for row in range(200)],
        "age": [20 + row * 7 % 50 for row in range(200)],
        "income": [1000 + row * 37 % 911 / 3 for row in range(200)],
        "city": [("Bonn", "Kiel", "Ulm")[row % 3] for row in range(200)],
        "member": [("yes", "no")[row % 5 > 2] for row in range(200)],
        "since": [f"2024-01-{1 + row % 28:02d}" for row in range(200)],
        "left": [("no", "yes")[(row * 31 % 17) > 8] for row in range(200)],
    }
    raw = TABLE.from_frame(data)
    return TABLE.load(raw, TABLE.inspect(raw), Stratified(), 0)


def bits(loaded: Loaded, source: Any) -> tuple[bytes, bytes]:
    raw = TABLE.read_new(source, loaded.signature)
    signal = loaded.preparation.apply(raw, loaded.signature).input
    assert isinstance(signal, Rows)
    return signal.number_BD.numpy().tobytes(), signal.code_BK.numpy().tobytes()


def test_order_extra_columns_and_source_change_no_bit(loaded: Loaded, tmp_path: Path) -> None:
    want = bits(loaded, NEW)
    pl.DataFrame(NEW).write_csv(tmp_path / "new.csv")
    sources = [
        dict(reversed(NEW.items())),
        {"extra": [1, 2], **NEW, "left": ["no", None], "who": ["a", "b"]},
        pl.DataFrame(NEW),
        pd.DataFrame(NEW),
        pd.DataFrame({**NEW, "age": [30.0, 41.0]}),
        str(tmp_path / "new.csv"),
        tmp_path / "new.csv",
    ]
    for source in sources:
        assert bits(loaded, source) == want


def test_other_encodings_and_delimiters_change_no_bit(loaded: Loaded, tmp_path: Path) -> None:
    text = pl.DataFrame(NEW).write_csv()
    for name, data in {
        "mark": text.encode("utf-8-sig"),
        "utf-16": text.encode("utf-16"),
        "semicolon": text.replace(",", ";").encode(),
    }.items():
        (tmp_path / f"{name}.csv").write_bytes(data)
        assert bits(loaded, tmp_path / f"{name}.csv") == bits(loaded, NEW)


def findings(loaded: Loaded, **changes: list[Any]) -> dict[str, Any]:
    raw = TABLE.read_new({**NEW, **changes}, loaded.signature)
    signal = loaded.preparation.apply(raw, loaded.signature).input
    assert isinstance(signal, Rows) and bool(torch.isfinite(signal.number_BD).all())
    return {item.check: item for item in raw.findings}


def test_what_is_usual_gives_no_finding(loaded: Loaded) -> None:
    assert findings(loaded) == {}


def test_unseen_categories_are_counted_and_unknown(loaded: Loaded) -> None:
    found = findings(loaded, city=["Rom", "bonn"])["unseen-category"]
    assert found.evidence["rows"] == 2 and found.place == "city" and '"Rom"' in found.message
    raw = TABLE.read_new({**NEW, "city": ["Rom", "Ulm"]}, loaded.signature)
    signal = loaded.preparation.apply(raw, loaded.signature).input
    assert isinstance(signal, Rows) and int(signal.code_BK[0, 0]) == 0 != int(signal.code_BK[1, 0])


def test_blanks_are_counted(loaded: Loaded) -> None:
    assert findings(loaded, age=[None, 3.0])["new-missing"].evidence["rows"] == 1
    assert findings(loaded, age=[None, None])["empty-column"].place == "age"


def test_values_far_outside_of_what_was_known_are_counted() -> None:
    column = np.array([0.0, 14.9, 15.1, -5.1, np.nan, 1e9])
    (found,) = outside("age", column, (0.0, 10.0))
    assert found.check == "outside-range" and found.evidence == {"rows": 3, "low": 0, "high": 10}
    assert found.message.startswith("3 of 6 rows hold values far outside") and "(0 to 10)" in found.message
    assert outside("age", column[:2], (0.0, 10.0)) == [] and outside("age", column, (None, None)) == []
    assert outside("age", column[2:3], (0.0, 10.0))[0].message.startswith("1 of 1 rows holds")


def test_a_table_says_which_values_are_far_outside(loaded: Loaded) -> None:
    found = findings(loaded, age=[1e6, 40])["outside-range"]
    assert found.place == "age" and found.evidence["rows"] == 1


def test_labels_that_are_not_known_are_a_finding(loaded: Loaded) -> None:
    assert "unseen-label" in findings(loaded, left=["perhaps", "no"])
    assert "unseen-label" not in findings(loaded, left=["yes", "no"])


def refused(loaded: Loaded, source: Any) -> SchemaError:
    with pytest.raises(SchemaError) as caught:
        TABLE.read_new(source, loaded.signature)
    assert caught.value.exit_code == 2
    return caught.value


@pytest.mark.parametrize(("old", "new"), [("income", "Income"), ("income", "incomes"), ("since", "Since ")])
def test_a_renamed_column_is_named_with_the_nearest(loaded: Loaded, old: str, new: str) -> None:
    error = refused(loaded, {new if name == old else name: cells for name, cells in NEW.items()})
    assert f'"{old}" is missing' in error.message and error.hint == f"is it '{new.strip()}'? rename it"


def test_a_missing_column_is_named(loaded: Loaded) -> None:
    error = refused(loaded, {name: cells for name, cells in NEW.items() if name not in ("city", "age")})
    assert error.code == "SCHEMA-MISSING" and '"age" is missing (and 1 more)' in error.message


@pytest.mark.parametrize(
    ("column", "cell"),
    [("age", "old"), ("age", "1,5"), ("income", "inf"), ("member", "maybe"), ("since", "01.05.2024")],
)
def test_a_cell_of_another_type_has_line_and_column(loaded: Loaded, column: str, cell: str, tmp_path: Path) -> None:
    frame = pl.DataFrame({name: [str(cell) for cell in cells] for name, cells in NEW.items()})
    frame.with_columns(pl.Series(column, [frame[column][0], cell])).write_csv(tmp_path / "new.csv")
    error = refused(loaded, str(tmp_path / "new.csv"))
    assert (error.code, error.place.line) == ("SCHEMA-TYPE", 3)
    assert f'column "{column}": "{cell}"' in error.message


@pytest.mark.parametrize("data", [b"", b"age,income\n", b"age,income,city,member,since\n1,2,3\n"])
def test_files_that_are_no_tables(loaded: Loaded, data: bytes, tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_bytes(data)
    with pytest.raises(DataError):
        TABLE.read_new(str(tmp_path / "new.csv"), loaded.signature)


def test_bad_rows_are_never_skipped_at_prediction(loaded: Loaded, tmp_path: Path) -> None:
    lenient = TABLE.replace(on_bad_row={"skip": 0.5})
    (tmp_path / "new.csv").write_bytes(pl.DataFrame(NEW).write_csv().encode() + b"1,2\n")
    with pytest.raises(DataError, match="2 cells"):
        lenient.read_new(str(tmp_path / "new.csv"), loaded.signature)


def test_evaluation_needs_every_label(loaded: Loaded) -> None:
    for labels, says in (
        (["no", None], "is blank"),
        (["no", "perhaps"], "is not one of no, yes"),
        (None, "is missing"),
    ):
        with pytest.raises(SchemaError, match=says):
            TABLE.read_new({**NEW, **({"left": labels} if labels else {})}, loaded.signature, labelled=True)
    raw = TABLE.read_new((pd.DataFrame(NEW), ["no", "yes"]), loaded.signature, labelled=True)
    assert isinstance(raw, TableRaw)
    target = loaded.preparation.apply(raw, loaded.signature).target
    assert target is not None and target.tolist() == [0, 1]


def test_one_row_is_enough(loaded: Loaded) -> None:
    assert TABLE.read_new({name: cells[:1] for name, cells in NEW.items()}, loaded.signature).rows == 1
