"""The six splits: shares, stability under new rows, groups, time, and that equal rows stay together."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.data.signature import Column, Signature, Target
from pellucid.data.split import Split
from pellucid.data.splitting import ByColumn, ByFiles, ByGroup, ByTime, Facts, Hash, Stratified, choose_split, positions
from pellucid.errors import DataError
from pellucid.parts import concrete


def hashes(rows: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 2**63, rows).astype(np.uint64)


def cells(values: list[str | None]) -> Callable[[str], np.ndarray]:
    return lambda name: np.array(values, object)


def test_positions_are_uniform_and_pinned() -> None:
    found = positions(hashes(20_000), 3)
    assert abs(found.mean() - 0.5) < 0.01 and 0 <= found.min() and found.max() < 1
    assert np.histogram(found, 10, (0, 1))[0].std() < 100
    # Pinned: a seed must split the same way in every version.
    assert positions(np.array([7], np.uint64), 0).tolist() == [PINNED]


PINNED = 0.9472025397536917


@pytest.mark.parametrize("split", [Hash(), Stratified()])
def test_shares_seeds_and_order(split: Split) -> None:
    row_N = hashes(4000)
    class_N = (row_N % np.uint64(3) == 0).astype(np.int64)
    part_N = split.assign(Facts(row_N, class_N), 1)
    assert np.allclose(np.bincount(part_N) / 4000, [0.7, 0.15, 0.15], atol=0.02)
    assert (part_N == split.assign(Facts(row_N, class_N), 1)).all()
    assert (part_N != split.assign(Facts(row_N, class_N), 2)).mean() > 0.3
    order = np.argsort(row_N)
    assert (split.assign(Facts(row_N[order], class_N[order]), 1) == part_N[order]).all()


def test_new_rows_move_no_old_ones_under_hash() -> None:
    row_N = hashes(3000)
    assert (Hash().assign(Facts(row_N), 5)[:2000] == Hash().assign(Facts(row_N[:2000]), 5)).all()


def test_stratified_is_exact_in_every_class() -> None:
    class_N = np.repeat([0, 1, 2], [1000, 100, 7])
    part_N = Stratified().assign(Facts(hashes(1107), class_N), 0)
    counts = [np.bincount(part_N[class_N == code], minlength=3).tolist() for code in range(3)]
    assert counts == [[700, 150, 150], [70, 15, 15], [5, 1, 1]]


def test_a_class_of_two_rows_stays_in_train() -> None:
    part_N = Stratified().assign(Facts(hashes(102), np.repeat([0, 1], [100, 2])), 0)
    assert part_N[100:].tolist() == [0, 0]


@given(
    st.lists(st.integers(0, 12), min_size=1, max_size=60), st.integers(0, 1000), st.floats(0, 0.4), st.floats(0, 0.4)
)
@settings(max_examples=150, deadline=None)
def test_equal_rows_share_a_part_and_train_is_never_empty(
    rows: list[int], seed: int, valid: float, test: float
) -> None:
    row_N = np.array(rows, np.uint64)
    class_N = (row_N % np.uint64(2)).astype(np.int64)
    for split in (Hash(valid=valid, test=test), Stratified(valid=valid, test=test)):
        part_N = split.assign(Facts(row_N, class_N), seed)
        for value in set(rows):
            assert len(set(part_N[row_N == value].tolist())) == 1
    for code in set(class_N.tolist()):
        assert (part_N[class_N == code] == 0).any()


def test_groups_stay_whole() -> None:
    names = [f"p{row % 20}" for row in range(1000)]
    part_N = ByGroup(column="patient").assign(Facts(hashes(1000), text=cells([*names])), 0)
    assert all(len(set(part_N[np.array(names) == name].tolist())) == 1 for name in set(names))
    assert np.bincount(part_N).tolist() == [700, 150, 150]


def test_too_few_groups_and_blanks_are_refused() -> None:
    with pytest.raises(DataError, match="2 groups; 3 are needed"):
        ByGroup(column="p").assign(Facts(hashes(10), text=cells(["a", "b"] * 5)), 0)
    with pytest.raises(DataError, match="1 blank cells"):
        ByGroup(column="p").assign(Facts(hashes(4), text=cells(["a", None, "b", "c"])), 0)


def test_the_latest_judge_and_a_moment_is_not_cut() -> None:
    when_N = np.random.default_rng(0).integers(0, 30, 200).astype(float)
    part_N = ByTime(column="day").assign(Facts(hashes(200), number=lambda name: when_N), 0)
    assert when_N[part_N == 0].max() < when_N[part_N == 1].min()
    assert when_N[part_N == 1].max() < when_N[part_N == 2].min()
    assert 30 <= (part_N == 2).sum() <= 30 + np.bincount(when_N.astype(int)).max()


def test_a_column_may_say_it_in_many_words() -> None:
    said: list[str | None] = ["train", "Training", "VAL", "dev", "test", "testing"]
    facts = Facts(hashes(6), text=cells(said))
    assert ByColumn(column="split").assign(facts, 0).tolist() == [0, 0, 1, 1, 2, 2]
    with pytest.raises(DataError, match='"holdout" is not train'):
        ByColumn(column="split").assign(Facts(hashes(2), text=cells(["train", "holdout"])), 0)


def test_a_part_that_nobody_named_is_drawn_from_train() -> None:
    said: list[str | None] = ["train"] * 400 + ["test"] * 100
    part_N = ByColumn(column="split").assign(Facts(hashes(500), text=cells(said)), 0)
    assert (part_N[400:] == 2).all() and 40 <= (part_N == 1).sum() <= 80
    file_N = np.repeat(np.array([0, 2], np.uint8), [400, 100])
    part_N = ByFiles(test="t.csv").assign(Facts(hashes(500), file_N=file_N), 0)
    assert (part_N[400:] == 2).all() and 40 <= (part_N == 1).sum() <= 80 and not (part_N[:400] == 2).any()


def test_splits_are_read_by_kind() -> None:
    assert concrete(Split, {"kind": "by_time", "column": "day"}) == ByTime(column="day")
    assert concrete(Split, {"valid": 0.1}) == Hash(valid=0.1)


def signature(rows: int, counts: tuple[int, ...] = (), role: str = "input") -> Signature:
    classes = tuple(map(str, range(len(counts))))
    target = Target("classes", ("y",), classes, counts) if counts else Target("values", ("y",))
    return Signature("table", "x", rows, "", target, (Column("c", "number", role, ""),))  # type: ignore[arg-type]


def test_the_split_is_chosen_with_a_reason() -> None:
    assert choose_split(signature(10_000, (5000, 5000)))[0] == Hash()
    assert choose_split(signature(10_000, (9800, 200)))[0] == Stratified()
    assert choose_split(signature(10_000))[0] == Hash()
    assert choose_split(signature(100))[0] == Stratified()
    for role, kind in (("group", "by_group"), ("time", "by_time"), ("split", "by_column")):
        split, why = choose_split(signature(10_000, (5000, 5000), role))
        assert split.dump()["kind"] == kind and why
