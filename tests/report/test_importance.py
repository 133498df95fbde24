from __future__ import annotations

import torch

from pellucid.data.batch import Batch, Rows
from pellucid.report.importance import shuffle_column


def test_the_one_informative_column_comes_first(report) -> None:
    found = report("rare")["importance"]
    rows = found["rows"]
    assert rows[0]["column"] == "signal"
    assert rows[0]["drop"] > 0.03 > max(abs(row["drop"]) for row in rows[1:])
    assert all(row["low"] <= row["drop"] <= row["high"] for row in rows)


def test_a_category_can_be_what_counts(report) -> None:
    drops = {row["column"]: row["drop"] for row in report("labels")["importance"]["rows"]}
    assert drops["code"] > drops["c"] and drops["a"] > drops["c"]


def test_images_have_a_map(report) -> None:
    found = report("digits")["importance"]
    assert found["kind"] == "patches"
    assert [len(row) for row in found["grid"]] == [7] * 7
    # the outermost column of these scans is blank in every image
    assert max(row[0] for row in found["grid"]) < max(max(row) for row in found["grid"])


def test_shuffling_moves_one_column_only() -> None:
    rows = Rows(torch.arange(6.0).reshape(3, 2), torch.tensor([[1], [2], [3]]))
    batch = Batch(rows, None)
    order = torch.tensor([2, 0, 1])
    number, code = shuffle_column(batch, 1, order).input
    assert number.tolist() == [[0, 5], [2, 1], [4, 3]] and (code == rows.code_BK).all()
    number, code = shuffle_column(batch, 2, order).input
    assert (number == rows.number_BD).all() and code.flatten().tolist() == [3, 1, 2]
    assert rows.number_BD[0].tolist() == [0, 1]
