from __future__ import annotations

import pytest

from pellucid.doctor.checks.facts import (
    evidence,
    level,
    made_by,
    most_classes,
    named,
    number,
    numbers,
    of_losses,
    shape,
    text,
)
from pellucid.doctor.history import Fact, History, Layer, Update

FACT = Fact("loss-input", 3, "cross_entropy", {"classes": 10, "producer": "Softmax", "input_shape": "64x10"}, "a.py:7")


def test_values_may_be_missing() -> None:
    assert number(FACT, "classes") == 10.0
    assert number(FACT, "producer") is None
    assert number(FACT, "loss") is None
    assert (text(FACT, "producer"), text(FACT, "none")) == ("Softmax", "")
    assert numbers([FACT, Fact("loss-input", 4)], "classes") == [10.0]
    assert most_classes([FACT]) == 10
    assert most_classes([]) == 0


def test_shapes_are_read() -> None:
    assert shape(FACT, "input_shape") == (64, 10)
    assert shape(FACT, "target_shape") == ()


def test_names_are_few_and_different() -> None:
    assert named(["a", "b", "a", ""]) == "a, b"
    assert named(list("abcde")) == "a, b, c and 2 more"


def test_evidence_is_what_is_known_and_the_line() -> None:
    assert evidence(FACT, classes=10, loss=None) == {"classes": 10, "line": "a.py:7"}
    assert evidence(Fact("input", 0), mean=0.5) == {"mean": 0.5}


def test_losses_of_several_networks_are_kept_apart() -> None:
    facts = [Fact("loss-input", step, "mse_loss", {}, line) for step in range(2) for line in ("a.py:1", "a.py:9")]
    groups = of_losses(History(facts=[*facts, FACT]), "mse_loss")
    assert [[fact.step for fact in group] for group in groups] == [[0, 1], [0, 1]]


def test_level_is_the_mean_of_the_end() -> None:
    updates = [Update(step, loss, 0.1) for step, loss in enumerate([*[9.0] * 18, 1.0, 2.0], 1)]
    assert level(History(updates=updates)) == pytest.approx(1.5)
    assert level(History()) is None


def test_the_layer_that_made_the_answer() -> None:
    history = History(layers=[Layer("0", "Linear"), Layer("1", "Softmax"), Layer("2", "Softmax")])
    assert made_by(history, FACT) == "2"
    plain = Fact("loss-input", 3, "cross_entropy", {"producer": "Linear", "producer_layer": "0"})
    assert made_by(history, plain) == "0"
