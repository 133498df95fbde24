from __future__ import annotations

from dataclasses import replace

import torch

from pellucid.data.batch import Batch, Rows
from pellucid.forms import Steps
from pellucid.report.importance import importance, shuffle_column
from pellucid.report.outcome import outcome


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


def test_the_one_channel_that_counts_comes_first(sequence) -> None:
    evidence = sequence("vowels")
    classes = len(evidence.signature.target.classes)

    def forward(batch: Batch) -> torch.Tensor:
        # the class is what the fourth channel says of it: the truth, told by its sign
        assert isinstance(batch.input, Steps)
        told = (batch.input.x_BTD[:, 0, 3] > 0).long()
        return torch.nn.functional.one_hot(told, classes).float()

    test = evidence.dataset.test
    assert isinstance(test.input, Steps)
    marked = replace(test, target=(test.input.x_BTD[:, 0, 3] > 0).long())
    data = replace(evidence.dataset, test=marked)
    found = importance(sample := replace(evidence, forward=forward, dataset=data), outcome(sample, "test"))
    assert found is not None and found["base"] == 1.0
    assert found["rows"][0]["column"] == evidence.signature.clock.channels[3]
    assert found["rows"][0]["drop"] > 0.1 > 0 == max(row["drop"] for row in found["rows"][1:])


def test_sound_has_no_channels_to_shuffle(sequence) -> None:
    evidence = sequence("vowels")
    sound = replace(evidence, signature=evidence.signature.replace(kind="audio"))
    assert importance(sound, outcome(sound, "test")) is None
