from __future__ import annotations

from collections.abc import Callable

from pellucid.doctor.history import Fact, History, Update
from pellucid.findings import Finding

Look = Callable[[str, History], list[Finding]]


def several(**values: int) -> History:
    told: dict[str, float | int | str] = {"processes": 4, "alone": 0, "compared": 5, "differ": 0, "same": 0, **values}
    updates = [Update(step, 1.0, 0.1) for step in range(1, 33)]
    return History(facts=[Fact("replicas", 32, "", told, "train.py:30")], updates=updates, source="script")


def test_weights_of_several_processes(look: Look) -> None:
    (finding,) = look("replicas-differ", several(differ=5))
    assert finding.severity == "severe" and "weights of 4 processes" in finding.message
    assert finding.evidence["line"] == "train.py:30" and finding.cure.startswith("Wrap the network")
    (finding,) = look("replicas-differ", several(alone=1, compared=0))
    assert "none of them joined" in finding.message and "init_process_group" in finding.cure
    assert not look("replicas-differ", several())
    assert not look("replicas-differ", several(differ=3)), "they came together again: local SGD"
    assert not look("replicas-differ", several(differ=5, same=5)), "layers that are shared out see the same rows"
    assert not look("replicas-differ", several(compared=1, differ=1)), "once is too few"
    assert not look("replicas-differ", History())


def test_batches_of_several_processes(look: Look) -> None:
    (finding,) = look("same-batches", several(same=5))
    assert finding.severity == "warning" and "all 4 processes saw the same batch" in finding.message
    assert not look("same-batches", several(same=4)), "small sets repeat now and then"
    assert not look("same-batches", several(same=5, differ=5))
    assert not look("same-batches", several(compared=1, same=1))
    assert not look("same-batches", History())
