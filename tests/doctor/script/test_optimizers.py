"""What lies between a backward pass and a step."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from pellucid.doctor.history import Fact


def net() -> nn.Sequential:
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))


def train(model: nn.Module, optimizer: torch.optim.Optimizer, *, order: str = "zbs", steps: int = 25) -> None:
    """`order`: z sets the gradients to zero, b is the backward pass, s the step."""
    for _ in range(steps):
        x_NF = torch.randn(16, 4)
        loss = functional.mse_loss(model(x_NF), x_NF[:, :1])
        for what in order:
            {"z": optimizer.zero_grad, "b": loss.backward, "s": optimizer.step}[what]()


def seen(watched, kind: str, order: str = "zbs", steps: int = 25, **settings: object) -> list[Fact]:
    def run() -> None:
        model = net()
        train(model, torch.optim.SGD(model.parameters(), lr=0.01, **settings), order=order, steps=steps)

    return list(watched(run).history.seen(kind))


def test_gradients_that_are_left_are_seen_at_the_second_step(watched) -> None:
    found = seen(watched, "gradients-left", "bs")
    assert {fact.step for fact in found if fact.values["steps"] == 1} == {1}
    assert seen(watched, "gradients-left") == []


def test_gradients_that_are_lost_are_seen_at_once(watched) -> None:
    assert seen(watched, "gradients-lost", "bzs", 3)[0].step == 0


def test_what_no_optimizer_holds_is_named(watched) -> None:
    def run() -> None:
        model = net()
        train(model, torch.optim.SGD(model[2].parameters(), lr=0.01))

    assert {fact.place for fact in watched(run).history.seen("not-optimized")} == {"0.weight", "0.bias"}


def test_a_head_that_was_swapped_away_is_named(watched) -> None:
    def run() -> None:
        model = net()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
        model[2] = nn.Linear(8, 1)
        train(model, optimizer)

    assert next(watched(run).history.seen("unowned")).values == {"parameters": 2, "shapes": "1x8, 1"}


def test_a_schedule_is_counted(watched) -> None:
    def run() -> None:
        model = net()
        optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
        schedule = torch.optim.lr_scheduler.StepLR(optimizer, 5, gamma=0.01)
        for _ in range(20):
            train(model, optimizer, steps=1)
            schedule.step()

    fact = next(watched(run).history.seen("schedule"))
    assert (fact.place, fact.values["planned"], fact.values["largest"]) == ("StepLR", 5, 1.0)
    assert fact.values["rate"] == pytest.approx(1e-6) and fact.values["step"] == 10


def test_settings_are_kept(watched) -> None:
    def run() -> None:
        model = net()
        train(model, torch.optim.AdamW(model.parameters(), lr=0.003, weight_decay=0.2))

    told = watched(run).history.optimizer
    assert (told["kind"], told["learning_rate"], told["weight_decay"], told["momentum"]) == ("AdamW", 0.003, 0.2, 0.9)


def test_weights_that_are_alike_are_named(watched) -> None:
    def run() -> None:
        model = net()
        nn.init.zeros_(model[0].weight)
        train(model, torch.optim.SGD(model.parameters(), lr=0.01))

    assert [(fact.place, fact.values["zero"]) for fact in watched(run).history.seen("constant-weights")] == [
        ("0.weight", 1)
    ]
