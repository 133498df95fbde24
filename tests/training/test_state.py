from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import torch

from pellucid.data.augment import Augment
from pellucid.optim.optimizer import Optimizer, Schedule
from pellucid.optim.regularize import Averaging, Constraint, Penalty
from pellucid.parts import kinds, load_kind
from pellucid.record import Event
from pellucid.training import checkpoint
from pellucid.training.run import Writer, events
from pellucid.training.session import Session
from pellucid.training.state import averaged

Make = Callable[..., Session]

PRICES = {"l1": {"alpha": 0.01}, "l2": {"alpha": 0.01}, "elastic_net": {"l1": 0.01, "l2": 0.01}}
EVERY: list[tuple[str, dict[str, Any]]] = [
    *((f"optimizer {kind}", {"optimizer.kind": kind}) for kind in kinds(Optimizer)),
    ("optimizer sgd, momentum", {"optimizer.kind": "sgd", "optimizer.momentum": 0.9, "optimizer.nesterov": True}),
    *((f"schedule {kind}", {"optimizer.schedule": {"kind": kind}}) for kind in kinds(Schedule)),
    ("plateau in a hurry", {"optimizer.schedule": {"kind": "plateau", "patience": 0}}),
    *((f"penalty {kind}", {"penalties": [{"kind": kind, **PRICES[kind]}]}) for kind in kinds(Penalty)),
    *((f"constraint {kind}", {"constraints": [{"kind": kind}]}) for kind in kinds(Constraint)),
    *((f"averaging {kind}", {"averaging": {"kind": kind}}) for kind in kinds(Averaging)),
    ("norm batch", {"model.norm": "batch", "model.dropout": 0.4}),
    ("norm layer", {"model.norm": "layer"}),
    ("clipping and accumulation", {"optimizer.clip": 0.5, "method.accumulate": 3}),
    ("patience", {"stop.patience": 2, "stop.metric": "accuracy"}),
    ("augment noise", {"data.augment": [{"kind": "noise"}]}),
    ("augment mixup", {"data.augment": [{"kind": "mixup"}]}),
]
IMAGES = [
    kind
    for kind in kinds(Augment)
    if kind != "color" and "grid" in load_kind(Augment, kind).forms  # the digits are grey
]


def until(session: Session, number: int) -> list[Event]:
    """The events of the first steps."""
    return list(islice(events(session, Writer(None)), number))


def check(make: Callable[[], Session], folder: Path) -> None:
    """A run that goes on in another session gives the events and the weights of one that did not stop."""
    whole = list(events(session := make(), Writer(None)))
    first = make()
    stream, seen = events(first, Writer(None)), []
    for event in stream:
        seen.append(event)
        if type(event).__name__ == "Step" and first.state.step == 7:
            break
    stream.close()
    checkpoint.commit(folder, first.state, {"record": 0})
    second = make()
    path, skipped = checkpoint.newest(folder)
    assert path is not None and not skipped
    checkpoint.restore(path, second.state)
    assert second.state.numbers() == first.state.numbers()
    seen += list(events(second, Writer(None)))
    assert seen == whole
    kept, found = session.state.network.state_dict(), second.state.network.state_dict()
    assert all(torch.equal(kept[name], found[name]) for name in kept)


@pytest.mark.parametrize("name, settings", EVERY, ids=[name for name, _ in EVERY])
def test_nothing_that_the_future_depends_on_is_forgotten(
    name: str, settings: dict[str, Any], make: Make, tmp_path: Path
):
    base = {"method.batch": 16, "method.epochs": 5, "evaluate.every": 4, "model.dropout": 0.2}
    check(lambda: make("classes", {**base, **settings}), tmp_path)


@pytest.mark.parametrize("kind", IMAGES)
def test_augmentation_of_images_goes_on(kind: str, make: Make, tmp_path: Path):
    model = {"model.kind": "cnn", "model.channels": [4], "model.hidden": [8], "model.widths": None}
    settings = {**model, "data.augment": [{"kind": kind}], "method.batch": 64, "method.epochs": 1}
    settings.pop("model.widths")
    check(lambda: make("digits", {**settings, "model": {"kind": "cnn", "channels": [4], "hidden": [8]}}), tmp_path)


def test_numbers_are_kept_to_the_last_bit(make: Make):
    one, two = make().state, make().state
    one.scores, one.loss_total, one.loss_rows = [(1, 0.1 + 0.2), (2, float("inf"))], 1 / 3, 7.1
    one.best_score, one.waited, one.stopped, one.best_step = 1e-320, 2, "patience", 1
    one.phase, one.step, one.epoch, one.batch = 1, 2, 3, 4
    two.set_numbers(one.numbers())
    assert one.numbers() == two.numbers()
    assert (two.scores, two.loss_total, two.loss_rows, two.best_score) == (one.scores, 1 / 3, 7.1, 1e-320)


def test_the_average_takes_the_place_of_the_weights_and_leaves_it(make: Make):
    session = make("classes", {"averaging": {"kind": "ema"}})
    until(session, 3)
    state = session.state
    assert state.average is not None
    own = [param.detach().clone() for param in state.network.parameters()]
    with pytest.raises(RuntimeError, match="within"), averaged(state):
        for param, value in zip(state.network.parameters(), state.average, strict=True):
            assert torch.equal(param, value)
        raise RuntimeError("within")
    assert all(torch.equal(param, value) for param, value in zip(state.network.parameters(), own, strict=True))


def test_biases_norms_and_embeddings_do_not_decay(make: Make):
    (player,) = make("penguins", {"model.norm": "batch", "optimizer.weight_decay": 0.1}).state.players.values()
    decays = {id(param): group.decay for group in player.groups for param in group.params}
    assert len(decays) == len(player.params)
    for param in player.params:
        heavy = any(param is weight for weight in player.weights)
        assert decays[id(param)] == (0.1 if heavy else 0.0)
        assert heavy <= (param.dim() == 2)
