from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from pellucid.errors import TrainingError
from pellucid.training import loop
from pellucid.training.finite import all_finite, not_finite
from pellucid.training.run import Writer, events
from pellucid.training.session import Session

Make = Callable[..., Session]


def test_the_first_bad_value_is_named():
    values = {"a": torch.ones(2), "b": torch.tensor([1, 2]), "c": torch.tensor([1.0, float("nan")])}
    assert all_finite(values) == "c"
    assert all_finite({"a": values["a"]}) is None


@pytest.mark.parametrize("accumulate", [1, 2])
def test_a_bad_input_is_named_with_its_rows(accumulate: int, make: Make):
    session = make("classes", {"method.batch": 100, "method.accumulate": accumulate})
    rows = session.dataset.train.input
    assert isinstance(rows, torch.Tensor)
    rows[5, 2] = float("nan")
    with pytest.raises(TrainingError, match=r"step 1: the loss is nan; first bad tensor: the input") as caught:
        list(loop.steps(session.state, session.phases()))
    assert "rows " in str(caught.value) and caught.value.exit_code == 6


def test_a_bad_weight_is_named(make: Make):
    session = make()
    with torch.no_grad():
        next(session.state.network.trunk.parameters())[0, 0] = float("inf")
    with pytest.raises(TrainingError, match="first bad tensor: weight trunk"):
        list(loop.steps(session.state, session.phases()))


def test_the_layer_where_numbers_overflow_is_named(make: Make):
    session = make()
    with torch.no_grad():
        for param in session.state.network.trunk.parameters():
            param.fill_(3e38)
    fault = not_finite(session.state, session.dataset.train, float("nan"))
    assert "first bad tensor: output of trunk" in str(fault)
    assert "lower optimizer.learning_rate" in str(fault.hint)


def test_a_network_that_is_not_finite_is_never_handed_over(make: Make):
    settings = {"method.batch": 1000, "method.epochs": 1, "optimizer.kind": "sgd", "optimizer.learning_rate": 1e39}
    session = make("classes", settings)
    with pytest.raises(TrainingError, match="is not finite"):
        list(events(session, Writer(None)))
