"""Over families, tasks and kinds of data: what goes together trains, what does not is refused with what would."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from torch import nn

from pellucid.errors import RecipeError
from pellucid.families.catalogue import KINDS as FAMILIES
from pellucid.recipe import Recipe
from pellucid.record import Evaluated, Step
from pellucid.tasks.catalogue import KINDS as TASKS
from pellucid.training.run import Writer, events
from pellucid.training.session import Session, prepare

ROWS = 40
TARGETS: dict[str, tuple[str, Any]] = {
    "classes": ("classification", "kind"),
    "binary": ("classification", "two"),
    "labels": ("multilabel", ["left", "right"]),
    "values": ("regression", "much"),
}


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


def session(data: str, target: str, *, task: str | None, family: str | None, epochs: int = 1, **more: Any) -> Session:
    column = TARGETS[target][1]
    used = {column} if isinstance(column, str) else set(column)
    model: dict[str, Any] = {"kind": family} if family else {"kind": "mlp"}
    if family == "foreign":
        model |= {"module": lambda width: nn.Linear(width, 4)}
    if family == "cnn":
        model |= {"channels": [4]}
    written: dict[str, Any] = {
        "model": model,
        "method": {"epochs": epochs, "batch": ROWS // 2},
        "optimizer": {"kind": "adam", "learning_rate": 0.05, "schedule": "constant"},
        "threads": 1,
        **more,
    }
    if task:
        written["task"] = task
    if data == "images":
        random = np.random.default_rng(0)
        labels = {"classes": [place % 3 for place in range(ROWS)], "binary": [place % 2 for place in range(ROWS)],
                  "values": [place / 7 for place in range(ROWS)]}[target]  # fmt: skip
        written["data"] = {"kind": "images"}
        rows: Any = (random.integers(0, 255, (ROWS, 8, 8), dtype=np.uint8), labels)
    else:
        kept = table(words=data == "words")
        rows = {name: cells for name, cells in kept.items() if name in ("a", "b", "word") or name in used}
        written["data"] = {"kind": "table", "target": column}
    recipe = Recipe.model_validate(written)
    return prepare(recipe, recipe.data.read_rows(rows))


DATA = ("numbers", "words", "images")
VALID = [
    (data, target, family)
    for data, target, family in product(DATA, TARGETS, FAMILIES)
    if not (data == "images" and target == "labels") and (data == "images" or family != "cnn")
]


@pytest.mark.parametrize(("data", "target", "family"), VALID)
def test_what_goes_together_trains(data: str, target: str, family: str):
    made = session(data, target, task=TARGETS[target][0], family=family, epochs=2)
    happened = list(events(made, Writer(None)))
    assert sum(isinstance(event, Step) for event in happened) >= 2
    assert all(np.isfinite(event.loss) for event in happened if isinstance(event, Step | Evaluated))


@pytest.mark.parametrize(
    ("target", "task"), [pair for pair in product(TARGETS, TASKS) if TARGETS[pair[0]][0] != pair[1]]
)
def test_a_task_for_another_target_is_refused_with_the_one_that_fits(target: str, task: str):
    with pytest.raises(RecipeError) as fault:
        session("numbers", target, task=task, family="mlp")
    assert fault.value.code == "RECIPE-FIT" and fault.value.place.path == "task"
    assert fault.value.hint is not None and f"task: {TARGETS[target][0]}" in fault.value.hint


@pytest.mark.parametrize("data", ["numbers", "words"])
def test_a_family_for_another_form_is_refused_with_those_that_fit(data: str):
    with pytest.raises(RecipeError) as fault:
        session(data, "classes", task=None, family="cnn")
    assert fault.value.code == "RECIPE-FIT" and fault.value.hint is not None and "mlp" in fault.value.hint


@pytest.mark.parametrize(
    ("target", "loss", "fitting"),
    [("binary", "cross_entropy", "binary_cross_entropy"), ("classes", "mse", "cross_entropy"),
     ("values", "cross_entropy", "mse"), ("labels", "cross_entropy", "binary_cross_entropy")],
)  # fmt: skip
def test_a_loss_for_another_head_is_refused_with_the_one_that_fits(target: str, loss: str, fitting: str):
    with pytest.raises(RecipeError) as fault:
        made: Any = {"kind": TARGETS[target][0], "loss": loss}
        session("numbers", target, task=made, family="mlp")
    assert fault.value.place.path == "task.loss" and fault.value.hint == f"use {fitting}"


@pytest.mark.parametrize("target", TARGETS)
def test_every_task_learns_eight_rows_by_heart(target: str):
    made = session("numbers", target, task=TARGETS[target][0], family="mlp", epochs=1)
    eight = made.dataset.train.part(0, 8)
    made.dataset.train = made.dataset.valid = made.dataset.test = eight
    assert made.recipe.method is not None and made.recipe.task is not None
    made.recipe = made.recipe.replace(
        method=made.recipe.method.replace(epochs=300), evaluate={"every": 300}, checkpoint={"every": 300}
    )
    made.state.recipe, made.steps = made.recipe, 300
    last = [event for event in events(made, Writer(None)) if isinstance(event, Step)][-1]
    assert last.step == 300 and last.loss < 1e-2
