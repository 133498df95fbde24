from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.optim import SGD, Adam, AdamW, Optimizer

from pellucid.doctor.diagnose import diagnose
from pellucid.doctor.history import History
from pellucid.doctor.script import shims
from pellucid.doctor.script.hooks import installed
from pellucid.doctor.script.watch import Watch

torch.set_num_threads(1)
X, Y = torch.randn(64, 6, generator=torch.Generator().manual_seed(1)), torch.arange(64) % 3


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 3))


def learn(
    net: nn.Module, optimizer: Optimizer, steps: int = 4, each: Callable[[], object] = lambda: None
) -> list[float]:
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = functional.cross_entropy(net(X), Y)
        loss.backward()
        each()
        optimizer.step()
        losses.append(loss.item())
    return losses


def tried(training: Callable[[], object], *, control: bool = False, **shim: Any) -> tuple[History, list[float] | None]:
    """A training under watch with a shim."""
    watch = Watch()
    with ExitStack() as stack:
        stack.enter_context(installed(watch))
        losses = shims.install(stack, shim, control=control)
        training()
    outcome = watch.outcome(0)
    assert outcome.faults == ()
    return outcome.history, losses


def checks(history: History) -> set[str]:
    return {finding.check for finding in diagnose(history)}


def rates(history: History) -> list[float]:
    return [update.learning_rate for update in history.updates]


def test_a_control_arm_is_the_script_as_it_is():
    def training() -> None:
        net = network()
        told.append(learn(net, SGD(net.parameters(), 0.1)))

    told: list[list[float]] = []
    training()
    for shim in ({"kind": "rate", "factor": 0.1}, {"kind": "logits"}, {"kind": "other_sign"}, {"kind": "targets"}):
        tried(training, control=True, **shim)
        assert told[-1] == told[0]


def test_the_rate_is_another_for_the_step_alone():
    def training() -> None:
        net = network()
        optimizer = SGD(net.parameters(), 0.5, momentum=0.99, weight_decay=0.2)
        schedule = torch.optim.lr_scheduler.StepLR(optimizer, 2, 0.5)
        learn(net, optimizer, each=lambda: seen.append(optimizer.param_groups[0]["lr"]))
        schedule.step()
        assert optimizer.param_groups[0]["momentum"] == 0.99 and optimizer.param_groups[0]["weight_decay"] == 0.2

    seen: list[float] = []
    history, _ = tried(training, kind="rate", factor=0.1)
    assert rates(history) == pytest.approx([0.05] * 4) and seen == [0.5] * 4
    assert rates(tried(training, kind="rate", most=0.2)[0]) == pytest.approx([0.2] * 4)
    assert tried(training, kind="momentum", most=0.9)[0].optimizer["momentum"] == 0.9
    assert tried(training, kind="decay", factor=0.1)[0].optimizer["weight_decay"] == pytest.approx(0.02)


def test_momentum_and_decay_of_others():
    def training(make: type) -> Callable[[], object]:
        net = network()
        return lambda: learn(net, make(net.parameters()))

    assert tried(training(Adam), kind="momentum", most=0.5)[0].optimizer["momentum"] == 0.5
    assert tried(training(AdamW), kind="decay", factor=10.0, least=0.01)[0].optimizer["weight_decay"] == 0.1
    assert tried(training(Adam), kind="decay", factor=10.0, least=0.01)[0].optimizer["weight_decay"] == 0.01


def test_schedules_are_made_steady_or_begin_slowly():
    def training() -> None:
        net = network()
        optimizer = SGD(net.parameters(), 0.4)
        falls = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
        for _ in range(4):
            learn(net, optimizer, 1)
            falls.step()

    assert rates(tried(training, kind="steady_rate")[0]) == pytest.approx([0.4] * 4)
    slow = rates(tried(training, kind="warm_up", steps=2)[0])
    assert slow == pytest.approx([0.2, 0.2, 0.1, 0.05])


