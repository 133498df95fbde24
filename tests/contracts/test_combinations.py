"""Over families, tasks and kinds of data: what goes together trains, what does not is refused with what would."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest

from pellucid.errors import RecipeError
from pellucid.families.catalogue import KINDS as FAMILIES
from pellucid.families.family import Family
from pellucid.network import bridges
from pellucid.parts import load_kind
from pellucid.record import Evaluated, Step
from pellucid.tasks.catalogue import KINDS as TASKS
from pellucid.tasks.task import Task
from pellucid.training.run import Writer, events
from pellucid.training.session import Session

Make = Callable[..., Session]

FORMS = {
    "numbers": "vector", "words": "vector", "images": "grid", "clips": "grid", "texts": "sequence",
    "stream": "sequence", "tagged": "sequence", "pairs": "sequence", "series": "sequence", "future": "sequence",
}  # fmt: skip
EVERY = frozenset({"numbers", "words", "images", "clips", "texts", "series"})
TARGETS: dict[str, frozenset[str]] = {
    "classes": EVERY,
    "binary": EVERY,
    "labels": frozenset({"numbers", "words"}),
    "values": EVERY,
    "steps": frozenset({"tagged"}),
    "next": frozenset({"stream"}),
    "sentence": frozenset({"pairs"}),
    "future": frozenset({"future"}),
    "mask": frozenset({"images"}),
    "boxes": frozenset({"images"}),
}
"""What a test can ask -> the kinds of data it can be asked of."""


def kind_of(target: str) -> str:
    """The kind of target, which knows no `binary`."""
    return "classes" if target == "binary" else target


def fits(data: str, task: str, family: str) -> bool:
    """Whether the waist leads from this data through this family to this task."""
    own, asked = load_kind(Family, family), load_kind(Task, task)
    if (family == "frames") > (data == "clips"):
        return False
    step_by_step = data == "stream" or data == "pairs"
    way_in = FORMS[data] in own.accepts or any((FORMS[data], form) in bridges.IN for form in own.accepts)
    if step_by_step:
        way_in = "sequence" in own.accepts and (data == "stream" or own.continues)
    if asked.wants == "sequence":
        if task == "embedding":  # which tells the words around a word from that word alone
            return own.positionwise
        if own.positionwise and data != "pairs" and data != "future":
            return True
        return way_in and ("sequence" in own.gives or (data == "future" and own.gives == {"vector"}))
    out = asked.wants in own.gives or any((form, asked.wants) in bridges.OUT for form in own.gives)
    return way_in and (out or (asked.wants == "vector" and "sequence" in own.gives))


ASKED = [
    (data, target, task, family)
    for data, target, task, family in product(FORMS, TARGETS, TASKS, FAMILIES)
    if data in TARGETS[target] and kind_of(target) in load_kind(Task, task).targets
]
VALID = [case for case in ASKED if fits(case[0], case[2], case[3])]
INVALID = [case for case in ASKED if case not in VALID]


@pytest.mark.parametrize(("data", "target", "task", "family"), VALID)
def test_what_goes_together_trains(data: str, target: str, task: str, family: str, make: Make):
    made = make(data, target, task=task, family=family, settings={"method": {"epochs": 2, "batch": 20}})
    happened = list(events(made, Writer(None)))
    assert sum(isinstance(event, Step) for event in happened) >= 2
    assert all(np.isfinite(event.loss) for event in happened if isinstance(event, Step | Evaluated))


@pytest.mark.parametrize(("data", "target", "task", "family"), INVALID)
def test_what_does_not_is_refused_with_the_families_that_fit(
    data: str, target: str, task: str, family: str, make: Make
):
    with pytest.raises(RecipeError) as fault:
        make(data, target, task=task, family=family)
    assert fault.value.code == "RECIPE-FIT" and fault.value.place.path == "model.kind"
    hint = fault.value.hint or ""
    if family != "frames":  # which wants clips, and names its own image family
        assert any(fits(data, task, other) and other in hint for other in FAMILIES), hint


@pytest.mark.parametrize(
    ("target", "task"),
    [pair for pair in product(TARGETS, TASKS) if kind_of(pair[0]) not in load_kind(Task, pair[1]).targets],
)
def test_a_task_for_another_target_is_refused_with_the_one_that_fits(target: str, task: str, make: Make):
    data = next(data for data in FORMS if data in TARGETS[target])
    family = {"vector": "mlp", "grid": "cnn", "sequence": "gru"}[FORMS[data]]
    with pytest.raises(RecipeError) as fault:
        make(data, target, task=task, family=family)
    assert fault.value.code == "RECIPE-FIT" and fault.value.place.path == "task"
    fitting = [kind for kind in TASKS if kind_of(target) in load_kind(Task, kind).targets]
    assert fault.value.hint is not None and f"task: {' or '.join(fitting)}" in fault.value.hint


@pytest.mark.parametrize(
    ("target", "loss", "fitting"),
    [("binary", "cross_entropy", "binary_cross_entropy"), ("classes", "mse", "cross_entropy"),
     ("values", "cross_entropy", "mse"), ("labels", "cross_entropy", "binary_cross_entropy")],
)  # fmt: skip
def test_a_loss_for_another_head_is_refused_with_the_one_that_fits(target: str, loss: str, fitting: str, make: Make):
    task = next(kind for kind in TASKS if kind_of(target) in load_kind(Task, kind).targets)
    with pytest.raises(RecipeError) as fault:
        make("numbers", target, task={"kind": task, "loss": loss}, family="mlp")
    assert fault.value.place.path == "task.loss" and fault.value.hint == f"use {fitting}"


LEARNT = [
    (target, task)
    for task in TASKS
    for target in TARGETS
    if kind_of(target) in load_kind(Task, task).targets and not (task != "classification" and target == "binary")
    if task != "embedding"  # a word has many contexts, so there is nothing to learn by heart
]


@pytest.mark.parametrize(("target", "task"), LEARNT)
def test_every_task_learns_eight_rows_by_heart(target: str, task: str, make: Make):
    learners = {"mask": ("unet", {"depth": 2, "width": 8}), "boxes": ("cnn", {"channels": [16, 32], "convolutions": 2})}
    learners |= dict.fromkeys(("steps", "next", "sentence", "future"), ("gru", {"width": 32}))
    family, model = learners.get(target, ("mlp", {}))
    data = next(data for data in FORMS if data in TARGETS[target])
    made = make(data, target, task=task, family=family, model=model)
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
