from __future__ import annotations

from typing import Any

import pytest

from pellucid.doctor.check import Check
from pellucid.doctor.history import Fact, History, Layer, Look, Parameter, Update
from pellucid.findings import Finding
from pellucid.parts import concrete
from pellucid.record import Reading


def look(kind: str, history: History) -> list[Finding]:
    return list(concrete(Check, kind).look(history))


def severities(kind: str, history: History) -> list[str]:
    return [finding.severity for finding in look(kind, history)]


def batches(losses: list[float] | None = None, **values: Any) -> History:
    """Three looks at the input, and what became of the loss."""
    facts = [Fact("input", step, "", {"mean": 0.0, "deviation": 1.0, **values}, "train.py:5") for step in range(3)]
    updates = [Update(step, loss, 0.1) for step, loss in enumerate(losses or [], 1)]
    return History(facts=facts, updates=updates, constant=2.3)


def learns(steps: int = 300) -> list[float]:
    return [2.3 * 0.99**step for step in range(steps)]


STUCK = [2.3] * 300


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"mean": 33.0, "deviation": 78.0}, "vary by 78"),
        ({"deviation": 1e-3}, "vary by 0.001 only"),
        ({"mean": 290.0, "deviation": 10.0}, "29 times"),
        ({"spread": 1e6, "deviation": 30.0}, "factor of 1e+06"),
        ({"centre": 2000.0}, "mean of a feature is 2e+03"),
    ],
)
def test_inputs_of_another_scale(values: dict[str, float], words: str) -> None:
    (finding,) = look("input-scale", batches(STUCK, **values))
    assert (finding.severity, finding.place, finding.confidence) == ("warning", "input", "persistent")
    assert words in finding.message
    assert finding.evidence["line"] == "train.py:5"


@pytest.mark.parametrize(
    "values",
    [
        {"largest": 5.0, "least": -5.0},  # outside [-1, 1] and well
        {"mean": 0.5, "deviation": 0.29},  # pixels from 0 to 1
        {"mean": 0.1, "deviation": 0.3, "spread": 20.0, "centre": 4.4},  # one-hot columns
        {"integer": 1, "mean": 15000.0, "deviation": 9000.0},  # codes of words
        {"mean": 33.0, "deviation": 78.0, "normalised": 1},
    ],
)
def test_usual_inputs_are_left_alone(values: dict[str, float]) -> None:
    assert not look("input-scale", batches(STUCK, **values))
    assert not look("input-scale", History(facts=[Fact("input", 0, "", {"length": 30})]))


def test_a_training_that_goes_well_may_have_odd_inputs() -> None:
    assert severities("input-scale", batches(learns(), deviation=30.0)) == ["info"]
    assert severities("input-scale", batches(learns(), deviation=78.0)) == ["warning"]  # 0 to 255


def test_targets_far_from_first_outputs() -> None:
    values: dict[str, Any] = {"deviation": 0.3, "target_deviation": 1e5, "target_mean": 2e5}
    history = History(facts=[Fact("loss-input", step, "mse_loss", values) for step in range(3)])
    (finding,) = look("target-scale", history)
    assert "666667 times less" in finding.message
    near: dict[str, Any] = {"deviation": 0.3, "target_deviation": 1.0, "target_mean": 0.1}
    assert not look("target-scale", History(facts=[Fact("loss-input", 0, "mse_loss", near)]))
    assert not look("target-scale", History(facts=[Fact("loss-input", 0, "cross_entropy", values)]))
    assert not look("target-scale", History(facts=[Fact("loss-input", 0, "mse_loss", {"target_mean": 1e5})]))


def test_target_scale_waits_for_harm_unless_the_targets_are_very_far_off() -> None:
    def far(size: float, losses: list[float]) -> History:
        values: dict[str, Any] = {"deviation": 0.3, "target_deviation": size, "target_mean": 0.0}
        updates = [Update(step, loss, 0.1) for step, loss in enumerate(losses, 1)]
        return History(facts=[Fact("loss-input", 0, "mse_loss", values)], updates=updates, constant=2.3)

    assert look("target-scale", far(70.0, STUCK))
    assert not look("target-scale", far(70.0, learns()))  # a loss of 5,000 that falls is well
    assert look("target-scale", far(700.0, learns()))


