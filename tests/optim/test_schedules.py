"""The schedules against torch's, closed forms and score histories."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable

import pytest
import torch
from pydantic import ValidationError
from torch.optim import lr_scheduler

from pellucid.optim.optimizer import Optimizer, Schedule
from pellucid.optim.schedules import Constant, Cosine, OneCycle, Plateau, Step, Warmup
from pellucid.parts import concrete, kinds

STEPS = 200


def torch_factors(make: Callable[[torch.optim.Optimizer], lr_scheduler.LRScheduler]) -> list[float]:
    """The rates that a scheduler of torch gives from a rate of 1."""
    judge = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    schedule = make(judge)
    rates: list[float] = []
    for step in range(STEPS):
        rates.append(judge.param_groups[0]["lr"])
        judge.step()
        if step < STEPS - 1:
            schedule.step()
    return rates


def factors(part: Schedule) -> list[float]:
    return [part.factor(step, STEPS, []) for step in range(STEPS)]


def test_constant_is_one() -> None:
    assert set(factors(Constant())) == {1.0}


def test_step_equals_torch() -> None:
    assert factors(Step()) == pytest.approx(torch_factors(lambda judge: lr_scheduler.StepLR(judge, 60, 0.1)))
    assert factors(Step(every=0.1, drop=0.5)) == pytest.approx(
        torch_factors(lambda judge: lr_scheduler.StepLR(judge, 20, 0.5))
    )


def test_step_drops_at_whole_shares() -> None:
    part = Step()
    seen = [part.factor(step, 1000, []) for step in (0, 299, 300, 599, 600, 899, 900, 999)]
    assert seen == pytest.approx([1, 1, 0.1, 0.1, 0.01, 0.01, 0.001, 0.001])
    assert Step(every=0.1).factor(3, 30, []) == pytest.approx(0.1)


@pytest.mark.parametrize("final", [0.0, 0.1])
def test_cosine_equals_torch(final: float) -> None:
    theirs = torch_factors(lambda judge: lr_scheduler.CosineAnnealingLR(judge, STEPS, eta_min=final))
    assert factors(Cosine(final=final)) == pytest.approx(theirs, abs=1e-9)


def test_cosine_ends() -> None:
    part = Cosine(final=0.2)
    assert part.factor(0, 10, []) == 1.0
    assert part.factor(5, 10, []) == pytest.approx(0.6)
    assert 0.2 < part.factor(9, 10, []) < 0.25
    assert part.factor(0, 1, []) == 1.0


def test_warmup_equals_torch_and_then_follows() -> None:
    rise = torch_factors(lambda judge: lr_scheduler.LinearLR(judge, start_factor=0.1, total_iters=9))
    seen = factors(Warmup(then=Constant()))
    assert seen[:10] == pytest.approx(rise[:10])
    assert set(seen[9:]) == {1.0}
    seen = factors(Warmup(share=0.5, then=Cosine()))
    assert seen[0] == 0.01 and seen[99] == seen[100] == 1.0
    assert seen[150] == pytest.approx(0.5)


def test_warmup_without_a_rise_is_the_schedule_after_it() -> None:
    assert factors(Warmup(share=0.0)) == factors(Cosine())
    assert Warmup().factor(0, 3, []) == 1.0


def test_one_cycle_equals_torch() -> None:
    theirs = torch_factors(lambda judge: lr_scheduler.OneCycleLR(judge, 1.0, STEPS, cycle_momentum=False))
    assert factors(OneCycle(final=1 / 25 / 1e4)) == pytest.approx(theirs, abs=1e-9)


@pytest.mark.parametrize("steps", [1, 2, 3, 5, 1000])
def test_one_cycle_ends(steps: int) -> None:
    seen = [OneCycle().factor(step, steps, []) for step in range(steps)]
    assert all(1e-4 <= factor <= 1.0 for factor in seen)
    if steps > 3:
        assert seen[0] == pytest.approx(0.04)
        assert max(seen) > 0.9
        assert seen[-1] == pytest.approx(1e-4)


def history(*scores: float) -> list[tuple[int, float]]:
    return [(10 * place, score) for place, score in enumerate(scores)]


def test_plateau_counts_evaluations_without_a_better_score() -> None:
    part = Plateau(patience=2)
    assert part.factor(0, 100, []) == 1.0
    assert part.factor(40, 100, history(1.0, 0.9, 0.8, 0.7)) == 1.0
    assert part.factor(40, 100, history(0.7, 0.8, 0.8)) == 1.0
    assert part.factor(40, 100, history(0.7, 0.8, 0.8, 0.8)) == 0.1
    assert part.factor(40, 100, history(0.7, 0.8, 0.8, 0.6, 0.8, 0.8)) == 1.0
    assert part.factor(40, 100, history(0.7, *[0.8] * 6)) == pytest.approx(0.01)


def test_plateau_has_a_floor_and_reads_negative_and_broken_scores() -> None:
    assert Plateau(patience=0, least=0.05).factor(9, 10, history(*[1.0] * 9)) == 0.05
    rising = history(-0.5, -0.6, -0.7, -0.8)
    assert Plateau(patience=0).factor(9, 10, rising) == 1.0
    assert Plateau(patience=0).factor(9, 10, history(-0.5, -0.50001)) == 0.1
    assert Plateau(patience=1).factor(9, 10, history(math.nan, math.nan, 1.0)) == 0.1


def test_plateau_equals_torch() -> None:
    stream = torch.Generator().manual_seed(5)
    scores = (torch.rand(120, generator=stream) / (1 + torch.arange(120) / 30)).tolist()
    judge = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    theirs = lr_scheduler.ReduceLROnPlateau(judge, factor=0.5, patience=5, min_lr=1e-3, eps=0.0)
    part = Plateau(drop=0.5, patience=5, least=1e-3)
    for place, score in enumerate(scores):
        theirs.step(score)
        ours = part.factor(place, 120, history(*scores[: place + 1]))
        assert ours == pytest.approx(judge.param_groups[0]["lr"], rel=1e-9)
    assert part.factor(0, 120, history(*scores)) < 1


def test_schedules_read_from_text_and_refuse_the_impossible() -> None:
    for kind in kinds(Schedule):
        assert concrete(Schedule, kind).dump()["kind"] == kind
    part = concrete(Optimizer, {"kind": "sgd", "schedule": {"kind": "warmup", "then": {"kind": "step", "every": 0.5}}})
    assert part.schedule == Warmup(then=Step(every=0.5))
    for value in ({"kind": "step", "every": 0}, {"kind": "warmup", "share": 1}, {"kind": "one_cycle", "peak": 0}):
        with pytest.raises(ValidationError):
            concrete(Schedule, value)


def test_parts_of_this_room_import_no_torch() -> None:
    names = ("optimizers", "schedules", "penalties", "constraints", "averaging")
    code = "; ".join(
        ["import sys", *(f"import pellucid.optim.{name}" for name in names), "assert 'torch' not in sys.modules"]
    )
    subprocess.run([sys.executable, "-c", code], check=True)
