"""The preparation: fitted on train only, exact after a round trip, sane on cells it never saw."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from pellucid.data.batch import Rows
from pellucid.data.prepare import date_parts, fit
from pellucid.data.signature import Signature, from_json
from pellucid.data.table import Table
from pellucid.data.table_raw import TableRaw
from pellucid.errors import ArtifactError

TABLE = Table(target="y")
DATA: dict[str, list[Any]] = {
    "n": [1.0, 2.0, None, 3.0, 6.0, 4.0] * 10,
    "b": ["yes", "no", "yes", None, "yes", "yes"] * 10,
    "d": ["2024-01-01", "2024-07-01", "2024-03-05", "2023-01-01", "2022-05-05", "2021-11-11"] * 10,
    "c": ["u", "v", None, "u", "w", "u"] * 10,
    "y": ["p", "q", "p", "p", "q", "q"] * 10,
}


def seen(data: dict[str, list[Any]], table: Table = TABLE) -> tuple[TableRaw, Signature]:
    raw = table.from_frame(data)
    return raw, table.inspect(raw)


def test_numbers_worked_by_hand() -> None:
    raw, signature = seen(DATA)
    made, signature = fit(raw, signature)
    batch = made.apply(raw, signature)
    assert isinstance(batch.input, Rows) and batch.target is not None
    filled = np.array([1, 2, 3, 3, 6, 4.0])
    want = (filled - filled.mean()) / filled.std()
    assert np.allclose(batch.input.number_BD[:6, 0], want, atol=1e-6)
    assert batch.input.number_BD[:6, 1].tolist() == [1, 0, 1, 1, 1, 1]
    assert made.names()[2:7] == [
        f"d {part}" for part in ("year", "month (sine)", "month (cosine)", "weekday (sine)", "weekday (cosine)")
    ]
    assert made.names()[7:] == ["n is missing", "b is missing", "c"]
    assert batch.input.number_BD[:6, 7].tolist() == [0, 0, 1, 0, 0, 0]
    assert batch.input.number_BD[:6, 8].tolist() == [0, 0, 0, 1, 0, 0]
    assert batch.input.code_BK[:6, 0].tolist() == [1, 2, 4, 1, 3, 1]
    assert made.categories == (5,) and made.width == 9
    assert batch.target[:6].tolist() == [0, 1, 0, 0, 1, 1]
    assert batch.row_B is not None and batch.row_B.tolist() == list(range(60))


def test_the_weekday_and_the_year() -> None:
    monday = np.array([1704067200.0])  # 2024-01-01
    parts = date_parts(monday)[0]
    assert abs(parts[0] - 2024) < 0.003 and np.allclose(parts[3:], [0, 1], atol=1e-9)


def test_a_round_trip_is_exact() -> None:
    raw, signature = seen(DATA)
    made, signature = fit(raw, signature)
    again = TABLE.restore(made.arrays(), from_json(signature.as_json()))
    one, other = made.apply(raw, signature).input, again.apply(raw, from_json(signature.as_json())).input
    assert isinstance(one, Rows) and isinstance(other, Rows)
    assert torch.equal(one.number_BD, other.number_BD) and torch.equal(one.code_BK, other.code_BK)
    assert again.names() == made.names()


@pytest.mark.parametrize("name", ["number.mean", "category.size", "number.indicated"])
def test_arrays_of_another_table_are_refused(name: str) -> None:
    raw, signature = seen(DATA)
    made, signature = fit(raw, signature)
    arrays = made.arrays()
    with pytest.raises(ArtifactError):
        TABLE.restore({**arrays, name: arrays[name][:-1]}, signature)
    with pytest.raises(ArtifactError):
        TABLE.restore({key: array for key, array in arrays.items() if key != name}, signature)


def test_nothing_outside_train_is_fitted() -> None:
    raw, signature = seen({**DATA, "c": [*DATA["c"][:58], "x", "x"], "n": [*DATA["n"][:58], 1e9, 1e9]})
    train = np.arange(60) < 58
    made, fitted = fit(raw.take(train), signature)
    raw_again, signature_again = seen({**DATA, "c": [*DATA["c"][:58], "z", "z"], "n": [*DATA["n"][:58], -5.0, 7.0]})
    made_again, _ = fit(raw_again.take(train), signature_again)
    assert all((made.arrays()[name] == array).all() for name, array in made_again.arrays().items())
    batch = made.apply(raw, fitted)
    assert isinstance(batch.input, Rows) and batch.input.code_BK[58:, 0].tolist() == [0, 0]


def test_values_are_standardised_and_come_back() -> None:
    raw, signature = seen({"x": [row / 7 for row in range(60)], "y": [100.0 + row * 2.5 for row in range(60)]})
    made, signature = fit(raw, signature)
    batch = made.apply(raw, signature)
    assert batch.target is not None and made.scale is not None
    assert isinstance(batch.input, torch.Tensor) and batch.input.shape == (60, 1)
    assert abs(float(batch.target.mean())) < 1e-6
    back = batch.target.double() * made.scale.scale_D + made.scale.mean_D
    assert torch.allclose(back[:, 0], torch.arange(60).double() * 2.5 + 100, atol=1e-4)


def test_huge_constant_and_far_numbers_stay_finite() -> None:
    data = {"h": [1e300, -1e300, 5.0] * 20, "k": [7.0] * 59 + [None], "y": ["p", "q"] * 30}
    raw, signature = seen(data)
    made, signature = fit(raw, signature)
    new = TABLE.read_new({"h": [1e300, None], "k": [1e300, None]}, signature)
    for rows in (raw, new):
        signal = made.apply(rows, signature).input
        assert isinstance(signal, torch.Tensor) and bool(torch.isfinite(signal).all())


def test_rare_categories_are_unknown() -> None:
    raw, signature = seen({"c": ["a"] * 30 + ["b"] * 29 + ["only once"], "y": ["p", "q"] * 30})
    made, signature = fit(raw, signature)
    assert signature.columns[0].categories == ("a", "b") and made.categories == (3,)
    batch = made.apply(raw, signature)
    assert isinstance(batch.input, Rows) and int(batch.input.code_BK[59, 0]) == 0
    assert batch.input.number_BD.shape == (60, 0)


def test_numbers_as_categories_survive_becoming_floats() -> None:
    table = Table(target="y", columns={"c": "category"})
    raw, signature = seen({"c": [1, 2, 3] * 20, "y": ["p", "q"] * 30}, table)
    made, signature = fit(raw, signature)
    new = table.read_new({"c": ["2.0", "3", None]}, signature)
    signal = made.apply(new, signature).input
    assert isinstance(signal, Rows) and signal.code_BK[:, 0].tolist() == [2, 3, 0]


def test_weights_come_along() -> None:
    table = Table(target="y", columns={"w": "weight"})
    raw, signature = seen(
        {"x": [row / 7 for row in range(60)], "w": [row % 3 for row in range(60)], "y": ["p", "q"] * 30}, table
    )
    made, signature = fit(raw, signature)
    weight_B = made.apply(raw, signature).weight_B
    assert weight_B is not None and weight_B[:4].tolist() == [0, 1, 2, 0]
    assert made.names() == ["x"]
