"""Trainings side by side: each is what it would have been alone, and networks that do not stack go on alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from pellucid.recipe import Recipe, recipe_of
from pellucid.record import Evaluated, Step, Stopped, events_in
from pellucid.training import folder as folders
from pellucid.training import stacked
from pellucid.training.run import events
from pellucid.training.session import prepare
from pellucid.training.stacked import Member, Stack

SMALL: dict[str, Any] = {"threads": 1, "model.kind": "mlp", "model.widths": [8, 4], "precision": "float32", 
                         "method.epochs": 4, "method.batch": 16, "probes.every": 10}  # fmt: skip
MAKES = {
    "dropout": ("iris", {"model.dropout": 0.3}),
    "batch-norm": ("iris", {"model.norm": "batch", "optimizer": {"kind": "sgd"}}),
    "layer-norm and momentum": ("wine", {"model.norm": "layer", "optimizer": {"kind": "sgd", "momentum": 0.9}}),
    "numbers": (
        "diabetes",
        {"model.activation": "tanh", "optimizer.clip": 1.0, "penalties": [{"kind": "l1", "alpha": 1e-4}]},
    ),
    "categories": ("titanic", {"averaging": "ema", "method.epochs": 2}),
}


def members(folder: Path, data: str, settings: dict[str, Any], seeds: int = 3) -> list[Member]:
    made: list[Member] = []
    recipe = recipe_of(data, None, SMALL | settings)[0]
    for seed in range(seeds):
        made.append(begun(folder / str(seed), recipe.replace(seed=seed)))
    return made


def begun(folder: Path, recipe: Recipe) -> Member:
    session = prepare(recipe)
    folder.mkdir(parents=True)
    return session, folders.create(folder, session, None, "")


@pytest.fixture
def answered(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many members each step found a gradient for, negative where they went on alone; short trainings count too."""
    monkeypatch.setattr(stacked, "FEWEST", 0)
    seen: list[int] = []
    plain = Stack.answer

    def answer(self: Stack, asks: list[Any]) -> bool:
        told = plain(self, asks)
        known = sum(ask.answer is not None for ask in asks)
        seen.append(known if told else -len(asks))
        return told

    monkeypatch.setattr(Stack, "answer", answer)
    return seen


def told(folder: Path) -> tuple[list[float], list[float], list[str]]:
    """The losses of all steps, those of new rows, and the kinds of all events."""
    found = list(events_in(folder / "record.jsonl"))
    steps = [one.loss for one in found if isinstance(one, Step)]
    return steps, [one.loss for one in found if isinstance(one, Evaluated)], [type(one).__name__ for one in found]


@pytest.mark.parametrize("make", MAKES)
def test_a_member_is_what_it_would_be_alone(make: str, answered: list[int], tmp_path: Path):
    data, settings = MAKES[make]
    stacked.train(members(tmp_path / "together", data, settings))
    assert answered and set(answered) <= {0, 3} and answered.count(3) > len(answered) // 2, "they were stacked"
    for number, (session, writer) in enumerate(members(tmp_path / "alone", data, settings)):
        list(events(session, writer))
        own, alone = told(tmp_path / "together" / str(number)), told(tmp_path / "alone" / str(number))
        assert own[2] == alone[2]
        assert own[0] == pytest.approx(alone[0], rel=1e-3, abs=1e-5) and len(own[0]) > 20
        assert own[1] == pytest.approx(alone[1], rel=1e-3, abs=1e-5)


def test_rates_differ_and_one_that_breaks_leaves_the_others(answered: list[int], tmp_path: Path):
    made = members(tmp_path, "iris", {"probes.every": 0, "optimizer": {"kind": "sgd", "learning_rate": 0.05}}, 2)
    wild = made[0][0].recipe.replace(optimizer={"kind": "sgd", "learning_rate": 1e30})
    stacked.train([*made, begun(tmp_path / "2", wild)])
    assert 3 in answered and 2 in answered
    assert "Stopped" in told(tmp_path / "0")[2] and "Stopped" in told(tmp_path / "1")[2]
    assert "Stopped" not in told(tmp_path / "2")[2], "its loss was not finite"


def test_one_that_stops_early_leaves_the_others(answered: list[int], tmp_path: Path):
    made = members(tmp_path, "iris", {}, 2)
    short = made[0][0].recipe.replace(stop={"target": 10.0})
    stacked.train([*made, begun(tmp_path / "2", short)])
    ends = [
        next(one for one in events_in(tmp_path / name / "record.jsonl") if isinstance(one, Stopped)) for name in "012"
    ]
    assert ends[2].step < ends[0].step == ends[1].step and answered[-1] == 2


def test_makes_that_differ_are_trained_apart(answered: list[int], tmp_path: Path):
    made = members(tmp_path / "narrow", "iris", {}, 2) + members(tmp_path / "wide", "iris", {"model.widths": [16]}, 2)
    stacked.train(made)
    assert set(answered) <= {0, 2} and 2 in answered
    assert all("Stopped" in told(writer.folder)[2] for _, writer in made if writer.folder)


def test_what_has_no_program_goes_on_alone(answered: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from pellucid.nn.blocks import Dense

    plain = Dense.forward

    def peeks(self: Dense, x: torch.Tensor) -> torch.Tensor:
        return plain(self, x) if x.sum().item() > -1e9 else x

    monkeypatch.setattr(Dense, "forward", peeks)
    stacked.train(members(tmp_path, "iris", {}, 2))
    assert answered == [-2]
    assert all("Stopped" in told(tmp_path / name)[2] for name in "01")


def test_what_differs_together_goes_on_alone(answered: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from pellucid.nn.blocks import Dense

    plain, calls = Dense.forward, []

    def wanders(self: Dense, x: torch.Tensor) -> torch.Tensor:
        calls.append(x)
        return plain(self, x) * (1 + 0.01 * len(calls))

    monkeypatch.setattr(Dense, "forward", wanders)
    stacked.train(members(tmp_path, "iris", {}, 2))
    assert answered == [-2]


@pytest.mark.parametrize("but", [
    {"method.epochs": 4}, {"precision": "bfloat16"}, {"model.widths": [1024, 64]},
    {"method.batch": 2, "model.widths": [400, 300]},
], ids=["short", "bfloat16", "much work", "many weights"])  # fmt: skip
def test_when_it_is_worth_it(but: dict[str, Any]):
    long = SMALL | {"method.epochs": 400}
    small, other = (prepare(recipe_of("iris", None, long | changed)[0]) for changed in ({}, but))
    assert stacked.worth(small, 4) and not stacked.worth(small, 1), "one alone brings nothing"
    assert not stacked.worth(other, 4)
