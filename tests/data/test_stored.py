"""Rows in a file: every epoch draws each of them once, in an order of its own that is a function of the position."""

from __future__ import annotations

from itertools import chain

import numpy as np
import pytest
import torch

from pellucid.data import stored
from pellucid.data.batch import Batch, Dataset
from pellucid.data.stored import Records, Stored
from pellucid.forms import vector
from pellucid.methods.supervised import Shuffled

COUNT = 53


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> Stored:
    monkeypatch.setattr(stored, "BLOCK", 4)
    monkeypatch.setattr(stored, "POOL", 3)
    number_N = np.arange(COUNT)

    def opened(kept_N: np.ndarray) -> Batch:
        own = torch.from_numpy(kept_N)
        return Batch(own[:, None].float(), own % 3, row_B=own)

    return Stored(COUNT, lambda start, stop: number_N[start:stop], opened)


def drawn(rows: Stored, epoch: int, size: int, start: int = 0) -> list[list[int]]:
    batches = list(rows.shuffled(7, epoch, size, start))
    assert all(torch.equal(batch.input[:, 0].long(), batch.row_B) for batch in batches)  # type: ignore[call-overload]
    return [batch.row_B.tolist() for batch in batches if batch.row_B is not None]


@pytest.mark.parametrize("size", [1, 4, 5, 12, 13, 26, 40, 52, 53, 99])
def test_an_epoch_draws_every_row_once_in_batches_of_one_size(rows: Stored, size: int):
    batches = drawn(rows, 0, size)
    assert sorted(chain.from_iterable(batches)) == list(range(COUNT))
    alone = COUNT % size == 1 < size  # one row that is left joins the batch before
    assert {len(batch) for batch in batches[:-1]} <= {size} and len(batches) == -(-COUNT // size) - alone
    assert len(batches) == Shuffled(Dataset(rows, rows, rows, vector(1)), size, 0).steps_per_epoch


def test_every_epoch_has_an_order_of_its_own_and_always_the_same(rows: Stored):
    assert drawn(rows, 0, 8) == drawn(rows, 0, 8) != drawn(rows, 1, 8)
    assert list(chain.from_iterable(drawn(rows, 0, 8))) != list(range(COUNT))


@pytest.mark.parametrize("size", [1, 5, 12, 13, 17, 52])
def test_an_epoch_goes_on_from_any_batch(rows: Stored, size: int):
    whole = drawn(rows, 2, size)
    for start in range(len(whole)):
        assert drawn(rows, 2, size, start) == whole[start:]


def test_parts_rows_and_samples(rows: Stored):
    assert len(rows) == COUNT and rows.part(50, 99).row_B is not None
    assert rows.take(torch.tensor([9, 2])).input[:, 0].tolist() == [9.0, 2.0]  # type: ignore[call-overload]
    assert len(rows.take(torch.tensor([], dtype=torch.int64))) == 0 and len(rows.sample()) == COUNT
    rows.judged = 12
    sample = rows.sample().row_B
    assert sample is not None and len(sample) == 12 and sample[0] == 0 and sample[-1] == COUNT - 1


def test_classes_weigh_as_they_should(rows: Stored):
    rows.weight_C = torch.tensor([1.0, 2.0, 4.0])
    part = rows.part(0, 4)
    assert part.weight_B is not None and part.weight_B.tolist() == [1.0, 2.0, 4.0, 1.0]


def test_records_come_back_while_more_are_added():
    records = Records(np.dtype([("x", np.float32, (2,)), ("row", np.int64)]))
    for row in range(5):
        records.append(np.array([([row, -row], row)], records.dtype))
        assert records.read(row, row + 1)["x"].tolist() == [[row, -row]]
    assert records.read(1, 4)["row"].tolist() == [1, 2, 3] and records.count == 5
