from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from pellucid.doctor.history import Fact, History
from pellucid.doctor.history import Look as Evaluation
from pellucid.findings import Finding

Look = Callable[[str, History], list[Finding]]


def prepared(mean: float, deviation: float, ratio: float | None = None, **more: int) -> History:
    """Training on standardised inputs, and evaluation on others; `ratio` of the losses."""
    learnt = [Fact("input", step, "", {"mean": 0.0, "deviation": 1.0, **more}) for step in range(3)]
    judged = Fact("judged-input", 20, "", {"mean": mean, "deviation": deviation, **more}, "train.py:40")
    looks = [] if ratio is None else [Evaluation(20, 0.5, 0.5 * ratio)] * 3
    return History(facts=[*learnt, judged], looks=looks)


@pytest.mark.parametrize(("mean", "deviation"), [(0.8, 1.0), (33.0, 78.0), (0.0, 0.3)])
def test_evaluation_that_is_prepared_in_another_way(mean: float, deviation: float, look: Look) -> None:
    (finding,) = look("serve-skew", prepared(mean, deviation, 4.0))
    assert finding.severity == "warning" and finding.evidence["line"] == "train.py:40"
    assert [one.severity for one in look("serve-skew", prepared(mean, deviation))] == ["info"]
    assert [one.severity for one in look("serve-skew", prepared(mean, deviation, 1.1))] == ["info"]


def test_evaluation_that_is_prepared_alike(look: Look) -> None:
    assert not look("serve-skew", prepared(0.2, 1.1, 4.0))
    assert not look("serve-skew", prepared(300.0, 90.0, 4.0, integer=1)), "codes of words"
    assert not look("serve-skew", History(facts=[Fact("input", 0, "", {"mean": 0.0, "deviation": 1.0})]))


def noisy(signal: float, noise: float, parts: int = 4, rows: int = 8, count: int = 4000) -> History:
    """Squares of the norms that gradients of one number have: of the first part, and of the sum of all."""
    draw = random.Random(0)
    facts = [Fact("input", 0, "", {"rows": rows})]
    for step in range(count):
        each = [signal**0.5 + draw.gauss(0, (noise / rows) ** 0.5) for _ in range(parts)]
        values: dict[str, float | int | str] = {"part": each[0] ** 2, "whole": sum(each) ** 2, "parts": parts}
        facts.append(Fact("noise", step, "", values))
    return History(facts=facts)


def test_the_noise_of_a_gradient(look: Look) -> None:
    (finding,) = look("batch-noise", noisy(4.0, 2000.0, count=8000))
    assert finding.severity == "info" and "most of each step is noise" in finding.message
    assert finding.evidence["noise_scale"] == pytest.approx(500, rel=0.3) and finding.evidence["batch"] == 32
    (finding,) = look("batch-noise", noisy(1.0, 0.5))
    assert finding.evidence["noise_scale"] == pytest.approx(0.5, rel=0.3) and "fewer rows" in finding.cure
    assert not look("batch-noise", noisy(1.0, 32.0)), "it fits"
    assert not look("batch-noise", noisy(1.0, 0.5, count=3)), "too few to tell"
    assert not look("batch-noise", noisy(0.0, 2000.0, count=50)), "nothing is known of the signal"
    rivals = noisy(1.0, 0.5)
    rivals.optimizer = {"rivals": 1.0}
    assert not look("batch-noise", rivals), "their batches are of different things"
