from __future__ import annotations

from collections.abc import Callable
from itertools import islice

import pytest
import torch
from torch import nn

from pellucid.families.foreign import Foreign
from pellucid.losses.loss import reduce, terms
from pellucid.record import Step
from pellucid.training import evaluate, loop
from pellucid.training.run import Writer, events
from pellucid.training.session import Session, prepare

Make = Callable[..., Session]
STILL = {"optimizer.kind": "sgd", "optimizer.learning_rate": 1e-30, "optimizer.schedule": "constant"}
PLAIN = {"optimizer.kind": "sgd", "optimizer.learning_rate": 0.1, "optimizer.schedule": "constant"}


def train(session: Session, number: int | None = None) -> list[Step]:
    return list(islice(loop.steps(session.state, session.phases()), number))


def weights(session: Session) -> torch.Tensor:
    return torch.cat([param.detach().reshape(-1) for param in session.state.network.parameters()])


@pytest.mark.parametrize("batch", [1, 7, 16, 41, 81])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_loss_of_an_epoch_is_that_of_the_whole_part(make: Make, batch: int, weighted: bool):
    session = make("classes", {**STILL, "method.batch": batch, "method.epochs": 1}, weights=weighted)
    assert len(session.dataset.train) % 16 and len(session.dataset.train) % 7
    train(session)
    recipe, dataset = session.recipe, session.dataset
    assert recipe.task is not None
    whole = evaluate.score(
        session.state.network, dataset.train, recipe.task, signature=session.signature, scale=None, names=()
    )
    assert session.state.loss_total / session.state.loss_rows == pytest.approx(whole.loss, rel=1e-6)


@pytest.mark.parametrize("weighted", [False, True])
def test_accumulated_batches_are_one_batch(make: Make, weighted: bool):
    parts = make("classes", {**PLAIN, "method.batch": 8, "method.accumulate": 3}, weights=weighted)
    whole = make("classes", {**PLAIN, "method.batch": 24}, weights=weighted)
    one, two = train(parts), train(whole)
    assert [step.step for step in one] == [step.step for step in two]
    assert [step.loss for step in one] == pytest.approx([step.loss for step in two], rel=1e-5)
    assert torch.allclose(weights(parts), weights(whole), atol=1e-6)
    assert parts.state.loss_total == pytest.approx(whole.state.loss_total, rel=1e-5)


def test_full_batch_descent_follows_the_mean_of_the_gradients_of_the_rows(make: Make):
    session = make("classes", {**PLAIN, "method.batch": 1000, "method.epochs": 1})
    network, task, rows = session.state.network, session.recipe.task, session.dataset.train
    assert task is not None
    before, single = weights(session).double(), torch.zeros(len(weights(session)), dtype=torch.float64)
    for number in range(len(rows)):
        row = rows.part(number, number + 1)
        grads = torch.autograd.grad(reduce(task.losses(network(row.input), row), None), list(network.parameters()))
        single += torch.cat([grad.reshape(-1) for grad in grads]).double() / len(rows)
    (step,) = train(session)
    assert step.loss == pytest.approx(evaluate_loss(session, before), rel=1e-5)
    assert torch.allclose(before - 0.1 * single, weights(session).double(), atol=1e-7)


def evaluate_loss(session: Session, before: torch.Tensor) -> float:
    now = weights(session)
    torch.nn.utils.vector_to_parameters(before.float(), session.state.network.parameters())
    rows, task = session.dataset.train, session.recipe.task
    assert task is not None
    with torch.no_grad():
        total, count = terms(task.losses(session.state.network(rows.input), rows), rows.weight_B)
    torch.nn.utils.vector_to_parameters(now, session.state.network.parameters())
    return float(total) / float(count)


@pytest.mark.parametrize("accumulate", [1, 2])
def test_rows_of_no_weight_teach_nothing(make: Make, accumulate: int):
    settings = {**PLAIN, "method.batch": 1, "method.accumulate": accumulate, "method.epochs": 1}
    session = make("classes", settings, weights=True)
    weight_B = session.dataset.train.weight_B
    assert weight_B is not None
    weight_B.zero_()
    before = weights(session)
    steps = train(session)
    assert {step.loss for step in steps} == {0.0}
    assert torch.equal(before, weights(session))


def test_events_count_steps_and_epochs_and_say_the_rate(make: Make):
    settings = {"method.batch": 20, "method.epochs": 3, "optimizer.learning_rate": 0.25, "optimizer.clip": 1e-3}
    session = make("classes", {**settings, "optimizer.kind": "sgd", "optimizer.schedule": "constant"})
    assert len(session.dataset.train) == 82
    steps = train(session)
    assert session.per_epoch == 5 and session.steps == 15
    assert [(step.step, step.epoch) for step in steps] == [(number + 1, number // 5) for number in range(15)]
    assert {step.learning_rate for step in steps} == {0.25}
    assert all(step.norm is not None and step.norm > 1e-3 for step in steps)
    assert (session.state.epoch, session.state.batch) == (3, 0)
    assert train(session) == [], "a phase that is done is skipped"


def test_a_training_goes_on_from_any_step(make: Make):
    settings = {"method.batch": 9, "model.dropout": 0.3, "model.norm": "batch", "method.accumulate": 2}
    whole, parts = make("classes", settings), make("classes", settings)
    expected, found = train(whole), []
    while part := train(parts, 3):
        found += part
    assert found == expected
    assert torch.equal(weights(whole), weights(parts))


def test_no_generator_of_torch_is_left_changed():
    from pellucid.documents import Document
    from pellucid.recipe import read_recipe

    recipe = read_recipe(Document({"data": {"path": "iris"}}, "test"), {"method.epochs": 1, "threads": 1})
    foreign = Foreign(module=lambda width: nn.Sequential(nn.Linear(width, 8), nn.Dropout(0.5)), arguments={"width": 4})
    losses = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        before = torch.get_rng_state()
        session = prepare(recipe.replace(model=foreign))
        losses.append([event.loss for event in events(session, Writer(None)) if isinstance(event, Step)])
        assert torch.equal(before, torch.get_rng_state())
    assert losses[0] == losses[1]
