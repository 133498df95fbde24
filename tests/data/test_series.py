"""The Part that ties series together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from pydantic import ValidationError

from pellucid.data.series import Series
from pellucid.data.series_raw import extended
from pellucid.data.signature import from_json
from pellucid.data.source import Data, Loaded
from pellucid.data.splitting import ByTime, choose_split
from pellucid.errors import DataError, SchemaError
from pellucid.forms import Paired, Steps
from pellucid.parts import concrete

ROWS = 240


def frame(rows: int = ROWS, *, seed: int = 0) -> dict[str, list[Any]]:
    """Days with a week in them, a channel, and a column known ahead."""
    random = np.random.default_rng(seed)
    at = np.arange(rows)
    days = np.datetime64("2024-01-01") + at
    value = 10 + np.sin(2 * np.pi * at / 7) + 0.01 * at + 0.1 * random.normal(size=rows)
    return {
        "day": [str(day) for day in days],
        "y": value.tolist(),
        "x": random.normal(size=rows).tolist(),
        "holiday": (at % 5 == 0).astype(int).tolist(),
    }


def loaded(series: Series, rows: Any, seed: int = 0) -> tuple[Any, Loaded]:
    raw = series.read_rows(rows)
    signature = series.inspect(raw)
    split = series.split or choose_split(signature)[0]
    return raw, series.load(raw, signature, split, seed)


HOURS = [f"2024-01-{1 + at // 24:02} {at % 24:02}:00" for at in range(30)]
SERIES = Series(target="y", horizon=5, known=("holiday",))


def test_a_forecast_is_prepared_from_a_frame() -> None:
    raw, found = loaded(SERIES, frame())
    clock = found.signature.clock
    assert clock is not None and (clock.time, clock.step, clock.season, clock.window) == ("day", "1 day", 7, 14)
    assert clock.channels == ("y", "x", "holiday") and clock.known == ("holiday",)
    assert found.signature.target is not None and found.signature.target.kind == "future"
    assert from_json(found.signature.as_json()) == found.signature
    assert found.dataset.form.extent == (14,) and found.dataset.form.context is not None
    assert {name: value for name, (value, _) in found.chosen.items()} == {"window": 14, "season": 7, "stride": 1}
    test, valid, train = found.dataset.test, found.dataset.valid, found.dataset.train
    assert test.row_B is not None and valid.row_B is not None and train.row_B is not None
    assert test.row_B.tolist() == list(range(192, ROWS - 4))
    assert valid.row_B.min() == 173 and valid.row_B.max() == 192 - 5
    assert train.row_B.min() == 14 and train.row_B.max() == 173 - 5
    assert isinstance(test.input, Paired) and isinstance(test.input.context, Steps)
    assert test.input.context.x_BTD.shape == (44, 5, found.dataset.form.context.width)
    assert raw.names_of_rows(found.signature) == {}


@pytest.mark.row("H7")
@pytest.mark.parametrize("gaps", ["error", "interpolate"])
def test_no_value_of_a_later_part_reaches_an_earlier_one(gaps: str) -> None:
    series = SERIES.replace(gaps=gaps)
    plain, changed = frame(), frame()
    for name in ("y", "x"):
        changed[name] = [*plain[name][:192], *(1e3 * np.random.default_rng(1).normal(size=48) + 99).tolist()]
    if gaps == "interpolate":
        for rows in (plain, changed):
            rows["y"] = [None if at in (100, 172, 191) else value for at, value in enumerate(rows["y"])]
    one, other = (loaded(series, rows)[1].dataset for rows in (plain, changed))
    for part in ("train", "valid"):
        batches = [dataset.part(part) for dataset in (one, other)]
        for first, second in zip(*(_tensors(batch) for batch in batches), strict=True):
            assert torch.equal(first, second)
    assert not torch.equal(_tensors(one.test)[0], _tensors(other.test)[0])


def test_what_is_known_ahead_alone_is_read_of_the_future() -> None:
    """Nothing of the rows behind an origin but the columns known ahead stands in its window."""
    rows, changed = frame(), frame()
    for name in ("y", "x"):
        changed[name] = [*rows[name][:-5], *([0.0] * 5)]
    one, other = (loaded(SERIES, found)[1].dataset.test for found in (rows, changed))
    last = [_tensors(batch.part(len(batch) - 1, len(batch))) for batch in (one, other)]
    assert all(torch.equal(first, second) for first, second in zip(*last, strict=True) if first is not last[0][-1])
    assert one.target is not None and other.target is not None and not torch.equal(one.target[-1], other.target[-1])


def _tensors(batch: Any) -> list[torch.Tensor]:
    """The inputs, the base and the unit of a batch, and its targets where it trains."""
    source, context = batch.input
    return [source.x_BTD, context.x_BTD, *batch.relative]


def test_what_comes_after_the_last_row_is_forecast() -> None:
    series = SERIES.replace(known=())
    raw, found = loaded(series, frame())
    last = series.beyond(raw, found.signature)
    assert last.rows == 14 and last.stamps_from(int(last.origins[0]), 2) == ["2024-08-28", "2024-08-29"]
    batch = found.preparation.apply(last, found.signature)
    assert batch.target is None and len(batch) == 1
    new = series.read_new(pl.DataFrame(frame()), found.signature)
    assert all(
        torch.equal(a, b)
        for a, b in zip(_tensors(batch), _tensors(found.preparation.apply(new, found.signature)), strict=True)
    )
    longer = extended(last, np.full((1, 5, 1), 3.0))
    again = found.preparation.apply(longer, found.signature)
    assert again.row_B is not None and longer.stamps_from(int(again.row_B[0]), 1) == ["2024-09-02"]


def test_rows_to_come_say_what_is_known_ahead() -> None:
    raw, found = loaded(SERIES, frame())
    with pytest.raises(SchemaError, match='column "holiday" is known ahead'):
        found.preparation.apply(SERIES.beyond(raw, found.signature), found.signature)
    rows = frame(ROWS + 5)
    for name in ("y", "x"):
        rows[name] = [*rows[name][:ROWS], *([None] * 5)]
    new = SERIES.read_new(rows, found.signature)
    assert new.past_S.tolist() == [14] and len(found.preparation.apply(new, found.signature)) == 1
    assert [finding.check for finding in new.findings] == ["rows-to-come"]
    with_them, again = loaded(SERIES, rows)
    assert again.share == found.share
    assert len(again.preparation.apply(SERIES.beyond(with_them, again.signature), again.signature)) == 1


def test_a_few_weekdays_are_enough_for_a_model_of_weekdays() -> None:
    days = [str(day) for day in np.arange("2024-01-01", "2024-06-01", dtype="datetime64[D]") if np.is_busday(day)]
    rows = {"day": days, "y": np.sin(np.arange(len(days)) * 2 * np.pi / 5).tolist()}
    series = Series(target="y", horizon=2, window=3, season=2)
    _, found = loaded(series, rows)
    assert found.signature.clock is not None and found.signature.clock.step == "1 weekday"
    new = series.read_new({"day": ["2024-01-04", "2024-01-05", "2024-01-08"], "y": [1, 2, 3]}, found.signature)
    assert new.stamps_from(int(new.origins[0]), 5)[-2:] == ["2024-01-12", "2024-01-15"]


def test_labelled_rows_are_forecast_from_every_row() -> None:
    _, found = loaded(SERIES, frame())
    new = SERIES.read_new(frame(40, seed=2), found.signature, labelled=True)
    batch = found.preparation.apply(new, found.signature)
    assert len(batch) == 40 - 14 - 5 + 1 and batch.target is not None and batch.target.shape == (22, 5, 1)


@pytest.mark.parametrize(
    ("rows", "code", "message"),
    [
        ({"y": [1, 2, 3], "x": [1, 2, 3], "holiday": [0, 0, 0]}, "SCHEMA-MISSING", 'column "day" is missing'),
        ({**frame(30), "y": None}, "SCHEMA-MISSING", 'column "y" is missing'),
        ({**frame(30), "X": frame(30)["x"], "x": None}, "SCHEMA-MISSING", 'column "x" is missing'),
        (frame(10), "SCHEMA-TYPE", "there are 10 rows, and 14 are needed: the model reads a window of 14 rows"),
        ({**frame(30), "day": HOURS}, "SCHEMA-TYPE", "rows are 1 hour apart, and the model learnt from rows 1 day"),
        ({**frame(30), "y": ["?", *frame(29)["y"]]}, "DATA-GAP", 'row 1: column "y": the cell is blank'),
        ({**frame(30), "x": ["high", *frame(29)["x"]]}, "DATA-CSV-TYPE", 'row 1: column "x": "high" is not a number'),
        ({**frame(30), "day": ["2024-01-01", *frame(29)["day"]]}, "DATA-TIME", "two rows for"),
    ],
)  # fmt: skip
def test_new_series_that_do_not_fit_are_refused(rows: dict[str, Any], code: str, message: str) -> None:
    _, found = loaded(SERIES, frame())
    with pytest.raises(SchemaError) as fault:
        SERIES.read_new({name: cells for name, cells in rows.items() if cells is not None}, found.signature)
    assert fault.value.code == code and message in str(fault.value)


def test_several_series_are_forecast_by_one_network() -> None:
    one, other = frame(), frame(seed=3)
    rows = {name: [*one[name], *other[name]] for name in one} | {"shop": ["a"] * ROWS + ["b"] * ROWS}
    rows["y"] = [*one["y"], *(1000 * np.array(other["y"])).tolist()]
    series = Series(target="y", horizon=5, series="shop", window=14)
    raw, found = loaded(series, rows)
    alone = loaded(Series(target="y", horizon=5, window=14), one)[1]
    assert found.share == {part: 2 * count for part, count in alone.share.items()}
    assert series.beyond(raw, found.signature).series == ("a", "b")
    unit_BD = found.dataset.train.relative
    assert unit_BD is not None
    half = len(found.dataset.train) // 2
    assert 300 < unit_BD[1][half:].mean() / unit_BD[1][:half].mean() < 3000
    wide = Series(wide="series", horizon=5, window=14, channels=("y", "x"))
    raw, found = loaded(wide, one)
    assert raw.series == ("y", "x") and found.signature.target is not None
    assert wide.read_new(one, found.signature).series == ("y", "x")


def test_whole_series_are_classified_from_memory_and_from_a_table(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    values = [random.normal(size=(int(random.integers(4, 9)), 2)) + at % 2 for at in range(40)]
    labels = ["up" if at % 2 else "down" for at in range(40)]
    series = Series(target="way")
    raw, found = loaded(series, (values, labels))
    assert found.signature.target is not None and found.signature.target.classes == ("down", "up")
    assert found.dataset.form.extent == (8,) and not found.dataset.form.even and sum(found.share.values()) == 40
    lines = [
        f"{at},{step},{row[0]},{row[1]},{labels[at]}"
        for at, value in enumerate(values)
        for step, row in enumerate(value)
    ]
    path = tmp_path / "way.csv"
    path.write_text("who,time,a,b,way\n" + "\n".join(lines), encoding="utf-8")
    table = Series(path=str(path), target="way", series="who")
    raw = table.read()
    signature = table.inspect(raw)
    again = table.load(raw, signature, choose_split(signature)[0], 0)
    assert again.share == found.share and raw.names_of_rows(signature) == {"who": [str(at) for at in range(40)]}
    assert isinstance(again.dataset.train.input, Steps) and isinstance(found.dataset.train.input, Steps)
    assert torch.allclose(again.dataset.train.input.x_BTD, found.dataset.train.input.x_BTD)
    new = series.read_new(values[:3], found.signature)
    batch = found.preparation.apply(new, found.signature)
    assert len(batch) == 3 and batch.target is None
    assert table.read_new(str(path), signature, labelled=True).rows == 40
    with pytest.raises(SchemaError, match="the series have 1 channels, and the model learnt from 2"):
        series.read_new([[1.0, 2.0]], found.signature)


@pytest.mark.parametrize(
    ("name", "answers", "share"),
    [
        ("airline", "future", {"train": 62, "valid": 7, "test": 18}),
        ("sunspots", "future", {"train": 1964, "valid": 227, "test": 602}),
        ("japanese_vowels", "classes", {"train": 225, "valid": 45, "test": 370}),
        ("adding10", "values", {"train": 4000, "valid": 500, "test": 1000}),
    ],
)
def test_a_named_set_loads_by_its_name(name: str, answers: str, share: dict[str, int]) -> None:
    series = concrete(Data, name)
    assert isinstance(series, Series)
    raw = series.read()
    signature = series.inspect(raw)
    assert signature.target is not None and signature.target.kind == answers and signature.notes["licence"]
    found = series.load(raw, signature, choose_split(signature)[0], 0)
    assert found.share == share and from_json(found.signature.as_json()) == found.signature
    assert ("season" in found.chosen) == (answers == "future")


def test_a_recipe_says_it_in_a_few_words(tmp_path: Path) -> None:
    path = str(tmp_path / "a.csv")
    series = concrete(Data, {"path": path, "target": "y", "horizon": 5, "known": ["holiday"]})
    assert series == Series(path=path, target="y", horizon=5, known=("holiday",))
    assert concrete(Data, series.dump()) == series
    with pytest.raises(ValidationError, match="a column is named twice"):
        concrete(Data, {"path": path, "horizon": 5, "known": ["a", "a"]})
    with pytest.raises(DataError, match=r"data\.path is missing"):
        Series().read()
    with pytest.raises(DataError, match="series leave no rows out"):
        concrete(Data, {"path": path, "horizon": 5, "on_bad_row": {"skip": 0.1}}).read()


def test_a_random_split_is_refused_before_anything_is_learnt() -> None:
    series = Series(target="y", horizon=5, split=ByTime(valid=0.1, test=0.3))
    assert loaded(series, frame())[1].share["test"] == 72 - 4
    with pytest.raises(DataError, match="the future would leak into training with stratified"):
        loaded(series.replace(split={"kind": "stratified"}), frame())


def test_the_same_seed_gives_the_same_windows() -> None:
    one, other = (loaded(SERIES, frame(), seed)[1].dataset for seed in (0, 1))
    assert all(torch.equal(a, b) for a, b in zip(_tensors(one.train), _tensors(other.train), strict=True))
    restored = SERIES.restore(loaded(SERIES, frame())[1].preparation.arrays(), loaded(SERIES, frame())[1].signature)
    assert restored.names() == loaded(SERIES, frame())[1].preparation.names()
