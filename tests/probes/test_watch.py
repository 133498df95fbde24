from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from pellucid.data.arrays import ArrayRaw
from pellucid.documents import Document
from pellucid.probes.watch import EARLY, MEMORY, Watch, due, watched
from pellucid.recipe import read_recipe
from pellucid.record import Event, Reading, Step
from pellucid.training import checkpoint, loop
from pellucid.training.run import Writer, events
from pellucid.training.session import Session, prepare

torch.set_num_threads(1)


def session(every: int, **changes: Any) -> Session:
    """Rows of four numbers in two classes, or digits."""
    settings = {"method.epochs": 4, "method.batch": 16, "threads": 1, "precision": "float32", "probes.every": every}
    random = np.random.default_rng(0)
    x_ND = random.normal(size=(90, 4))
    rows = ArrayRaw(x_ND, (x_ND[:, 0] > 0).astype(np.int64), ("no", "yes"))
    changes = {"model.kind": "mlp", "model.widths": [8, 8], **changes}
    source: Any = changes.pop("source", None)
    recipe = read_recipe(Document({"data": source or {"kind": "arrays"}}, "test"), {**settings, **changes})
    return prepare(recipe, None if source else rows)


def seen(made: Session) -> list[Event]:
    return list(events(made, Writer(None)))


def test_the_first_steps_are_read_and_then_every_so_many():
    assert [step for step in range(1, 50) if due(step, 15)] == [1, 2, 3, 5, 8, 13, 15, 20, 30, 45]
    assert not any(due(step, 0) for step in range(1, 50))


@pytest.mark.parametrize(
    "changes",
    [
        {"model.dropout": 0.3, "optimizer.clip": 0.5, "penalties": [{"kind": "l1", "alpha": 0.01}]},
        {"model.norm": "batch", "averaging": {"kind": "ema"}, "method.accumulate": 2},
        {
            "source": "digits",
            "model": {"kind": "cnn", "channels": [4], "hidden": [], "norm": "batch", "dropout": 0.2},
            "method.epochs": 1,
        },
        {"source": "japanese_vowels", "model": {"kind": "lstm", "width": 6, "dropout": 0.2}, "method.epochs": 1},
        {
            "source": "japanese_vowels",
            "model": {"kind": "transformer", "width": 8, "heads": 2, "dropout": 0.2},
            "method.epochs": 1,
        },
    ],
    ids=["mlp", "mlp-batch-norm", "cnn", "lstm", "transformer"],
)
def test_a_watched_training_has_the_bits_of_one_that_is_not(changes: dict[str, Any]):
    watched, alone = session(1, **changes), session(0, **changes)
    one, two = seen(watched), seen(alone)
    assert [event for event in one if not isinstance(event, Reading)] == two
    assert sum(isinstance(event, Reading) for event in one) == watched.state.step > 5
    left, right = watched.state.network.state_dict(), alone.state.network.state_dict()
    assert all(torch.equal(left[name], right[name]) for name in left)
    assert not any(module._forward_hooks for module in watched.state.network.modules())


@pytest.mark.parametrize(
    "changes",
    [
        {"model.norm": "batch", "model.dropout": 0.3},
        {"source": "digits", "model": {"kind": "cnn", "channels": [4], "hidden": [], "norm": "batch", "dropout": 0.2}},
        {"source": "japanese_vowels", "model": {"kind": "lstm", "width": 6, "dropout": 0.2}},
        {"source": "japanese_vowels", "model": {"kind": "transformer", "width": 8, "heads": 2, "dropout": 0.2}},
    ],
    ids=["mlp", "cnn", "lstm", "transformer"],
)
def test_it_has_them_too_after_it_was_killed_and_resumed(changes: dict[str, Any], tmp_path: Path):
    alone = session(0, **changes, **{"method.epochs": 1})
    plain = [event for event in seen(alone) if isinstance(event, Step)]
    first, before = session(2, **changes, **{"method.epochs": 1}), list[Event]()
    for event in events(first, Writer(None)):
        if not isinstance(event, Reading):
            before.append(event)
        if isinstance(event, Step) and event.step == 3:
            break
    checkpoint.commit(tmp_path, first.state, {"record": 0})
    again = session(2, **changes, **{"method.epochs": 1})
    path, _ = checkpoint.newest(tmp_path)
    assert path is not None
    checkpoint.restore(path, again.state)
    assert [event for event in (*before, *seen(again)) if isinstance(event, Step)] == plain
    left, right = again.state.network.state_dict(), alone.state.network.state_dict()
    assert all(torch.equal(left[name], right[name]) for name in left)


