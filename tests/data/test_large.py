"""Large tables: read in pieces, and understood and learnt from like small ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch

from pellucid import record
from pellucid.data import large
from pellucid.data.batch import Rows
from pellucid.data.stored import Stored
from pellucid.data.table import Table
from pellucid.errors import DataError
from pellucid.recipe import Recipe
from pellucid.record import Evaluated
from pellucid.training.run import Writer, events
from pellucid.training.session import prepare

ROWS = 3_000


def frame() -> pl.DataFrame:
    random = np.random.default_rng(0)
    a, b = random.normal(size=(2, ROWS)).round(3)
    word = np.array(["red", "green", "blue"])[random.integers(0, 3, ROWS)]
    y = np.where(a + (word == "red") > 0, "yes", "no")
    return pl.DataFrame({"a": a, "b": b, "word": word, "y": y, "much": (2 * a + b).round(3)})


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    from pellucid.data import chunks

    monkeypatch.setattr(large, "LARGE", 1)
    monkeypatch.setattr(chunks, "PIECE", 10_000)
    file = tmp_path / "table.csv"
    frame().write_csv(file)
    return str(file)


def small(path: str, monkeypatch: pytest.MonkeyPatch, **fields: Any) -> Any:
    with monkeypatch.context() as patch:
        patch.setattr(large, "LARGE", 2**40)
        data = Table(path=path, **fields)
        raw = data.read()
        return data.inspect(raw)


@pytest.mark.parametrize("target", ["y", "much"])
def test_it_is_understood_like_a_small_one(target: str, path: str, monkeypatch: pytest.MonkeyPatch):
    data = Table(path=path, target=target, columns={"y" if target == "much" else "much": "drop"})
    raw = data.read()
    assert isinstance(raw, large.LargeRaw)
    found, expected = data.inspect(raw), small(path, monkeypatch, target=target, columns=data.columns)
    assert (found.rows, found.fingerprint) == (expected.rows, expected.fingerprint) and found.target is not None
    assert (found.target.kind, found.target.classes, found.target.counts) == (
        expected.target.kind, expected.target.classes, expected.target.counts,
    )  # fmt: skip
    for one, two in zip(found.columns, expected.columns, strict=True):
        assert (one.name, one.type, one.role, one.missing) == (two.name, two.type, two.role, two.missing)
        assert (one.low, one.high, one.categories) == (two.low, two.high, two.categories) or one.role == "dropped"


def test_every_row_is_in_one_part_and_the_training_rows_are_in_the_file(path: str):
    data = Table(path=path, target="y", columns={"much": "drop"})
    raw = data.read()
    from pellucid.data.splitting import Hash

    loaded = data.load(raw, data.inspect(raw), Hash(), 0)
    train = loaded.dataset.train
    assert isinstance(train, Stored) and sum(loaded.share.values()) == ROWS
    assert (len(train), len(loaded.dataset.valid)) == (loaded.share["train"], loaded.share["valid"])
    rows = train.sample()
    assert isinstance(rows.input, Rows) and rows.row_B is not None and rows.target is not None
    table = frame()
    standard = rows.input.number_BD[:, 0].double().numpy()
    own = table["a"].to_numpy()[rows.row_B.numpy()]
    assert np.corrcoef(standard, own)[0, 1] > 0.999999
    words = [table["y"][row] for row in rows.row_B.tolist()]
    assert [loaded.signature.target.classes[code] for code in rows.target.tolist()] == words  # type: ignore[union-attr]


def test_it_trains_and_judges(path: str):
    recipe = Recipe.model_validate(
        {"data": {"kind": "table", "path": path, "target": "y", "columns": {"much": "drop"}},
         "method": {"epochs": 3, "batch": 32}, "task": {"kind": "classification", "class_weight": "balanced"},
         "model": {"kind": "mlp", "widths": [16]}, "threads": 1}
    )  # fmt: skip
    session = prepare(recipe)
    assert isinstance(session.dataset.train, Stored) and session.dataset.train.weight_C is not None
    happened = list(events(session, Writer(None)))
    tested = [event for event in happened if isinstance(event, record.Tested)]
    assert [event.part for event in tested] == ["train", "valid", "test"]
    assert all(event.metrics["accuracy"] > 0.9 for event in tested)
    again = [event for event in events(prepare(recipe), Writer(None)) if isinstance(event, Evaluated)]
    assert again == [event for event in happened if isinstance(event, Evaluated)]


def test_a_bad_cell_is_told_with_its_line_and_left_out_where_that_is_allowed(path: str):
    lines = Path(path).read_text().splitlines()
    cells = lines[2500].split(",")
    lines[2500] = ",".join(["much", *cells[1:]])
    Path(path).write_text("\n".join(lines) + "\n")
    with pytest.raises(DataError) as fault:
        Table(path=path, target="y").read()
    assert fault.value.code == "DATA-CSV-TYPE" and fault.value.place.line == 2501
    data = Table(path=path, target="y", on_bad_row={"skip": 0.01})  # type: ignore[arg-type]
    raw = data.read()
    assert raw.rows == ROWS - 1
    told = {finding.check: finding for finding in data.inspect(raw).findings}
    assert "2501" in told["bad-rows"].message and "piece by piece" in told["large-table"].message
    with pytest.raises(DataError) as fault:
        Table(path=path, target="y", on_bad_row={"skip": 0.0001}).read()  # type: ignore[arg-type]
    assert fault.value.code == "DATA-BAD-ROWS"


def test_a_class_that_only_later_rows_have_is_known(path: str):
    with Path(path).open("a") as file:
        file.writelines(f"{row}.5,1.5,white,yes,1.5\n" for row in range(60))
    data = Table(path=path, target="word")
    target = data.inspect(data.read()).target
    assert target is not None and target.classes == ("blue", "green", "red", "white") and target.counts[3] == 60


def test_what_needs_all_rows_at_once_gets_them(path: str):
    from pellucid.data.table_raw import TableRaw

    assert isinstance(Table(path=path, target="y", split={"kind": "stratified"}).read(), TableRaw)  # type: ignore[arg-type]


def test_new_rows_are_prepared_alike(path: str):
    data = Table(path=path, target="y", columns={"much": "drop"})
    raw = data.read()
    from pellucid.data.splitting import Hash

    loaded = data.load(raw, data.inspect(raw), Hash(), 0)
    train = loaded.dataset.train.part(0, 5)
    assert train.row_B is not None and isinstance(train.input, Rows)
    new = frame()[train.row_B.tolist()].select("a", "b", "word")
    batch = loaded.preparation.apply(data.read_new(new, loaded.signature), loaded.signature)
    assert isinstance(batch.input, Rows)
    torch.testing.assert_close(batch.input.number_BD, train.input.number_BD)
    assert torch.equal(batch.input.code_BK, train.input.code_BK)


def test_a_column_that_splits_the_rows_is_obeyed(path: str):
    from pellucid.data.table_raw import TableRaw

    table = frame().with_columns(split=pl.Series(["train", "test"]).sample(ROWS, with_replacement=True, seed=0))
    table.write_csv(path)
    assert isinstance(Table(path=path, target="y").read(), TableRaw)


def test_a_rare_class_does_not_change_how_rows_are_dealt(path: str):
    from pellucid.data.splitting import Hash, choose_split

    data = Table(path=path, target="word")
    signature = data.inspect(data.read())
    assert signature.pieces and isinstance(choose_split(signature.replace(rows=10))[0], Hash)
