"""Rows of the checklist that the loop proves: batches, epochs, forecasts, dropout, batch norm, stopping."""

from __future__ import annotations

import os
import time
from itertools import islice, pairwise
from typing import Any

import numpy as np
import pytest
import torch

from pellucid.data.arrays import ArrayRaw
from pellucid.documents import Document
from pellucid.losses.loss import reduce
from pellucid.nn.noise import Dropout
from pellucid.recipe import read_recipe
from pellucid.record import Evaluated, Step, Stopped
from pellucid.training import evaluate, loop
from pellucid.training.forecast import forecast
from pellucid.training.run import Writer, events
from pellucid.training.session import Session, prepare

torch.set_num_threads(1)
DESCENT = {"optimizer": {"kind": "sgd", "schedule": "constant", "learning_rate": 0.05}}
SMALL = {"threads": 1, "precision": "float32", "model": {"kind": "mlp", "widths": [16]}, "method.epochs": 4}


def make(count: int, settings: dict[str, Any], *, noise: float = 0.5, columns: int = 4) -> Session:
    """A session of `count` training rows: three classes that follow from two of the columns, with noise."""
    random = np.random.default_rng(0)
    x_ND = random.normal(size=(count, columns))
    code_N = np.digitize(x_ND[:, 0] - x_ND[:, 1] + noise * random.normal(size=count), [-0.7, 0.7]).astype(np.int64)
    recipe = read_recipe(Document({"data": {"kind": "arrays", "valid": 0}}, "test"), {**SMALL, **settings})
    return prepare(recipe, ArrayRaw(x_ND, code_N, ("low", "middle", "high")))


def weights(session: Session) -> torch.Tensor:
    return torch.cat([param.detach().reshape(-1) for param in session.state.network.parameters()])


def gradient(session: Session, rows: torch.Tensor) -> torch.Tensor:
    """The gradient of the mean loss of some training rows, as one vector."""
    network, task = session.state.network, session.recipe.task
    assert task is not None
    batch = session.dataset.train.take(rows)
    grads = torch.autograd.grad(reduce(task.losses(network(batch.input), batch), None), list(network.parameters()))
    return torch.cat([grad.reshape(-1) for grad in grads]).double()


