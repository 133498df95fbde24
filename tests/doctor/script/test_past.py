"""The history that is made of the steps."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from pellucid.doctor.script.hooks import installed
from pellucid.doctor.script.watch import Watch


def train(optimizers: int = 1, clip: float | None = None, steps: int = 30) -> None:
    nets = [nn.Linear(4, 3) for _ in range(optimizers)]
    made = [torch.optim.SGD(net.parameters(), lr=0.1) for net in nets]
    for step in range(steps):
        for place, (net, optimizer) in enumerate(zip(nets, made, strict=True)):
            if step % (place + 1):
                continue
            loss = functional.cross_entropy(net(torch.randn(16, 4)), torch.arange(16) % 3)
            optimizer.zero_grad()
            loss.backward()
            if clip is not None:
                nn.utils.clip_grad_norm_(net.parameters(), clip)
            optimizer.step()


def test_every_step_has_its_loss_and_rate(watched) -> None:
    history = watched(train).history
    assert [update.step for update in history.updates] == list(range(1, 31))
    assert all(update.learning_rate == 0.1 and update.loss > 0 for update in history.updates)
    assert {one.name for one in history.parameters} == {"weight", "bias"} and history.source == "script"


def test_of_several_optimizers_the_one_that_made_most_steps_is_told(watched) -> None:
    history = watched(lambda: train(optimizers=2)).history
    assert len(history.updates) == 30 and history.constant is None


def test_clipping_is_told(watched) -> None:
    history = watched(lambda: train(clip=1e-3)).history
    assert next(history.seen("clipped")).values["share"] == 1.0
    assert history.optimizer["clip"] == 1e-3 and history.updates[3].norm > 1e-3


def test_the_history_can_be_asked_for_again_and_again() -> None:

    watch = Watch()
    with installed(watch):
        train(clip=1e-3, steps=5)
        first = watch.outcome(0).history
        train(clip=1e-3, steps=5)
        second = watch.outcome(0).history
    assert len(first.updates) == 5 and len(list(second.seen("clipped"))) == 1
