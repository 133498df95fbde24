"""Rows of numbers in memory: how they are split, standardised, weighted and restored."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pellucid.data.arrays import FEWEST, ArrayPreparation, ArrayRaw, Arrays
from pellucid.data.batch import Batch
from pellucid.data.source import Loaded
from pellucid.data.splitting import Hash


def raw(count: int = 100, *, values: int = 0, weights: bool = False) -> ArrayRaw:
    """Two columns far from 0, and a constant one; classes, or `values` targets."""
    random = np.random.default_rng(0)
    x_ND = np.column_stack([random.normal(50, 7, count), random.normal(-3e6, 2e5, count), np.full(count, 4.0)])
    weight_N = random.uniform(0.1, 2, count) if weights else None
    if values:
        return ArrayRaw(x_ND, random.normal(1000, 30, (count, values)), weight_N=weight_N)
    return ArrayRaw(x_ND, (random.random(count) < 0.2).astype(np.int64), ("a", "b"), weight_N)


def load(rows: ArrayRaw, *, valid: float = 0.2, seed: int = 0) -> Loaded:
    data = Arrays(valid=valid)
    return data.load(rows, data.inspect(rows), Hash(), seed)


def tensor(batch: Batch) -> torch.Tensor:
    assert isinstance(batch.input, torch.Tensor)
    return batch.input


def test_classes_are_split_by_class() -> None:
    rows = raw(200)
    loaded = load(rows)
    train, valid = loaded.dataset.train, loaded.dataset.valid
    assert loaded.share == {"train": len(train), "valid": len(valid), "test": 0} and len(loaded.dataset.test) == 0
    assert train.target is not None and valid.target is not None and rows.target is not None
    counts = np.bincount(rows.target)
    assert torch.bincount(valid.target).tolist() == [int(0.2 * count) for count in counts]
    numbers = sorted([*train.row_B.tolist(), *valid.row_B.tolist()])
    assert numbers == list(range(200))


def test_the_split_follows_the_seed() -> None:
    one, two, other = (load(raw(), seed=seed).dataset.valid.row_B.tolist() for seed in (1, 1, 2))
    assert one == two != other


@pytest.mark.parametrize(("count", "valid"), [(FEWEST - 1, 0.2), (100, 0.0), (FEWEST, 0.001)])
def test_few_rows_are_all_learnt_from(count: int, valid: float) -> None:
    loaded = load(raw(count), valid=valid)
    assert loaded.share == {"train": count, "valid": count, "test": 0}


@pytest.mark.parametrize("weights", [False, True])
def test_the_rows_that_train_have_mean_0_and_spread_1(weights: bool) -> None:
    loaded = load(raw(weights=weights))
    x_ND, weight_N = tensor(loaded.dataset.train).double(), loaded.dataset.train.weight_B
    assert x_ND.shape[1] == 3 and (x_ND[:, 2].abs() < 1e-12).all()
    share_N = torch.ones(len(x_ND)).double() if weight_N is None else weight_N.double()
    share_N = share_N / share_N.sum()
    mean_D = (share_N[:, None] * x_ND).sum(0)
    assert torch.allclose(mean_D, torch.zeros(3).double(), atol=1e-5)
    spread_D = (share_N[:, None] * (x_ND - mean_D) ** 2).sum(0).sqrt()
    assert torch.allclose(spread_D[:2], torch.ones(2).double(), atol=1e-5)


def test_weights_of_nothing_count_as_none() -> None:
    rows = raw()
    plain = load(rows).preparation.arrays()
    empty = load(ArrayRaw(rows.x_ND, rows.target, rows.classes, np.zeros(100))).preparation.arrays()
    assert all((plain[name] == empty[name]).all() for name in plain)


def test_values_are_standardised_and_told_in_their_own_units() -> None:
    rows = raw(values=2)
    loaded = load(rows)
    scale, train = loaded.dataset.scale, loaded.dataset.train
    assert scale is not None and train.target is not None and rows.target is not None
    assert train.target.dtype == torch.float32
    assert torch.allclose(train.target.mean(0), torch.zeros(2), atol=1e-4)
    told_ND = train.target.double() * scale.scale_D + scale.mean_D
    assert np.allclose(told_ND.numpy(), rows.target[train.row_B.numpy()], rtol=1e-6)


def test_a_constant_value_is_no_division_by_zero() -> None:
    loaded = load(ArrayRaw(raw().x_ND, np.full((100, 1), 7.0)))
    assert loaded.dataset.scale is not None and loaded.dataset.scale.scale_D.tolist() == [1.0]
    assert loaded.dataset.train.target is not None and not loaded.dataset.train.target.any()


@pytest.mark.parametrize("values", [0, 2])
def test_a_preparation_comes_back_from_its_arrays(values: int) -> None:
    rows, data = raw(values=values), Arrays()
    loaded = load(rows)
    assert isinstance(loaded.preparation, ArrayPreparation)
    back = data.restore(loaded.preparation.arrays(), loaded.signature)
    assert back.names() == ["x0", "x1", "x2"] and (back.scale is None) == (values == 0)
    new = ArrayRaw(rows.x_ND[:5])
    one, two = (
        each.apply(data.read_new(new, loaded.signature), loaded.signature) for each in (loaded.preparation, back)
    )
    assert torch.equal(tensor(one), tensor(two)) and one.target is None and one.weight_B is None
    assert tensor(one).dtype == torch.float32 and torch.isfinite(tensor(one)).all()


def test_what_the_arrays_are() -> None:
    data = Arrays()
    classes, values = data.inspect(raw()), data.inspect(raw(values=2))
    assert classes.target is not None and (classes.target.kind, classes.target.classes) == ("classes", ("a", "b"))
    assert values.target is not None and (values.target.kind, values.target.names) == ("values", ("y0", "y1"))
    assert [column.name for column in classes.columns] == ["x0", "x1", "x2"] and classes.rows == 100


def test_the_fingerprint_is_of_numbers_and_targets() -> None:
    rows = raw()
    assert rows.target is not None
    again = ArrayRaw(rows.x_ND.copy(), rows.target.copy(), rows.classes)
    other = ArrayRaw(rows.x_ND, 1 - rows.target, rows.classes)
    assert rows.fingerprint == again.fingerprint
    assert len({rows.fingerprint, other.fingerprint, ArrayRaw(rows.x_ND + 1, rows.target).fingerprint}) == 3