@pytest.mark.row("C5")
def test_full_batch_stochastic_and_mini_batch_descent_are_one_loop():
    count = 120
    turns: dict[int, float] = {}
    for batch in (1, 16, count):
        session = make(count, {**DESCENT, "method.batch": batch, "method.epochs": 6})
        steps = session.per_epoch
        assert steps == -(-count // batch)
        moves, before = [], weights(session)
        for _ in loop.steps(session.state, session.phases()):
            moves.append((now := weights(session)) - before)
            before = now
        assert len(moves) == 6 * steps
        # how much the path turns: the mean angle between one step and the next
        pairs = pairwise(moves)
        cosines = [float(torch.cosine_similarity(one, two, dim=0)) for one, two in pairs]
        turns[batch] = float(np.mean(cosines))
    assert turns[1] < turns[16] < turns[count], "the smaller the batch, the noisier the path"
    assert turns[count] > 0.95, "full-batch descent walks straight down"


@pytest.mark.row("C5")
def test_the_full_batch_gradient_is_the_mean_of_those_of_the_rows():
    session = make(60, {**DESCENT, "method.batch": 60, "method.epochs": 1})
    single = torch.stack([gradient(session, torch.tensor([row])) for row in range(60)])
    before = weights(session).double()
    list(loop.steps(session.state, session.phases()))
    assert torch.allclose(before - 0.05 * single.mean(0), weights(session).double(), atol=1e-7)


@pytest.mark.row("C8")
def test_the_noise_of_the_gradient_falls_with_the_batch():
    session = make(512, {**DESCENT, "method.batch": 32})
    whole, stream = gradient(session, torch.arange(512)), torch.Generator().manual_seed(1)
    noise: dict[int, float] = {}
    for size in (4, 16, 64, 256):
        drawn = [gradient(session, torch.randint(512, (size,), generator=stream)) for _ in range(60)]
        noise[size] = float(torch.stack([(one - whole).square().sum() for one in drawn]).mean())
    assert list(noise.values()) == sorted(noise.values(), reverse=True)
    # the variance of a mean of independent rows falls as 1 / size
    for size in (16, 64, 256):
        assert noise[size] * size == pytest.approx(noise[4] * 4, rel=0.35)


@pytest.mark.row("C9")
@pytest.mark.parametrize(
    "rows, batch, accumulate, steps", [(90, 1, 1, 90), (2000, 500, 1, 4), (2100, 500, 1, 5), (2000, 500, 2, 2)]
)
def test_an_epoch_has_as_many_steps_as_batches(rows: int, batch: int, accumulate: int, steps: int):
    session = make(rows, {**DESCENT, "method.batch": batch, "method.accumulate": accumulate, "method.epochs": 2})
    seen = list(loop.steps(session.state, session.phases()))
    assert session.per_epoch == steps and session.steps == len(seen) == 2 * steps
    assert [step.epoch for step in seen] == [0] * steps + [1] * steps
    assert [step.step for step in seen] == list(range(1, 2 * steps + 1))
    again = prepare(session.recipe, session.raw)
    looked = [event for event in events(again, Writer(None)) if isinstance(event, Evaluated)]
    assert [(event.step, event.epoch) for event in looked] == [(steps, 1), (2 * steps, 2)]


@pytest.mark.row("C10")
def test_the_forecast_grows_with_the_rows():
    small, large = (make(count, {"method.batch": 50, "method.epochs": 3}) for count in (1_000, 10_000))
    one, two = forecast(small), forecast(large)
    assert two.steps == 10 * one.steps
    for cost in (one, two):
        parts = cost.steps * cost.step_seconds + cost.evaluations * cost.evaluation_seconds
        assert 0 < parts <= cost.seconds


@pytest.mark.row("C10")
@pytest.mark.slow
@pytest.mark.parametrize("rows", [1_000, 10_000])
def test_the_forecast_is_within_30_percent_of_the_time(rows: int):
    if os.getloadavg()[0] > 1.0:
        pytest.skip("a busy machine says nothing about time")
    settings = {"method.batch": 50, "method.epochs": 20, "model": {"kind": "mlp", "widths": [128, 128]}}
    cost = forecast(make(rows, settings))
    session = make(rows, settings)
    began = time.perf_counter()
    for event in events(session, Writer(None)):
        if isinstance(event, Stopped):
            break
    assert time.perf_counter() - began == pytest.approx(cost.seconds, rel=0.3)


@pytest.mark.row("D6")
def test_dropout_keeps_the_mean_in_training_and_is_off_at_inference():
    session = make(400, {"model": {"kind": "mlp", "widths": [64], "dropout": 0.4}})
    network, rows = session.state.network, session.dataset.train
    (layer,) = [module for module in network.modules() if isinstance(module, Dropout)]
    assert network.draw is not None
    before: list[torch.Tensor] = []
    after: list[torch.Tensor] = []

    def note(module: torch.nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        before.append(inputs[0])
        after.append(output)

    hook = layer.register_forward_hook(note)
    network.train()
    with torch.no_grad():
        for step in range(200):
            network.draw.at(step, 0)
            network(rows.input)
    kept = torch.stack(after)
    share = float((kept == 0).float().mean() - (torch.stack(before) == 0).float().mean())
    active = float((torch.stack(before) != 0).float().mean())
    assert share / active == pytest.approx(0.4, abs=0.005), "the share that is set to 0"
    assert float(kept.mean()) == pytest.approx(float(before[0].mean()), rel=0.005), "the mean is preserved"
    with torch.no_grad():
        spread_NC = torch.stack([network.head(one) for one in after[:50]]).std(0)
    assert float(spread_NC.min()) > 0, "the spread of the outputs under dropout is there to be looked at"
    hook.remove()
    first, second = (evaluate.outputs(network, rows) for _ in range(2))
    assert torch.equal(first, second), "off at inference"
    network.eval()
    with torch.no_grad():
        assert torch.allclose(first, network.head(before[0]), atol=1e-5), "inference is the network without dropout"


@pytest.mark.row("D7")
def test_early_stopping_stops_after_the_minimum_and_brings_it_back():
    settings = {"method.epochs": 60, "method.batch": 20, "stop.patience": 5, "optimizer.learning_rate": 0.03}
    settings |= {"data.valid": 0.3, "model": {"kind": "mlp", "widths": [64]}}
    session = make(120, settings, noise=1.0)
    losses: list[Evaluated] = []
    ended: list[Stopped] = []
    for event in events(session, Writer(None)):
        if isinstance(event, Evaluated):
            losses.append(event)
        elif isinstance(event, Stopped):
            ended.append(event)
    least = min(losses, key=lambda event: event.loss)
    assert ended[0].reason == "patience" and ended[0].best_step == least.step
    assert losses.index(least) == len(losses) - 1 - 5, "it waited for five evaluations and no more"
    assert losses[-1].train_loss < losses[losses.index(least)].train_loss, "training itself still went on"
    task = session.recipe.task
    assert task is not None
    found = evaluate.score(
        session.state.network, session.dataset.valid, task, signature=session.signature, scale=None, names=()
    )
    assert found.loss == pytest.approx(least.loss, rel=1e-6), "the best weights are back"


@pytest.mark.row("D12")
@pytest.mark.parametrize("patience", [None, 3])
def test_training_stops_when_the_mean_loss_is_low_enough(patience: int | None):
    settings = {"method.epochs": 200, "method.batch": 20, "stop.target": 0.35, "stop.patience": patience}
    session = make(200, {**settings, "data.valid": 0.2}, noise=0.1)
    looked: list[Evaluated] = []
    ended: list[Stopped] = []
    for event in events(session, Writer(None)):
        if isinstance(event, Evaluated):
            looked.append(event)
        elif isinstance(event, Stopped):
            ended.append(event)
    assert [event.reason for event in ended] == ["target"]
    assert looked[-1].train_loss <= 0.35 < looked[-2].train_loss
    assert ended[0].best_step == min(looked, key=lambda event: event.loss).step


@pytest.mark.row("D8")
def test_batch_norm_uses_the_batch_in_training_and_what_it_learnt_at_inference():
    settings = {**DESCENT, "method.batch": 40, "model": {"kind": "mlp", "widths": [12], "norm": "batch"}}
    session = make(200, settings)
    network, rows = session.state.network, session.dataset.train
    (layer,) = [module for module in network.modules() if isinstance(module, torch.nn.BatchNorm1d)]
    seen: list[tuple[torch.Tensor, torch.Tensor]] = []
    hook = layer.register_forward_hook(lambda module, inputs, output: seen.append((inputs[0], output)))
    mean, variance = layer.running_mean, layer.running_var
    assert mean is not None and variance is not None and layer.momentum is not None
    expected = [mean.clone(), variance.clone()]
    for _ in islice(loop.steps(session.state, session.phases()), 3):
        x_BD = seen[-1][0].detach()
        assert len(x_BD) == 40
        for place, value in ((0, x_BD.mean(0)), (1, x_BD.var(0))):
            expected[place] = (1 - layer.momentum) * expected[place] + layer.momentum * value
    assert torch.allclose(mean, expected[0], atol=1e-6) and torch.allclose(variance, expected[1], atol=1e-6)
    with torch.no_grad():
        # a fresh step in training: zero mean and unit variance of the batch itself, before scale and shift
        network.train()(rows.part(0, 40).input)
        shown = (seen[-1][1] - layer.bias) / layer.weight
        assert torch.allclose(shown.mean(0), torch.zeros(12), atol=1e-5)
        assert torch.allclose(shown.var(0, correction=0), torch.ones(12), atol=1e-2)
    kept = [mean.clone(), variance.clone()]
    evaluate.outputs(network, rows)
    x_BD, y_BD = seen[-1]
    by_hand = (x_BD - mean) / (variance + layer.eps).sqrt() * layer.weight + layer.bias
    assert torch.allclose(y_BD, by_hand, atol=1e-5), "inference uses the running statistics"
    assert torch.equal(kept[0], mean) and torch.equal(kept[1], variance), "and leaves them alone"
    alone = evaluate.outputs(network, rows.part(3, 4))
    assert torch.allclose(alone, evaluate.outputs(network, rows)[3:4], atol=1e-5), "a row does not see its neighbours"
    hook.remove()


@pytest.mark.row("F1")
@pytest.mark.parametrize("batch", [16, 33, 50, 99])
def test_the_last_short_batch_weighs_what_it_holds(batch: int):
    still = {"optimizer": {"kind": "sgd", "schedule": "constant", "learning_rate": 1e-30}}
    session = make(101, {**still, "method.batch": batch, "method.epochs": 1})
    task = session.recipe.task
    assert task is not None
    whole = evaluate.score(
        session.state.network, session.dataset.train, task, signature=session.signature, scale=None, names=()
    )
    seen = list(events(session, Writer(None)))
    (looked,) = [event for event in seen if isinstance(event, Evaluated)]
    steps = [event for event in seen if isinstance(event, Step)]
    assert looked.train_loss == pytest.approx(whole.loss, rel=1e-6)
    if len(steps) > 1:
        plain = float(np.mean([step.loss for step in steps]))
        assert abs(plain - whole.loss) > 10 * abs(looked.train_loss - whole.loss), "the plain mean would be wrong"


@pytest.mark.row("F1")
def test_every_row_is_seen_once_an_epoch():
    session = make(101, {"method.batch": 20})
    phase = next(iter(session.phases()))
    for epoch in range(2):
        batches = list(phase.batches.batches(epoch, 0))
        assert [len(batch) for batch in batches] == [20, 20, 20, 20, 21], "a single row joins the batch before"
        rows = torch.cat([batch.row_B for batch in batches if batch.row_B is not None])
        assert rows.sort().values.tolist() == list(range(101))
    one, two = (next(phase.batches.batches(epoch, 0)).row_B for epoch in range(2))
    assert one is not None and two is not None and not torch.equal(one, two)