def test_numbers_that_are_none() -> None:
    history = batches(not_finite=0)
    assert not look("bad-values", history)
    history.facts.append(Fact("input", 9, "", {"not_finite": 3, "row": 17}))
    (finding,) = look("bad-values", history)
    assert finding.message == "3 numbers of the input are NaN or infinite (0 is right), first in row 17 of the batch."
    assert finding.step == 9
    late = History(facts=[Fact("not-finite", 40, "net.0", {"what": "input", "batch_row": 2})])
    assert "row 2" in look("bad-values", late)[0].message
    assert not look("bad-values", History(facts=[Fact("not-finite", 40, "net.0", {"what": "forward"})]))


def predictions(**values: Any) -> History:
    steps = range(0, 400, 50)
    return History(facts=[Fact("predictions", step, "", {"classes": 2, **values}) for step in steps])


def test_a_class_that_is_never_found() -> None:
    (finding,) = look("imbalance", predictions(rarest=0.01, recall_rarest=0.0, entropy=0.0, rows=40))
    assert finding.severity == "warning"
    assert "1.00% of the rows (50% if all were equal), and 0% of them are found" in finding.message


def test_unequal_classes_may_be_told_apart() -> None:
    weighted = predictions(rarest=1 / 21, recall_rarest=0.9, entropy=1.4, rows=40)
    assert severities("imbalance", weighted) == ["info"]
    assert severities("imbalance", predictions(rarest=0.01, recall_rarest=0.0, entropy=0.0, rows=3)) == ["info"]
    assert not look("imbalance", predictions(rarest=0.3, recall_rarest=0.0, entropy=0.0))
    assert not look("imbalance", History())


def healthy(losses: list[float], gradients: tuple[float, ...] = (0.02, 0.03), update: float = 3e-3) -> History:
    """Two layers that work."""
    numbers = {f"{place}.weight": {"gradient": size, "update": update} for place, size in enumerate(gradients)}
    return History(
        layers=[Layer(str(place), "Linear") for place in range(2)],
        parameters=[Parameter(f"{place}.weight", str(place), (8, 8)) for place in range(2)],
        updates=[Update(step, loss, 0.1) for step, loss in enumerate(losses, 1)],
        readings=[Reading(step, numbers, {"0": {"dead": 0.1}}) for step in (1, 10, 100, 200)],
        constant=2.3,
    )


def test_all_works_and_nothing_is_learnt() -> None:
    (finding,) = look("labels-shuffled", healthy(STUCK))
    assert (finding.severity, finding.confidence) == ("warning", "likely")
    assert "stays at 2.3" in finding.message


def test_other_reasons_to_learn_nothing_come_first() -> None:
    assert not look("labels-shuffled", healthy(STUCK, gradients=(1e-7, 0.03)))
    assert not look("labels-shuffled", healthy(STUCK, update=1e-7))
    assert not look("labels-shuffled", healthy(STUCK, update=0.3))
    assert not look("labels-shuffled", healthy(STUCK[:150]))
    assert not look("labels-shuffled", healthy(learns()))
    history = healthy(STUCK)
    history.facts.append(Fact("cut", 3, "0", {"downstream": "1"}))
    assert not look("labels-shuffled", history)


def by_heart(held: list[float]) -> History:
    history = healthy([2.3 * 0.995**step for step in range(300)])
    history.looks = [Look(50 * place + 50, 2.3 * 0.78**place, loss) for place, loss in enumerate(held)]
    return history


def test_learnt_by_heart_and_never_better_on_new_rows() -> None:
    (finding,) = look("labels-shuffled", by_heart([2.31, 2.4, 2.6, 2.9]))
    assert "training rows are learnt" in finding.message
    assert not look("labels-shuffled", by_heart([2.1, 1.9, 2.0, 2.6]))  # it overfits, after it learnt something


