from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch

from pellucid import jobs
from pellucid.doctor import verify
from pellucid.doctor.history import History, Look, Update
from pellucid.doctor.treatments.steps import LowerRate
from pellucid.doctor.verify import Arm, judge, sign_flip
from pellucid.findings import Finding
from pellucid.recipe import recipe_of
from pellucid.training import checkpoint, stacked
from pellucid.training.layout import read_identity

torch.set_num_threads(1)
ILL = Finding("diverges", "severe", "It is ill.", step=3)
BAD, GOOD = [2.0, 2.1, 1.9, 2.05, 1.95], [0.5, 0.6, 0.4, 0.55, 0.45]


def arms(losses: list[float], *checks: str, valid: float = 1.0, start: float = 2.3, **more: Any) -> tuple[Arm, ...]:
    return tuple(Arm(seed, loss, valid, checks, start, **more) for seed, loss in enumerate(losses))


@pytest.mark.parametrize(
    ("control", "cure", "word", "why"),
    [
        (arms(BAD, "diverges"), arms(GOOD), "verified", "falls from 2 to 0.5"),
        (arms(BAD[:3], "diverges"), arms(GOOD[:3]), "likely", "in 3 pairs"),
        (arms(BAD[:2], "diverges"), arms(GOOD[:2]), "not cured", "luck does this 25%"),
        (arms(BAD, "diverges"), arms(GOOD, "diverges"), "not cured", "still there in 5 of 5"),
        (arms(BAD, "diverges"), arms(BAD), "not cured", "not lower in enough pairs"),
        (arms(BAD, "diverges"), arms([loss - 0.02 for loss in BAD]), "not cured", "within the noise"),
        (arms(BAD, "diverges"), arms(GOOD, valid=1.2), "not cured", "validation loss is worse"),
        (arms(BAD, "diverges"), arms(GOOD, "dead-units"), "not cured", "a new finding: dead-units"),
        (arms(BAD, "diverges"), arms(GOOD, "overfits"), "verified", ""),
        (arms(BAD, "diverges", "dead-units"), arms(GOOD, "dead-units"), "verified", ""),
        (arms(BAD), arms(GOOD), "not cured", "does not come back without"),
    ],
)  # fmt: skip
def test_each_reason_to_believe_a_cure_or_not(control: tuple[Arm, ...], cure: tuple[Arm, ...], word: str, why: str):
    found, luck, said = judge(ILL, control, cure)
    assert (found, why in said) == (word, True), said
    assert 0 < luck <= 1


def test_four_of_five_must_be_rid_of_the_finding():
    cure = arms(GOOD)
    assert judge(ILL, arms(BAD, "diverges"), (*cure[:4], arms(GOOD, "diverges")[4]))[0] == "verified"
    assert judge(ILL, arms(BAD, "diverges"), (*cure[:3], *arms(GOOD, "diverges")[3:]))[0] == "not cured"


def test_losses_without_end_do_not_drown_the_others():
    control = (*arms([math.inf, 1e25], "diverges"), *arms(BAD, "diverges")[2:])
    assert judge(ILL, control, arms(GOOD))[:2] == ("verified", 1 / 32)
    assert judge(ILL, arms([math.inf] * 5, "diverges"), arms(GOOD))[0] == "verified"
    assert judge(ILL, arms([math.inf] * 5, "diverges"), arms([math.inf] * 5))[0] == "not cured"


def test_losses_of_many_sizes_are_compared_by_factors():
    wild, tamed = [1.3e6, 1.2e5, 2.2e6, 4e5, 9e5], [0.6, 0.2, 0.2, 0.3, 0.5]
    control = arms(wild, "diverges", start=3e6)
    found, luck, said = judge(ILL, control, arms(tamed, start=3e6))
    assert (found, luck) == ("verified", 1 / 32), said
    halved = [one / 2 for one in wild]
    assert "within the noise" in judge(ILL, control, arms(halved, start=3e6))[2], "they differ by more than that anyway"
    assert judge(ILL, control, arms(wild[::-1], start=3e6))[0] == "not cured"


def test_what_only_informs_is_gone_when_it_is_not_said_any_more():
    light = Finding("optimizer-settings", "info", "It is odd.")
    odd = ("optimizer-settings",)
    assert judge(light, arms(BAD, informs=odd), arms(GOOD, informs=odd))[0] == "not cured"
    assert judge(light, arms(BAD, informs=odd), arms(GOOD))[0] == "verified"


def test_what_is_wrong_with_new_rows_is_judged_by_new_rows():
    assert verify.judged_by(Finding("overfits", "warning", "")) == "validation loss"
    assert verify.judged_by(Finding("dropout-at-evaluation", "warning", "")) == "validation loss"
    assert verify.judged_by(ILL) == "training loss"
    late = Finding("overfits", "warning", "It is ill.")
    control = tuple(Arm(seed, 0.1, 2.0 + seed / 100, ("overfits",), 2.3) for seed in range(5))
    cure = tuple(Arm(seed, 0.3, 1.0 + seed / 100, (), 2.3) for seed in range(5))
    assert judge(late, control, cure)[0] == "verified"
    blind = [tuple(Arm(seed, 0.1, math.inf, checks) for seed in range(5)) for checks in (("overfits",), ())]
    assert "no validation loss" in judge(late, *blind)[2]


def test_the_sign_flip_test_is_exact():
    assert sign_flip([1.0] * 5) == 1 / 32 and sign_flip([1.0] * 3) == 1 / 8
    assert sign_flip([0.0] * 4) == 1.0 and sign_flip([-1.0] * 3) == 1.0
    assert sign_flip([3.0, 2.0, -1.0]) == 2 / 8


