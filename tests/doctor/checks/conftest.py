"""Histories made by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from pellucid.doctor.check import Check
from pellucid.doctor.history import Fact, History, Layer, Parameter, Update
from pellucid.findings import Finding
from pellucid.parts import concrete
from pellucid.record import Reading

Stack = Callable[..., History]
Look = Callable[[str, History], list[Finding]]
STEPS = (1, 2, 3, 5, 8, 13, 20, 40, 80, 120, 160, 200)


def stack(
    *,
    depth: int = 4,
    activation: str = "ReLU",
    losses: Sequence[float] = (2.0,) * 200,
    rate: float = 0.1,
    parameters: Callable[[int, int], dict[str, float]] = lambda layer, step: {},
    layers: Callable[[int, int], dict[str, float]] = lambda layer, step: {},
    activations: Callable[[int, int], dict[str, float]] = lambda layer, step: {},
    facts: Sequence[Fact] = (),
    steps: Sequence[int] = STEPS,
) -> History:
    """A perceptron with layers `0`, `2`, `4`, ... and an activation behind each but the last.

    `parameters`, `layers` and `activations` give what is read of the weights, of the outputs of a linear layer and
    of those of its activation: (number of the layer from 0, step) -> numbers beside those of a healthy network.
    """
    told: list[Layer] = []
    weights: list[Parameter] = []
    for place in range(depth):
        name = str(2 * place)
        told.append(Layer(name, "Linear", "Linear(16, 16)"))
        weights.append(Parameter(f"{name}.weight", name, (16, 16)))
        weights.append(Parameter(f"{name}.bias", name, (16,)))
        if place + 1 < depth:
            told.append(Layer(str(2 * place + 1), activation, f"{activation}()"))
    healthy = {"gradient": 0.01, "largest": 0.05, "norm": 4.0, "update": 3e-3}
    readings = [
        Reading(
            step,
            {f"{2 * place}.weight": healthy | parameters(place, step) for place in range(depth)},
            {
                **{str(2 * place): {"deviation": 1.0, "largest": 3.0} | layers(place, step) for place in range(depth)},
                **{str(2 * place + 1): {"deviation": 0.6} | activations(place, step) for place in range(depth - 1)},
            },
        )
        for step in steps
        if step <= len(losses)
    ]
    return History(
        layers=told,
        parameters=weights,
        updates=[Update(step, loss, rate) for step, loss in enumerate(losses, 1)],
        readings=readings,
        facts=list(facts),
        constant=2.0,
        asked="classes",
        optimizer={"kind": "SGD", "learning_rate": rate},
    )


@pytest.fixture(name="stack")
def _stack() -> Stack:
    return stack


@pytest.fixture
def look() -> Look:
    """What one check finds, gates left aside."""
    return lambda kind, history: list(concrete(Check, kind).look(history))
