"""Labelling: by class, by token alone, by values alone, and the worst rows."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import torch

from pellucid.data.batch import Batch, Dataset
from pellucid.data.signature import Signature, Target
from pellucid.forms import Steps, Tokens, sequence
from pellucid.metrics.catalogue import metric
from pellucid.metrics.metric import Prediction
from pellucid.report import steps_html
from pellucid.report.outcome import Outcome, outcome
from pellucid.report.steps import baselines, steps_section


def test_counts_leave_out_what_is_not_judged(sequence) -> None:
    evidence = sequence("tagged")
    names = evidence.signature.target.classes
    batch = evidence.dataset.test.part(0, 2)
    width = batch.target.shape[1]
    truth = torch.full((2, width), -1)
    truth[0, :3], truth[1, :2] = torch.tensor([0, 1, 3]), torch.tensor([1, 1])
    label = torch.zeros(2, width, dtype=torch.int64)
    label[1, 0] = 1
    test = Outcome("test", batch, label, Prediction(label=label, classes=len(names), names=names), truth)
    found = steps_section(evidence, test, test)
    assert found["judged"] == 5 and [one["rows"] for one in found["by_class"]][:2] == [1, 3]
    first, second = found["by_class"][:2]
    assert (first["predicted"], first["recall"], second["recall"]) == (4, 1.0, 0.333333)
    assert [row["wrong"] for row in found["rows"]] == [2, 1] and found["confusion"][1][0] == 2
    page = steps_html.steps({"errors": found})
    assert f"said {names[0]}, true {names[1]}" in page


def test_each_token_alone_is_what_it_mostly_was(sequence) -> None:
    evidence = sequence("tagged")
    train, test = evidence.dataset.train, outcome(evidence, "test")
    assert isinstance(train.input, Tokens) and isinstance(test.batch.input, Tokens)
    counts: dict[int, Counter[int]] = {}
    for code, label in zip(train.input.code_BT.flatten().tolist(), train.target.flatten().tolist(), strict=True):
        if label >= 0:
            counts.setdefault(code, Counter())[label] += 1
    constant, token = baselines(evidence, test, test, test)
    usual = sum(counts.values(), Counter()).most_common(1)[0][0]
    assert constant.prediction.label.unique().tolist() == [usual]
    for place in range(5):
        said = token.prediction.label[place].tolist()
        for at, code in enumerate(test.batch.input.code_BT[place].tolist()):
            most = counts.get(code, Counter({usual: 1}))
            if test.truth[place, at] >= 0:
                assert most[said[at]] == max(most.values())
    assert metric("step_accuracy").measure(token.prediction, test.truth, None) > 0.8


def test_positions_of_series_are_told_by_the_nearest_values(sequence) -> None:
    x_NTD = torch.randn(40, 6, 2, generator=torch.Generator().manual_seed(0))
    truth_NT = (x_NTD[..., 0] > 0).long()
    mask_NT = torch.ones(40, 6, dtype=torch.bool)
    mask_NT[:, 5] = False
    truth_NT[:, 5] = -1
    batch = Batch(Steps(x_NTD, mask_NT), truth_NT, None, torch.arange(40))
    target = Target("steps", ("up",), ("no", "yes"), (100, 100))
    data = Dataset(batch.part(0, 30), batch.part(30, 35), batch.part(30, 40), sequence_form())
    signature = Signature("series", "", 40, "", target, length=6)
    evidence = replace(sequence("tagged"), signature=signature, dataset=data, truth=lambda batch: batch.target)
    said = torch.zeros(10, 6, dtype=torch.int64)
    test = Outcome("test", data.test, said, Prediction(label=said, classes=2, names=("no", "yes")), data.test.target)
    _, near = baselines(evidence, test, test, test)
    assert metric("step_accuracy").measure(near.prediction, test.truth, None) > 0.8
    found = steps_section(evidence, test, test)
    assert "tokens" not in found["rows"][0] and "predicted classes" in steps_html.steps({"errors": found})


def sequence_form():
    return sequence(2, 6)