def test_clipping_begins_and_ends():
    def training() -> None:
        net = network()
        learn(net, SGD(net.parameters(), 0.1), each=lambda: nn.utils.clip_grad_norm_(net.parameters(), 1e-6))

    sizes = [
        max(numbers["update"] for numbers in tried(training, kind=kind, norm=norm)[0].readings[0].parameters.values())
        for kind, norm in (("clip", 1e-9), ("rate", None), ("loose_clip", 10.0))
        for kind, norm in [(kind, norm)]
        if norm is not None
    ]
    assert sizes[0] < 1e-8 and sizes[1] > 1e-4


def test_gradients_are_cleared_where_they_should_be():
    def kept() -> None:
        net = network()
        optimizer = SGD(net.parameters(), 0.1)
        for _ in range(4):
            functional.cross_entropy(net(X), Y).backward()
            optimizer.step()

    def lost() -> None:
        net = network()
        optimizer = SGD(net.parameters(), 0.1)
        for _ in range(4):
            functional.cross_entropy(net(X), Y).backward()
            optimizer.zero_grad()
            optimizer.step()

    for training, check, elsewhere in (
        (kept, "gradients-not-cleared", True),
        (lost, "gradients-cleared-early", False),
    ):
        assert check in checks(tried(training, kind="rate", factor=1.0)[0])
        assert check not in checks(tried(training, kind="clear_gradients", elsewhere=elsewhere)[0])


def test_what_stood_still_joins_the_optimizer():
    def training() -> None:
        net = network()
        net[0].weight.requires_grad_(False)
        before = net[0].bias.clone(), net[0].weight.clone()
        learn(net, SGD(net[2].parameters(), 0.1))
        moved.append([not torch.equal(*pair) for pair in zip(before, (net[0].bias, net[0].weight), strict=True)])

    moved: list[list[bool]] = []
    history, _ = tried(training, kind="rate", factor=1.0)
    assert "not-optimized" in checks(history)
    assert "not-optimized" not in checks(tried(training, kind="hold_all")[0])
    tried(training, kind="hold_all", thaw=True)
    assert moved == [[False, False], [True, False], [True, True]]


def test_a_head_that_was_put_in_later_joins_and_the_old_one_goes():
    def training() -> None:
        net = network()
        optimizer = SGD(net.parameters(), 0.1)
        net[2] = nn.Linear(8, 3)
        learn(net, optimizer)
        mine = {id(param) for param in optimizer.param_groups[0]["params"]}
        right.append(mine == {id(param) for param in net.parameters()})

    right: list[bool] = []
    assert "not-optimized" in checks(tried(training, kind="rate", factor=1.0)[0])
    assert "not-optimized" not in checks(tried(training, kind="hold_all")[0])
    assert right == [False, True]


def test_the_other_sign_is_told_in_the_same_units():
    def training() -> None:
        net = network()
        optimizer = SGD(net.parameters(), 0.5)
        for _ in range(4):
            optimizer.zero_grad()
            torch.log_softmax(net(X), 1)[torch.arange(64), Y].mean().backward()
            optimizer.step()

    _, up = tried(training, control=True, kind="other_sign")
    _, down = tried(training, kind="other_sign")
    assert up is not None and down is not None and up[0] == down[0] > 0
    assert up[-1] > up[0] and down[-1] < down[0]


def test_a_scaler_begins_low():
    with ExitStack() as stack:
        shims.install(stack, {"kind": "loss_scale", "start": 4.0}, control=False)
        assert torch.amp.GradScaler("cpu", init_scale=2.0**20).get_scale() == 4.0
        assert torch.amp.GradScaler("cpu", init_scale=2.0).get_scale() == 2.0
    assert torch.amp.GradScaler("cpu", init_scale=8.0).get_scale() == 8.0


def test_everything_is_taken_out_again():
    before = functional.cross_entropy, Optimizer.zero_grad, torch.autograd.backward, torch.tanh, functional.dropout
    with ExitStack() as stack:
        for kind, more in {"logits": {}, "clear_gradients": {"elsewhere": False}, "other_sign": {},
                           "activation": {"to": "relu"}, "dropout": {"most": 0.1}}.items():  # fmt: skip
            shims.install(stack, {"kind": kind, **more}, control=False)
        assert functional.cross_entropy is not before[0]
    after = functional.cross_entropy, Optimizer.zero_grad, torch.autograd.backward, torch.tanh, functional.dropout
    assert before == after
