"""Scores by length."""

from __future__ import annotations

from itertools import pairwise

import torch

from pellucid.data.batch import Batch
from pellucid.forms import Steps
from pellucid.metrics.catalogue import metric
from pellucid.metrics.metric import Prediction
from pellucid.report.lengths import by_length, sequences
from pellucid.report.outcome import Outcome


def made(length_N: torch.Tensor) -> Outcome:
    """Rows that are right where they are shorter than 10."""
    longest = int(length_N.max())
    mask_NT = torch.arange(longest) < length_N[:, None]
    truth = torch.zeros(len(length_N), dtype=torch.int64)
    label = (length_N >= 10).long()
    batch = Batch(Steps(torch.zeros(len(length_N), longest, 1), mask_NT), truth)
    return Outcome("test", batch, label, Prediction(label=label), truth)


def test_groups_go_from_the_shortest_to_the_longest() -> None:
    found = by_length(made(torch.arange(1, 51).repeat(2)), metric("accuracy"))
    assert sum(one["rows"] for one in found) == 100 and len(found) == 5
    assert found[0]["low"] == 1 and found[-1]["high"] == 50
    assert [one["value"] for one in found[1:]] == [0.0] * 4 and 0.8 < found[0]["value"] < 1
    assert all(a["high"] < b["low"] for a, b in pairwise(found))


def test_rows_of_one_length_have_no_groups() -> None:
    assert by_length(made(torch.full((30,), 4)), metric("accuracy")) == []
    assert by_length(made(torch.tensor([1, 2, 3])), metric("accuracy")) == []


def test_sequences_are_told_in_words(sequence, evidence) -> None:
    told = lambda made: sequences(made.signature, made.dataset.train)  # noqa: E731 - four uses, one line
    assert "median" in told(sequence("tagged"))["length"] and "code" in told(sequence("tagged"))["vocabulary"]
    airline = told(sequence("airline"))
    assert airline["horizon"] == "12 rows" and airline["season"] == "12 rows" and airline["step"]
    assert told(evidence("iris")) == {}