def strangers(losses: list[float], **values: Any) -> History:
    told: dict[str, Any] = {"rows": 800.0, "chance": 0.12, "agree": 1.2, **values}
    history = healthy(losses, update=0.02)
    history.facts.append(Fact("neighbours", 300, "", told))
    return history


def test_rows_that_have_nothing_to_do_with_their_neighbours() -> None:
    halved = [2.3 * 0.998**step for step in range(300)]
    (finding,) = look("labels-shuffled", strangers(halved))
    assert finding.severity == "warning" and "no more often than by chance" in finding.message
    assert not look("labels-shuffled", strangers(halved, agree=7.0)), "they know something of each other"
    assert not look("labels-shuffled", strangers(halved, chance=0.99)), "nearly all rows have one label anyway"
    assert not look("labels-shuffled", strangers(halved, rows=80.0)), "too few to tell"
    assert not look("labels-shuffled", strangers(learns())), "it was learnt, by a rule perhaps"
    foretold = strangers(halved)
    foretold.looks = [Look(100, 2.0, 1.9)]
    assert not look("labels-shuffled", foretold), "new rows were foretold"


def test_grokking_comes_late() -> None:
    history = by_heart([2.31, 2.4, 2.6, 2.9])
    history.optimizer = {"kind": "AdamW", "weight_decay": 1.0}
    assert severities("labels-shuffled", history) == ["info"]


def test_one_feature_tells_all() -> None:
    history = batches(features=8)
    history.facts.append(Fact("feature-tells", 0, "feature 3", {"score": 1.0}))
    (finding,) = look("feature-tells", history)
    assert (finding.severity, finding.place) == ("warning", "feature 3")
    history.facts[-1].values["score"] = 0.995
    assert severities("feature-tells", history) == ["info"]
    history.facts[-1].values["score"] = 0.9
    assert not look("feature-tells", history)


def test_a_single_feature_may_tell_all() -> None:
    history = batches(features=1)
    history.facts.append(Fact("feature-tells", 0, "feature 0", {"score": 1.0}))
    assert severities("feature-tells", history) == ["info"]


def test_rows_on_both_sides() -> None:
    shared = Fact("overlap", 0, "", {"share": 0.25, "rows": 50})
    (finding,) = look("shared-rows", History(facts=[shared]))
    assert finding.severity == "warning"
    assert "25.0% of the validation rows (50)" in finding.message
    assert severities("shared-rows", History(facts=[Fact("overlap", 0, "", {"share": 0.005, "rows": 1})])) == ["info"]
    assert not look("shared-rows", History(facts=[Fact("overlap", 0, "", {"share": 0.0, "rows": 0})]))


def yes_or_no(losses: list[float], **values: Any) -> History:
    """One question of yes or no, of which 1 in 100 is yes, and no answer is."""
    given = {"target_mean": 0.01, "target_whole": 1.0, "positive": 0.0, "batch": 60, "input_shape": "60", **values}
    facts = [Fact("loss-input", step, "binary_cross_entropy_with_logits", dict(given)) for step in range(0, 300, 20)]
    updates = [Update(step, loss, 0.1) for step, loss in enumerate(losses, 1)]
    return History(facts=facts, updates=updates, constant=0.056, asked="binary")


def test_a_rare_yes_that_is_never_said() -> None:
    (finding,) = look("imbalance", yes_or_no([0.08] * 300))
    assert (finding.severity, finding.evidence["recall"]) == ("warning", 0.0)
    assert severities("imbalance", yes_or_no([0.08] * 300, positive=0.02)) == ["info"], "it is said often enough"
    assert not look("imbalance", yes_or_no([0.01] * 300)), "it is told apart"
    assert not look("imbalance", yes_or_no([0.08] * 300, target_whole=0.0)), "shares are no answers"
    assert not look("imbalance", yes_or_no([0.08] * 300, input_shape="60x40")), "many questions at once"


def test_standardised_targets_are_well_however_small_the_first_outputs_are() -> None:
    facts = [Fact("loss-input", 0, "mse_loss", {"deviation": 0.05, "target_deviation": 0.9, "target_mean": 0.0})]
    assert not look("target-scale", History(facts=facts))
