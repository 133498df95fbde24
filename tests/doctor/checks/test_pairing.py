from __future__ import annotations

import math
from typing import Any

import pytest

from pellucid.doctor.check import Check
from pellucid.doctor.history import Fact, History
from pellucid.findings import Finding
from pellucid.parts import concrete

KINDS = (
    "softmax-twice",
    "sigmoid-twice",
    "raw-likelihood",
    "squashed-output",
    "one-unit-softmax",
    "wrong-softmax-axis",
    "sees-the-future",
)


def given(function: str, **values: Any) -> list[Fact]:
    """What a loss was given in three batches."""
    return [Fact("loss-input", step, function, {"input_shape": "64x10", **values}, "train.py:8") for step in range(3)]


def look(facts: list[Fact]) -> dict[str, Finding]:
    """The findings of all these checks, by kind."""
    found = [finding for kind in KINDS for finding in concrete(Check, kind).look(History(facts=facts))]
    kinds = {finding.check: finding for finding in found}
    assert len(kinds) == len(found)
    return kinds


RAW = {"probabilities": 0.0, "least": -2.0, "largest": 2.0, "positive": 0.5, "log_sum": 3.4, "unit_interval": 0}
SOFT = {"probabilities": 1.0, "least": 0.01, "largest": 0.6, "positive": 1.0, "log_sum": 2.4, "unit_interval": 1}
LOG = {"probabilities": 0.0, "least": -5.0, "largest": -0.1, "positive": 0.0, "log_sum": 1e-7, "unit_interval": 0}


def test_softmax_twice_has_a_floor() -> None:
    last = {"producer": "Softmax", "producer_layer": "head", "softmax_dim": 1, "softmax_size": 10}
    found = look(given("cross_entropy", classes=10, **SOFT, **last))
    assert set(found) == {"softmax-twice"}
    finding = found["softmax-twice"]
    assert finding.place == "head"
    assert finding.evidence["floor"] == pytest.approx(math.log(1 + 9 / math.e))
    assert "cannot fall below 1.461 for 10 classes" in finding.message


@pytest.mark.parametrize(
    ("function", "values"),
    [
        ("cross_entropy", {**RAW, "classes": 10, "producer": "Linear"}),
        ("cross_entropy", {**LOG, "classes": 10, "producer": "LogSoftmax"}),  # a softmax leaves it as it is
        ("nll_loss", {**LOG, "classes": 10, "producer": "LogSoftmax", "softmax_dim": 1, "softmax_size": 10}),
        ("nll_loss", {**LOG, "classes": 10, "producer": "Log"}),  # log of a softmax, done right
        ("kl_div", {**LOG, "producer": "LogSoftmax"}),  # soft targets of a teacher
        ("cross_entropy", {**RAW, "classes": 10, "target_integer": 0}),
        ("binary_cross_entropy", {**SOFT, "producer": "Sigmoid"}),
        ("binary_cross_entropy_with_logits", {**RAW, "producer": "Linear"}),
        ("binary_cross_entropy_with_logits", {**SOFT, "probabilities": 0.0, "producer": "Linear"}),  # first outputs
        ("gaussian_nll_loss", {**RAW, "loss": -3.1}),  # a density may be above 1
        ("mse_loss", {**SOFT, "producer": "Sigmoid", "target_least": 0.0, "target_largest": 1.0}),
        ("mse_loss", {**RAW, "producer": "Linear", "target_least": -90.0, "target_largest": 5000.0}),
        ("mse_loss", {**RAW, "producer": "Tanh", "target_least": -1.0, "target_largest": 1.0}),  # images of a GAN
        ("mse_loss", {**RAW, "producer": "ReLU", "target_least": 0.0, "target_largest": 7.0}),
    ],
)
def test_right_pairs_are_left_alone(function: str, values: dict[str, Any]) -> None:
    assert not look(given(function, **values))