def test_the_numbers_are_those_of_the_step():
    made = session(1, **{"optimizer.kind": "sgd", "optimizer.learning_rate": 0.1, "optimizer.schedule": "constant"})
    network = made.state.network
    before = {name: param.detach().clone() for name, param in network.named_parameters()}
    list(islice(loop.steps(made.state, made.phases()), 1))
    reading = made.state.reading
    assert reading is not None and reading.step == 1 and reading.parameters.keys() == before.keys()
    for name, param in network.named_parameters():
        numbers, grad = reading.parameters[name], param.grad
        assert grad is not None
        assert numbers["gradient"] == pytest.approx(float(grad.square().mean().sqrt()), rel=1e-4)
        assert numbers["largest"] == pytest.approx(float(grad.abs().max()), rel=1e-4)
        assert numbers["norm"] == pytest.approx(float(before[name].norm()), rel=1e-4)
        if numbers["norm"]:
            moved = float((param.detach() - before[name]).norm() / before[name].norm())
            assert numbers["update"] == pytest.approx(moved, rel=1e-3)
    assert list(reading.layers) == [layer.name for layer in made.layers]
    assert reading.layers.keys() <= {name for name, _ in watched(network)}
    assert 0 < reading.layers["trunk.blocks.0.activation"]["silent"] < 1
    next(loop.steps(made.state, made.phases()))
    assert made.state.reading is not None and made.state.reading.step == 2


def dying(every: int = 1) -> Session:
    """A network of which half of the first units never answer."""
    made = session(every)
    with torch.no_grad():
        made.state.network.get_parameter("trunk.blocks.0.linear.bias")[:4] = -100.0
    return made


def test_units_are_dead_that_were_silent_in_the_last_readings():
    readings = [event for event in seen(dying()) if isinstance(event, Reading)]
    dead = [reading.layers["trunk.blocks.0.activation"]["dead"] for reading in readings]
    assert dead[: MEMORY - 1] == [0.0] * (MEMORY - 1) and min(dead[MEMORY - 1 :]) >= 0.5


@pytest.mark.parametrize("stop", [4, 7, 9])
def test_dead_units_are_remembered_by_a_resumed_run(stop: int, tmp_path: Path):
    whole = seen(made := dying(every=3))
    first = dying(every=3)
    stream, before = events(first, Writer(None)), list[Event]()
    while not (before and isinstance(before[-1], Step) and before[-1].step == stop):
        before.append(next(stream))
    checkpoint.commit(tmp_path, first.state, {"record": 0})
    again = session(3)
    path, _ = checkpoint.newest(tmp_path)
    assert path is not None
    checkpoint.restore(path, again.state)
    assert before + seen(again) == whole
    assert made.state.silent.keys() == again.state.silent.keys() == {
        "trunk.blocks.0.activation", "trunk.blocks.1.activation"
    }  # fmt: skip
    assert any(
        event.layers["trunk.blocks.0.activation"]["dead"] >= 0.5 for event in whole if isinstance(event, Reading)
    )


def test_layers_that_give_no_numbers_or_run_twice_are_no_trouble():
    class Odd(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear, self.codes, self.none = (
                nn.Linear(3, 3),
                Answers(lambda x: x.argmax(1)),
                Answers(lambda x: None),
            )

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            first = self.linear(x)
            self.codes(first)
            self.none(first)
            return self.linear(first)

    network = Odd()
    watch = Watch(network)
    with watch.outputs():
        network(torch.ones(2, 3)).sum().backward()
    watch.before(list(network.parameters()))
    watch.after()
    reading = watch.reading(7, {})
    assert list(reading.layers) == ["linear"] and set(reading.parameters) == {"linear.weight", "linear.bias"}
    assert reading.layers["linear"]["mean"] == pytest.approx(
        float(network.linear(torch.ones(1, 3)).detach().mean()), rel=1e-4
    )
    assert {numbers["update"] for numbers in reading.parameters.values()} == {0.0}


class Answers(nn.Module):
    def __init__(self, function: Callable[[torch.Tensor], Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: torch.Tensor) -> Any:
        return self.function(x)


def test_recurrent_layers_are_read_as_a_whole():
    made = session(1, source="japanese_vowels", model={"kind": "gru", "width": 4}, **{"method.batch": 64})
    list(islice(loop.steps(made.state, made.phases()), 1))
    assert made.state.reading is not None
    assert made.state.reading.layers.keys() == {"trunk.blocks.0", "bridge", "head"} and max(EARLY) == 20