def test_an_arm_is_read_from_a_history():
    told = History(updates=[Update(1, 2.0, 0.1), Update(2, 1.0, 0.1)], looks=[Look(2, 1.0, 1.5)])
    found = [Finding("diverges", "severe", ""), Finding("unused", "info", ""), Finding("diverges", "warning", "")]
    one = verify.arm(7, told, found)
    assert (one.seed, one.valid, one.checks, one.start, one.informs) == (7, 1.5, ("diverges",), 2.0, ("unused",))
    assert 1.0 < one.loss < 2.0
    broken = verify.arm(7, History(updates=[Update(1, math.nan, 0.1)], looks=[Look(1, 1.0, 1.0)]), [])
    assert broken.loss == broken.valid == math.inf
    assert verify.arm(7, History(), []).loss == math.inf


def test_a_verdict_shows_both_arms():
    told = verify.verdict(LowerRate(), [("optimizer.learning_rate", 5.0, 0.5)], ILL, arms(BAD, "diverges"), arms(GOOD))
    assert told.as_json()["word"] == "verified" and told.as_json()["cure"][0]["loss"] == 0.5
    lines = verify.said(told).splitlines()
    assert lines[0] == "lower_rate: optimizer.learning_rate: 5 -> 0.5"
    assert lines[2] == "  seed 0: training loss 2 -> 0.5" and "verified" in lines[-1] and "3.1%" in lines[-1]
    assert verify.changed([("rate factor", None, 0.1), ("seed", 0, 1)]) == "rate factor: 0.1, seed: 0 -> 1"
    assert verify.changed([("less", None, None)]) == "less"
    assert verify.time_of(40) == "40 s" and verify.time_of(300) == "5 min"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that keeps the checkpoint of its first epoch beside the last."""
    settings = {"threads": 1, "precision": "float32", "model.kind": "mlp", "model.widths": [4], "model.dropout": 0.2,
                "method.epochs": 3, "method.batch": 40, "checkpoint.every": 3, "optimizer.clip": 1.0}  # fmt: skip
    folder = tmp_path_factory.mktemp("runs") / "one"
    jobs.train(recipe_of("iris", None, settings)[0], run=folder, report=False)
    return folder


def lines(folder: Path) -> list[bytes]:
    return (folder / "record.jsonl").read_bytes().splitlines()


def test_the_first_arm_is_the_run_and_the_others_are_not(run: Path, tmp_path: Path):
    recipe, raw = locked(run)
    first, second = verify.arms([verify.Side(recipe, tmp_path)], raw, 2)
    assert [first.seed, second.seed] == [recipe.seed, recipe.seed + 1] and first.loss != second.loss
    assert read_identity(tmp_path / "1")["recipe"] != read_identity(tmp_path / "0")["recipe"]
    steps = [line for line in lines(tmp_path / "0") if b'"event":"step"' in line]
    assert steps == [line for line in lines(run) if b'"event":"step"' in line]


def test_arms_go_on_from_a_checkpoint(run: Path, tmp_path: Path):
    recipe, raw = locked(run)
    start = checkpoint.committed(run)[0]
    step = int(start.name)
    list(verify.arms([verify.Side(recipe, tmp_path, start)], raw, 2))
    for number in ("0", "1"):
        before = next(line for line in lines(run) if b'"step":%d,' % step in line)
        place = lines(run).index(before) + 1
        assert lines(tmp_path / number)[:place] == lines(run)[:place], "the record begins with what the run was"
    own, other = (
        [line for line in lines(tmp_path / number) if b'"event":"step"' in line][step:] for number in ("0", "1")
    )
    assert own == [line for line in lines(run) if b'"event":"step"' in line][step:], "the run's own seed repeats it"
    assert own != other and len(own) == len(other), "another seed draws other rows"


def test_an_arm_that_breaks_is_the_worst_there_is(run: Path, tmp_path: Path):
    recipe, raw = locked(run)
    assert recipe.optimizer is not None
    wild = recipe.replace(optimizer={"kind": "sgd", "learning_rate": 1e30})
    (one,) = verify.arms([verify.Side(wild, tmp_path)], raw, 1)
    assert one.loss == one.valid == math.inf and one.checks


def test_arms_of_small_networks_are_trained_side_by_side(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    recipe, raw = locked(run)
    sides = [[verify.Side(recipe, tmp_path / how / "as it was"),
              verify.Side(recipe.replace(optimizer={"kind": "sgd", "learning_rate": 0.1}), tmp_path / how / "changed")]
             for how in ("alone", "together")]  # fmt: skip
    said: list[str] = []
    alone = list(verify.arms(sides[0], raw, 2, said.append))
    monkeypatch.setattr(stacked, "FEWEST", 0)
    together = list(verify.arms(sides[1], raw, 2, said.append))
    assert said == ["  4 trainings side by side"]
    assert [one.seed for one in together] == [one.seed for one in alone] and alone[0].loss != alone[2].loss
    assert [one.loss for one in together] == pytest.approx([one.loss for one in alone], rel=1e-4)
    assert [one.checks for one in together] == [one.checks for one in alone]


def locked(run: Path) -> tuple[Any, Any]:
    from pellucid.documents import read_file
    from pellucid.recipe import read_recipe

    recipe = read_recipe(read_file(run / "recipe.lock.yaml"))
    return recipe, recipe.data.read()
