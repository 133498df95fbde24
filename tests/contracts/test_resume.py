"""Over all families and tasks: a run that is stopped and resumed ends with the bits of one that was not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from pellucid.families.catalogue import KINDS as FAMILIES
from pellucid.families.family import Family
from pellucid.nn.noise import Noisy
from pellucid.parts import load_kind
from pellucid.record import Event, Step
from pellucid.tasks.catalogue import KINDS as TASKS
from pellucid.training import checkpoint
from pellucid.training.run import Writer, events
from pellucid.training.session import Session

Make = Callable[..., Session]

STOP = 5
"""The step after which a run is stopped: within the second epoch, after one evaluation."""
ASKED = {
    "classification": [("words", "binary", "mlp")],
    "multilabel": [("words", "labels", "mlp")],
    "regression": [("words", "values", "mlp"), ("images", "values", "cnn")],
    "segmentation": [("images", "mask", "unet"), ("images", "mask", "resnet")],
    "detection": [("images", "boxes", "cnn"), ("images", "boxes", "resnet")],
    "verification": [("images", "classes", "cnn")],
    "labelling": [("tagged", "steps", "gru")],
    "language": [("stream", "next", "lstm"), ("stream", "next", "tcn")],
    "embedding": [("stream", "next", "mlp")],
    "translation": [("pairs", "sentence", "gru")],
    "forecasting": [("future", "future", "lstm"), ("future", "future", "mlp")],
}
"""Task -> data, target and family to try it with."""
UNUSED = {("cnn", "detection"), ("mlp", "embedding")}
"""Family and task where dropout is in layers that the task has no use for."""


def data_of(kind: str) -> list[str]:
    """The kinds of data whose Form a family takes."""
    if kind == "frames":
        return ["clips"]
    return [
        {"vector": "words", "grid": "images", "sequence": "texts"}[form]
        for form in sorted(load_kind(Family, kind).accepts)
    ]


CASES = [(data, "classes", "classification", family) for family in FAMILIES for data in data_of(family)] + [
    (data, target, task, family) for task in TASKS for data, target, family in ASKED[task]
]
"""Every family once for each Form, every task where it has an answer of its own."""


def settings(data: str, target: str, task: str) -> dict[str, Any]:
    """What draws, remembers and chooses: augmentation, momentum, a schedule that reads the scores, the best weights."""
    augment: list[Any] = [{"kind": "noise"}] if data in ("words", "images", "clips") else []
    if data in ("images", "clips"):
        augment += [{"kind": "rotate"}, {"kind": "shift"}, {"kind": "erase"}]
        if target in ("classes", "binary", "values") and task != "verification":
            augment.append({"kind": "mixup"})
    return {
        "data": {"augment": augment},
        "method": {"epochs": 4, "batch": 8},
        "optimizer": {"kind": "adam", "learning_rate": 0.01, "schedule": {"kind": "plateau", "patience": 0}},
        "evaluate": {"every": 4},
        "precision": "float32",
    }


def tensors(session: Session) -> dict[str, torch.Tensor]:
    """Every tensor of a training: weights, statistics, state of the optimizer."""
    return session.state.network.state_dict() | session.state.tensors()


@pytest.mark.parametrize(("data", "target", "task", "family"), CASES)
def test_a_resumed_run_ends_with_the_same_bits(
    data: str, target: str, task: str, family: str, make: Make, tmp_path: Path
):
    def fresh() -> Session:
        return make(data, target, task=task, family=family, dropout=0.3, settings=settings(data, target, task))

    whole = list(events(session := fresh(), Writer(None)))
    stopped = fresh()
    stream, seen = events(stopped, Writer(None)), list[Event]()
    while not (seen and isinstance(seen[-1], Step) and seen[-1].step == STOP):
        seen.append(next(stream))
    assert 0 < stopped.state.batch < stopped.per_epoch and stopped.state.scores and session.steps > STOP + 4
    checkpoint.commit(tmp_path, stopped.state, {"record": 0})
    resumed = fresh()
    path, _ = checkpoint.newest(tmp_path)
    assert path is not None
    checkpoint.restore(path, resumed.state)
    assert seen + list(events(resumed, Writer(None))) == whole
    assert resumed.state.numbers() == session.state.numbers()
    one, two = tensors(session), tensors(resumed)
    assert [name for name in one.keys() | two.keys() if not torch.equal(one[name], two[name])] == []
    if (family, task) not in UNUSED:
        assert any(isinstance(layer, Noisy | nn.Dropout) for layer in session.state.network.modules())
