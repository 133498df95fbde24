from __future__ import annotations

from pellucid.doctor.check import Check
from pellucid.doctor.history import Fact, History, Update
from pellucid.findings import Finding
from pellucid.parts import concrete


def look(kind: str, *facts: Fact, updates: int = 0, loss: float = 1.0) -> list[Finding]:
    history = History(facts=list(facts), updates=[Update(step, loss, 0.1) for step in range(1, updates + 1)])
    return list(concrete(Check, kind).look(history))


def test_gradients_that_stay_are_one_finding() -> None:
    facts = [Fact("gradients-left", 1, f"net.{place}.weight", {"steps": 1}, "train.py:9") for place in range(4)]
    (finding,) = look("gradients-not-cleared", *facts)
    assert (finding.severity, finding.confidence, finding.step) == ("severe", "contract", 1)
    assert finding.evidence == {"parameters": 4, "steps": 1, "line": "train.py:9"}
    assert "net.0.weight, net.1.weight, net.2.weight and 1 more; 0 is right" in finding.message
    assert "optimizer.zero_grad()" in finding.cure
    assert not look("gradients-not-cleared", updates=50)  # accumulation, a GAN: no gradient stays after its own step


def test_gradients_that_are_gone_at_the_step() -> None:
    (finding,) = look("gradients-cleared-early", Fact("gradients-lost", 0, "", {"parameters": 6}))
    assert finding.evidence == {"parameters": 6}
    assert "backward()" in finding.cure


def test_a_loss_of_zero_has_no_gradients_by_right() -> None:
    fact = Fact("gradients-lost", 4, "", {"parameters": 6})
    assert not look("gradients-cleared-early", fact, updates=5, loss=0.0)
    assert look("gradients-cleared-early", fact, updates=5, loss=0.1)
    one = Fact("loss-input", 0, "mse_loss", {"softmax_size": 1})
    assert not look("gradients-cleared-early", one, fact, updates=5)


def test_training_in_evaluation_mode() -> None:
    fact = Fact("trained-in-eval", 12, "", {"module": "Dropout", "steps": 88}, "train.py:20")
    (finding,) = look("trains-in-eval", fact)
    assert finding.severity == "severe"
    assert "88 steps" in finding.message
    assert "Dropout" in finding.message
    assert "model.train()" in finding.cure


def test_frozen_batch_norm_in_fine_tuning_is_noted_only() -> None:
    norm = Fact("trained-in-eval", 0, "", {"module": "BatchNorm2d", "steps": 90})
    tuned, fresh = (Fact("frozen", 0, "body.0", {"share": 0.8, "fresh": value}) for value in (0, 1))
    assert [finding.severity for finding in look("trains-in-eval", norm, tuned)] == ["info"]
    assert [finding.severity for finding in look("trains-in-eval", norm, fresh)] == ["severe"]
    assert [finding.severity for finding in look("trains-in-eval", norm)] == ["severe"]


def test_evaluation_in_training_mode_takes_two_batches() -> None:
    many = Fact("evaluated-in-train", 50, "", {"batches": 8, "module": "BatchNorm1d"})
    (finding,) = look("evaluates-in-train", many, many)
    assert finding.evidence["batches"] == 16
    assert "model.eval()" in finding.cure
    teacher = Fact("evaluated-in-train", 50, "", {"batches": 1, "module": "BatchNorm1d"})
    assert not look("evaluates-in-train", teacher, teacher)


def test_two_answers_to_one_input() -> None:
    (finding,) = look("dropout-at-evaluation", Fact("random-eval", 30, "net.2", {"difference": 0.31}))
    assert finding.place == "net.2"
    assert "0.31 (0 is right)" in finding.message
    assert not look("dropout-at-evaluation", Fact("random-eval", 30, "", {"difference": 1e-8}))


def test_batch_norm_over_few_rows() -> None:
    facts = [Fact("batch-norm-small", 9, f"net.{place}", {"batch": 2}) for place in (1, 4)]
    (finding,) = look("batch-norm-small", *facts)
    assert finding.place == "net.1"
    assert finding.evidence == {"batch": 2.0}
    assert "GroupNorm" in finding.cure
    assert not look("batch-norm-small", Fact("batch-norm-small", 9, "net.1", {"batch": 32}))


def test_rows_in_the_order_of_their_labels() -> None:
    (finding,) = look("sorted-batches", Fact("label-order", 20, "", {"repeat": 8.5, "batches": 20}))
    assert "8.5 times" in finding.message
    assert "shuffle=True" in finding.cure
    assert not look("sorted-batches", Fact("label-order", 20, "", {"repeat": 1.2, "batches": 20}))
    assert not look("sorted-batches", Fact("label-order", 20))
    chance = Fact("label-order", 20, "", {"repeat": 8.5, "share": 0.0003, "batches": 20})
    assert not look("sorted-batches", chance), "two classes in small batches reach such a ratio when shuffled"


def test_batches_of_one_class_each() -> None:
    def found(*labels: int, constant: float | None = 2.3) -> list[Finding]:
        facts = [
            Fact("loss-input", step, "cross_entropy", {"batch": 32, "target_distinct": 1, "target_least": label})
            for step, label in enumerate(labels)
        ]
        check = concrete(Check, "sorted-batches")
        return list(check.look(History(facts=facts, constant=constant)))

    (finding,) = found(0, 0, 4)
    assert "rows of one class only" in finding.message
    assert not found(3, 3, 3), "there may be only one class so far"
    assert not found(0, 1, 0, constant=None), "each of several losses may be for one class"


def test_memory_that_grows() -> None:
    (finding,) = look("memory-grows", Fact("memory", 400, "", {"growth": 12.0, "steps": 400}))
    assert "12 times in 400 steps" in finding.message
    assert "loss.item()" in finding.cure
    assert not look("memory-grows", Fact("memory", 400, "", {"growth": 1.4, "steps": 400}))
