from __future__ import annotations

from typing import Any

import pytest

from pellucid.doctor.check import Check
from pellucid.doctor.history import Fact, History, Update
from pellucid.findings import Finding
from pellucid.parts import concrete


def given(function: str, **values: Any) -> History:
    return History(facts=[Fact("loss-input", 0, function, values, "train.py:8")])


def look(kind: str, history: History) -> list[Finding]:
    return list(concrete(Check, kind).look(history))


def shapes(output: str, target: str) -> History:
    return given("mse_loss", input_shape=output, target_shape=target, broadcast=1)


@pytest.mark.parametrize(("output", "target"), [("64x1", "64"), ("64", "64x1"), ("8x1x3", "8x3")])
def test_every_answer_with_every_target(output: str, target: str) -> None:
    (finding,) = look("broadcast-loss", shapes(output, target))
    assert finding.severity == "severe"
    assert f"shape {output} and targets of shape {target} (equal" in finding.message
    assert finding.evidence["line"] == "train.py:8"


def test_pairs_are_counted() -> None:
    (finding,) = look("broadcast-loss", shapes("64x1", "64"))
    assert finding.evidence["pairs"] == 4096
    assert "compares 64x64 pairs" in finding.message


@pytest.mark.parametrize(("output", "target"), [("64x1", "1"), ("64x10", "10"), ("64x10", "64x1"), ("64", "1")])
def test_one_target_for_many_answers_is_meant(output: str, target: str) -> None:
    assert not look("broadcast-loss", shapes(output, target))


def test_equal_shapes_are_right() -> None:
    assert not look("broadcast-loss", given("mse_loss", input_shape="64x1", target_shape="64x1", broadcast=0))


def test_several_classes_a_row_are_no_question_for_cross_entropy() -> None:
    several = {"classes": 10, "target_integer": 0, "target_distinct": 2, "target_mean": 0.23}
    (finding,) = look("wrong-loss", given("cross_entropy", **several))
    assert finding.severity == "warning"
    assert "2.3 classes a row" in finding.message
    assert "BCEWithLogitsLoss" in finding.cure
    assert not look("wrong-loss", given("cross_entropy", **{**several, "target_mean": 0.1}))  # one-hot
    assert not look("wrong-loss", given("cross_entropy", **{**several, "target_distinct": 640, "target_mean": 0.1}))
    assert not look("wrong-loss", given("cross_entropy", classes=10, target_integer=1, target_mean=4.4))


def test_codes_as_values_are_noted() -> None:
    codes = {"target_integer": 0, "target_whole": 1, "target_distinct": 10, "target_least": 0.0}
    assert [finding.severity for finding in look("wrong-loss", given("mse_loss", **codes))] == ["info"]
    assert not look("wrong-loss", given("mse_loss", **{**codes, "target_whole": 0}))
    assert not look("wrong-loss", given("mse_loss", **{**codes, "target_distinct": 300}))


def test_a_sum_over_the_batch_hurts_only_a_sick_training() -> None:
    history = given("cross_entropy", reduction="sum", batch=512)
    (finding,) = look("summed-loss", history)
    assert finding.severity == "info"
    assert "512 times" in finding.message
    history.updates = [Update(step, 9.0 if step < 50 else float("nan"), 0.1) for step in range(1, 60)]
    (finding,) = look("summed-loss", history)
    assert finding.severity == "warning"
    assert not look("summed-loss", given("cross_entropy", reduction="mean", batch=512))
    assert not look("summed-loss", given("cross_entropy", reduction="sum", batch=1))


def test_padding_in_the_loss() -> None:
    (finding,) = look("padding-counted", History(facts=[Fact("padding-counted", 0, "", {"share": 0.6})]))
    assert (finding.severity, finding.confidence) == ("warning", "contract")
    assert "60% of the positions" in finding.message
    assert "ignore_index" in finding.cure


def test_row_ends_that_look_like_padding_are_noted() -> None:
    (finding,) = look("padding-counted", given("cross_entropy", padded=0.5, ignored=0.0))
    assert finding.severity == "info"
    assert not look("padding-counted", given("cross_entropy", padded=0.5, ignored=0.5))
    assert not look("padding-counted", given("cross_entropy", padded=0.05, ignored=0.0))  # an end mark each


def test_shapes_in_a_loss_that_is_written_by_hand() -> None:
    fact = Fact("stretched", 0, "", {"input_shape": "32x1", "made_shape": "32x32"}, "train.py:9")
    (finding,) = look("broadcast-loss", History(facts=[fact]))
    assert "shape 32x1 and compares 32x32 pairs" in finding.message
    assert finding.evidence == {"pairs": 1024, "rows": 32, "line": "train.py:9"}
