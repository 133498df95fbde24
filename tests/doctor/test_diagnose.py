from __future__ import annotations

from dataclasses import replace

from pellucid.doctor.diagnose import diagnose
from pellucid.doctor.history import Fact, History, Layer, Update

TWICE = Fact("loss-input", 0, "cross_entropy", {"probabilities": 1.0, "classes": 10, "producer_layer": "3"})


def trained(*facts: Fact, loss: float = 2.0) -> History:
    """A training of 200 steps with a loss of classes, whose best constant answer has 2.0."""
    return History(
        layers=[Layer("3", "Softmax", "Softmax(dim=1)", "train.py:7")],
        updates=[Update(step, loss, 0.1) for step in range(1, 201)],
        facts=list(facts),
        constant=2.0,
        asked="classes",
        optimizer={"line": "train.py:9"},
        source="script",
    )


def test_the_cause_stands_before_what_it_brings_about() -> None:
    first, *others = diagnose(trained(TWICE))
    assert first.check == "softmax-twice"
    assert "predicts-the-prior" in first.explains and "predicts-the-prior" in [one.check for one in others]
    assert next(one for one in others if one.check == "predicts-the-prior").cure.startswith(
        "See to `softmax-twice` first"
    )
    assert not first.cure.startswith("See to")


def test_a_rule_that_was_broken_stands_before_what_came_of_it_later() -> None:
    sign = Fact("sign", 10, "", {"worse": 1.0, "probes": 10})
    burst = Fact("not-finite", 40, "3", {"what": "forward", "operation": "Exp"})
    assert [one.check for one in diagnose(trained(sign, burst))][:2] == ["wrong-sign", "not-finite"]
    early = replace(burst, step=3)
    assert next(one.check for one in diagnose(trained(sign, early))) == "not-finite", "it was there before"


def test_what_only_informs_comes_last() -> None:
    left = Fact("gradients-left", 2, "0.weight", {"steps": 1})
    dropped = Fact("dropout", 0, "1", {"share": 0.85})
    severities = [one.severity for one in diagnose(trained(left, dropped, loss=1.0))]
    assert severities == sorted(severities, key=["severe", "warning", "info"].index)
    assert severities[-1] == "info"


def test_symptoms_without_harm_are_silent() -> None:
    assert "predicts-the-prior" in [one.check for one in diagnose(trained())]
    assert diagnose(trained(loss=0.1)) == []


def test_a_check_can_be_silenced() -> None:
    assert "softmax-twice" not in [one.check for one in diagnose(trained(TWICE), ignore=["softmax-twice"])]


def test_a_place_has_its_line() -> None:
    assert diagnose(trained(TWICE))[0].evidence["line"] == "train.py:7", "where the layer is made"
    called = replace(TWICE, line="train.py:12")
    assert diagnose(trained(called))[0].evidence["line"] == "train.py:12", "the evidence knows better"
    assert all("line" not in one.evidence for one in diagnose(trained()) if one.check == "predicts-the-prior")


def test_an_empty_history_has_nothing_to_say() -> None:
    assert diagnose(History()) == []