def test_one_batch_of_probabilities_is_chance() -> None:
    facts = given("cross_entropy", classes=2, **SOFT)
    facts[1].values["probabilities"] = 0.1
    assert not look(facts)


def test_sigmoid_twice() -> None:
    found = look(given("binary_cross_entropy_with_logits", **SOFT, producer="Sigmoid", producer_layer="out"))
    assert set(found) == {"sigmoid-twice"}
    assert "from 0.01 to 0.6" in found["sigmoid-twice"].message
    assert "BCELoss" in found["sigmoid-twice"].cure


def test_one_loss_of_two_may_be_wrong() -> None:
    right = [Fact("loss-input", 0, "binary_cross_entropy_with_logits", {"producer": "Linear"}, "gan.py:3")]
    wrong = [Fact("loss-input", 0, "binary_cross_entropy_with_logits", {"producer": "Sigmoid"}, "gan.py:9")]
    assert look(right + wrong)["sigmoid-twice"].evidence["line"] == "gan.py:9"
    assert not look(right)


def test_likelihood_of_raw_scores() -> None:
    found = look(given("nll_loss", **RAW, classes=10, loss=-0.4, producer="Linear"))
    assert set(found) == {"raw-likelihood"}
    assert "raw scores" in found["raw-likelihood"].message
    assert "the loss is -0.4" in found["raw-likelihood"].message
    found = look(given("nll_loss", **SOFT, classes=10, producer="Softmax"))
    assert "was given probabilities" in found["raw-likelihood"].message


@pytest.mark.parametrize(
    ("producer", "least", "largest"), [("ReLU", -3.0, 4.0), ("Sigmoid", 0.0, 30.0), ("Tanh", -8.0, 8.0)]
)
def test_targets_out_of_reach(producer: str, least: float, largest: float) -> None:
    found = look(given("mse_loss", producer=producer, target_least=least, target_largest=largest))
    assert set(found) == {"squashed-output"}
    finding = found["squashed-output"]
    assert finding.severity == "severe"
    assert f"from {least:.3g} to {largest:.3g}" in finding.message
    assert producer.lower() in finding.cure


@pytest.mark.parametrize("producer", ["ReLU", "Tanh", "Sigmoid"])
def test_raw_scores_that_were_squashed(producer: str) -> None:
    found = look(given("cross_entropy", classes=10, **{**RAW, "producer": producer}))
    assert set(found) == {"squashed-output"}
    assert found["squashed-output"].severity == "warning"


def test_softmax_over_one_unit() -> None:
    values = {"producer": "Softmax", "softmax_dim": 1, "softmax_size": 1, "producer_layer": "out"}
    for function in ("mse_loss", "binary_cross_entropy"):
        found = look(given(function, **{"input_shape": "64x1", **values}))
        assert set(found) == {"one-unit-softmax"}
        assert found["one-unit-softmax"].place == "out"
    assert "one-unit-softmax" in look(given("cross_entropy", classes=1))


def test_softmax_along_the_rows() -> None:
    found = look(given("mse_loss", producer="Softmax", softmax_dim=0, softmax_size=64, producer_layer="out"))
    assert found["wrong-softmax-axis"].severity == "severe"
    assert "dim=0" in found["wrong-softmax-axis"].message
    leak = look([Fact("leak-batch", 4, "", {"share": 1.0})])["wrong-softmax-axis"]
    assert (leak.severity, leak.confidence) == ("warning", "likely")
    assert "100% of the answers" in leak.message
    assert not look([Fact("leak-batch", 4, "", {"share": 0.0})])
    assert not look(given("mse_loss", input_shape="64", softmax_dim=0, softmax_size=64))


def test_answers_that_see_what_they_should_predict() -> None:
    found = look([Fact("leak-future", 4, "", {"share": 0.0}), Fact("leak-future", 8, "block.0", {"share": 0.4})])
    assert found["sees-the-future"].step == 8
    assert "40% of the answers" in found["sees-the-future"].message
    assert not look([Fact("leak-future", 4, "", {"share": 0.0})])
