"""Over families, tasks and kinds of data: what goes together trains, what does not is refused with what would."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from torch import nn

from pellucid.errors import RecipeError
from pellucid.families.catalogue import KINDS as FAMILIES
from pellucid.families.family import Family
from pellucid.network import bridges
from pellucid.parts import load_kind
from pellucid.recipe import Recipe
from pellucid.record import Evaluated, Step
from pellucid.tasks.catalogue import KINDS as TASKS
from pellucid.tasks.task import Task
from pellucid.training.run import Writer, events
from pellucid.training.session import Session, prepare

ROWS, SIDE = 40, 16
TABLES, IMAGES = ("numbers", "words"), ("images", "clips")
FORMS = {"numbers": "vector", "words": "vector", "images": "grid", "clips": "grid"}
TARGETS: dict[str, frozenset[str]] = {
    "classes": frozenset({"numbers", "words", "images", "clips"}),
    "binary": frozenset({"numbers", "words", "images", "clips"}),
    "labels": frozenset({"numbers", "words"}),
    "values": frozenset({"numbers", "words", "images", "clips"}),
    "mask": frozenset({"images"}),
    "boxes": frozenset({"images"}),
}
"""What a test can ask -> the kinds of data it can be asked of."""
COLUMNS: dict[str, Any] = {"classes": "kind", "binary": "two", "labels": ["left", "right"], "values": "much"}
MODELS: dict[str, dict[str, Any]] = {
    "mlp": {},
    "cnn": {"channels": [4]},
    "lenet": {"hidden": [6]},
    "alexnet": {"width": 2, "hidden": [6]},
    "vgg": {"depth": 11, "width": 2, "hidden": [6]},
    "inception": {"width": 4},
    "resnet": {"width": 2},
    "unet": {"depth": 2, "width": 2},
    "decoder": {"width": 4, "depth": 2, "extent": [8, 8]},
    "frames": {"image": {"kind": "cnn", "channels": [4], "hidden": []}},
}
"""The smallest of each family that is quick; a new family needs its line."""


def kind_of(target: str) -> str:
    """The kind of target, which knows no `binary`."""
    return "classes" if target == "binary" else target


def table(*, words: bool = True) -> dict[str, list[Any]]:
    random = np.random.default_rng(0)
    a, b = random.normal(size=(2, ROWS))
    rows: dict[str, list[Any]] = {"a": a.tolist(), "b": b.tolist()}
    if words:
        rows["word"] = [("red", "green", "blue")[place % 3] for place in range(ROWS)]
    return rows | {
        "kind": [("x", "y", "z")[place % 3] for place in range(ROWS)],
        "two": [("no", "yes")[int(value > 0)] for value in a],
        "left": [int(value > 0) for value in a],
        "right": [int(value > 0) for value in b],
        "much": (2.5 * a + b).tolist(),
    }


def pictures(data: str, target: str) -> dict[str, Any]:
    random = np.random.default_rng(0)
    shape = (ROWS, 3, SIDE, SIDE) if data == "clips" else (ROWS, SIDE, SIDE, 3)
    rows: dict[str, Any] = {data: random.integers(0, 255, shape, dtype=np.uint8)}
    if target == "mask":
        return rows | {"masks": (rows["images"][..., 0] > 128).astype(np.uint8)}
    if target == "boxes":
        corner_N2 = random.integers(0, SIDE - 8, (ROWS, 2))
        boxes_N15 = np.concatenate([corner_N2, corner_N2 + 7, corner_N2[:, :1] % 2], axis=1)[:, None]
        return rows | {"boxes": boxes_N15.astype(np.float32), "classes": ["round", "square"]}
    labels = {"classes": [str(place % 3) for place in range(ROWS)], "binary": [str(place % 2) for place in range(ROWS)],
              "values": [place / 7 for place in range(ROWS)]}  # fmt: skip
    return rows | {"labels": labels[target]}


def session(
    data: str, target: str, *, task: str | None, family: str, epochs: int = 1, asked: Any = None, model: Any = None
) -> Session:
    model = {"kind": family, **(MODELS.get(family, {}) if model is None else model)}
    if family == "foreign":
        vectors = data in TABLES
        make = (lambda width: nn.Linear(width, 4)) if vectors else (lambda channels: nn.Conv2d(channels, 4, 3))
        model |= {"module": make, "input": "vector" if vectors else "grid"}
    written: dict[str, Any] = {
        "model": model,
        "method": {"epochs": epochs, "batch": ROWS // 2},
        "optimizer": {"kind": "adam", "learning_rate": 0.05, "schedule": "constant"},
        "threads": 1,
    }
    if asked or task:
        written["task"] = asked or task
    if data in IMAGES:
        written["data"] = {"kind": "images"}
        rows: Any = pictures(data, target)
    else:
        column = COLUMNS[target]
        used = {column} if isinstance(column, str) else set(column)
        kept = table(words=data == "words")
        rows = {name: cells for name, cells in kept.items() if name in ("a", "b", "word") or name in used}
        written["data"] = {"kind": "table", "target": column}
    recipe = Recipe.model_validate(written)
    return prepare(recipe, recipe.data.read_rows(rows))


def fits(data: str, task: str, family: str) -> bool:
    """Whether the waist leads from this data through this family to this task."""
    own, asked = load_kind(Family, family), load_kind(Task, task)
    if (family == "frames") > (data == "clips"):
        return False
    way_in = FORMS[data] in own.accepts or any((FORMS[data], form) in bridges.IN for form in own.accepts)
    out = asked.wants in own.gives or any((form, asked.wants) in bridges.OUT for form in own.gives)
    return way_in and out


ASKED = [
    (data, target, task, family)
    for data, target, task, family in product(FORMS, TARGETS, TASKS, FAMILIES)
    if data in TARGETS[target] and kind_of(target) in load_kind(Task, task).targets
]
VALID = [case for case in ASKED if fits(case[0], case[2], case[3])]
INVALID = [case for case in ASKED if case not in VALID]


@pytest.mark.parametrize(("data", "target", "task", "family"), VALID)
def test_what_goes_together_trains(data: str, target: str, task: str, family: str):
    made = session(data, target, task=task, family=family, epochs=2)
    happened = list(events(made, Writer(None)))
    assert sum(isinstance(event, Step) for event in happened) >= 2
    assert all(np.isfinite(event.loss) for event in happened if isinstance(event, Step | Evaluated))


@pytest.mark.parametrize(("data", "target", "task", "family"), INVALID)
def test_what_does_not_is_refused_with_the_families_that_fit(data: str, target: str, task: str, family: str):
    with pytest.raises(RecipeError) as fault:
        session(data, target, task=task, family=family)
    assert fault.value.code == "RECIPE-FIT" and fault.value.place.path == "model.kind"
    hint = fault.value.hint or ""
    assert any(fits(data, task, other) and other in hint for other in FAMILIES), hint


@pytest.mark.parametrize(
    ("target", "task"),
    [pair for pair in product(TARGETS, TASKS) if kind_of(pair[0]) not in load_kind(Task, pair[1]).targets],
)
def test_a_task_for_another_target_is_refused_with_the_one_that_fits(target: str, task: str):
    data, family = ("numbers", "mlp") if "numbers" in TARGETS[target] else ("images", "cnn")
    with pytest.raises(RecipeError) as fault:
        session(data, target, task=task, family=family)
    assert fault.value.code == "RECIPE-FIT" and fault.value.place.path == "task"
    fitting = [kind for kind in TASKS if kind_of(target) in load_kind(Task, kind).targets]
    assert fault.value.hint is not None and f"task: {' or '.join(fitting)}" in fault.value.hint


@pytest.mark.parametrize(
    ("target", "loss", "fitting"),
    [("binary", "cross_entropy", "binary_cross_entropy"), ("classes", "mse", "cross_entropy"),
     ("values", "cross_entropy", "mse"), ("labels", "cross_entropy", "binary_cross_entropy")],
)  # fmt: skip
def test_a_loss_for_another_head_is_refused_with_the_one_that_fits(target: str, loss: str, fitting: str):
    task = next(kind for kind in TASKS if kind_of(target) in load_kind(Task, kind).targets)
    with pytest.raises(RecipeError) as fault:
        session("numbers", target, task=None, family="mlp", asked={"kind": task, "loss": loss})
    assert fault.value.place.path == "task.loss" and fault.value.hint == f"use {fitting}"


LEARNT = [
    (target, task)
    for task in TASKS
    for target in TARGETS
    if kind_of(target) in load_kind(Task, task).targets and not (task != "classification" and target == "binary")
]


@pytest.mark.parametrize(("target", "task"), LEARNT)
def test_every_task_learns_eight_rows_by_heart(target: str, task: str):
    learners = {"mask": ("unet", {"depth": 2, "width": 8}), "boxes": ("cnn", {"channels": [16, 32], "convolutions": 2})}
    family, model = learners.get(target, ("mlp", {}))
    data = "numbers" if "numbers" in TARGETS[target] else "images"
    made = session(data, target, task=task, family=family, model=model)
    eight = made.dataset.train.part(0, 8)
    made.dataset.train = made.dataset.valid = made.dataset.test = eight
    assert made.recipe.method is not None and made.recipe.optimizer is not None
    made.recipe = made.recipe.replace(
        method=made.recipe.method.replace(epochs=300),
        optimizer=made.recipe.optimizer.replace(learning_rate=0.05 if family == "mlp" else 0.01),
        evaluate={"every": 300},
        checkpoint={"every": 300},
    )
    made.state.recipe, made.steps = made.recipe, 300
    happened = [event for event in events(made, Writer(None)) if isinstance(event, Step)]
    assert happened[-1].step == 300 and happened[-1].loss < max(1e-2, 0.05 * happened[0].loss)
