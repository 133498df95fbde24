"""A watched training is the training: its losses have the same bits, and no random number is drawn."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import numpy
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint
from torch.utils.data import DataLoader, TensorDataset

STEPS = 25
Losses = list[float]
cross_entropy = functional.cross_entropy
"""As a script has it that imported the function by its name before anybody watched."""


def batches(count: int = STEPS, rows: int = 16) -> Iterator[tuple[Tensor, Tensor]]:
    weight_FC = torch.linspace(-1, 1, 32).reshape(8, 4)
    for _ in range(count):
        x_NF = torch.randn(rows, 8)
        yield x_NF, (x_NF @ weight_FC).argmax(1)


def network(*more: nn.Module) -> nn.Sequential:
    return nn.Sequential(nn.Linear(8, 16), *more, nn.ReLU(), nn.Linear(16, 4))


def fit(net: nn.Module, optimizer: torch.optim.Optimizer | None = None) -> Losses:
    optimizer = optimizer or torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    losses = []
    for x_NF, label_N in batches():
        loss = functional.cross_entropy(net(x_NF), label_N)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def bare() -> Losses:
    return fit(network())


def by_its_name() -> Losses:
    net, losses = network(), []
    optimizer = torch.optim.Adam(net.parameters())
    for x_NF, label_N in batches():
        optimizer.zero_grad()
        loss = cross_entropy(net(x_NF), label_N)
        torch.autograd.backward(loss)
        optimizer.step()
        losses.append(loss.item())
    return losses


def by_hand() -> Losses:
    net, losses = network(), []
    for x_NF, label_N in batches():
        loss = functional.cross_entropy(net(x_NF), label_N)
        net.zero_grad()
        loss.backward()
        with torch.no_grad():
            for param in net.parameters():
                param -= 0.1 * param.grad
        losses.append(loss.item())
    return losses


def dropout() -> Losses:
    return fit(network(nn.Dropout(0.3)))


def batch_norm() -> Losses:
    net = network(nn.BatchNorm1d(16))
    losses = fit(net)
    return [*losses, *net[1].running_mean.tolist(), net[1].num_batches_tracked.item()]


def random_activation() -> Losses:
    return fit(network(nn.RReLU()))


def shuffled() -> Losses:
    x_NF, label_N = next(batches(1, 100))
    net, losses = network(nn.Dropout(0.2)), []
    optimizer = torch.optim.AdamW(net.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.01, total_steps=50)
    for _ in range(5):
        net.train()
        for x, y in DataLoader(TensorDataset(x_NF, label_N), batch_size=16, shuffle=True):
            optimizer.zero_grad()
            loss = nn.CrossEntropyLoss(label_smoothing=0.1)(net(x), y)
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
        net.eval()
        with torch.no_grad():
            losses.append(functional.cross_entropy(net(x_NF), label_N).item())
    return losses


def workers() -> Losses:
    x_NF, label_N = next(batches(1, 64))
    net, losses = network(), []
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(2):
        for x, y in DataLoader(TensorDataset(x_NF, label_N), batch_size=16, shuffle=True, num_workers=2):
            optimizer.zero_grad()
            loss = functional.cross_entropy(net(x), y)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses


def two_players() -> Losses:
    maker, judge = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2)), nn.Sequential(nn.Linear(2, 1))
    makes = torch.optim.Adam(maker.parameters(), lr=1e-3, betas=(0.5, 0.999))
    judges, losses = torch.optim.Adam(judge.parameters(), lr=1e-3), []
    say = functional.binary_cross_entropy_with_logits
    for _ in range(STEPS):
        real, fake = torch.randn(16, 2), maker(torch.randn(16, 4))
        loss = say(judge(real), torch.ones(16, 1)) + say(judge(fake.detach()), torch.zeros(16, 1))
        judges.zero_grad()
        loss.backward()
        judges.step()
        loss = say(judge(fake), torch.ones(16, 1))
        makes.zero_grad()
        loss.backward()
        makes.step()
        losses.append(loss.item())
    return losses


def half() -> Losses:
    net, losses = network(), []
    optimizer, scaler = torch.optim.SGD(net.parameters(), lr=0.1), torch.amp.GradScaler("cpu", init_scale=1024.0)
    for x_NF, label_N in batches():
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16):
            loss = functional.cross_entropy(net(x_NF), label_N)
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()
        losses.append(loss.item())
    return losses


def closure() -> Losses:
    net, losses = network(), []
    optimizer = torch.optim.LBFGS(net.parameters(), max_iter=4)
    for x_NF, label_N in batches(6):

        def again(x: Tensor = x_NF, y: Tensor = label_N) -> Tensor:
            optimizer.zero_grad()
            loss = functional.cross_entropy(net(x), y)
            loss.backward()
            losses.append(loss.item())
            return loss

        optimizer.step(again)
    return losses


def accumulated() -> Losses:
    net, losses = network(), []
    optimizer = torch.optim.Adam(net.parameters())
    for number, (x_NF, label_N) in enumerate(batches(40), 1):
        loss = functional.cross_entropy(net(x_NF), label_N) / 4
        loss.backward()
        if number % 4 == 0:
            optimizer.step()
            optimizer.zero_grad(set_to_none=False)
        losses.append(loss.item())
    return losses


def compiled() -> Losses:
    net = network(nn.BatchNorm1d(16))
    return [*fit(torch.compile(net, backend="eager")), *net[1].running_mean.tolist()]


def scripted() -> Losses:
    return fit(torch.jit.script(network()))


def remembered() -> Losses:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body, self.head = nn.Sequential(nn.Linear(8, 16), nn.Dropout(0.2), nn.ReLU()), nn.Linear(16, 4)

        def forward(self, x: Tensor) -> Tensor:
            return self.head(checkpoint(self.body, x, use_reentrant=False))

    return fit(Net())


TRAININGS = [
    bare, by_its_name, by_hand, dropout, batch_norm, random_activation, shuffled, workers, two_players, half, closure,
    accumulated, compiled, scripted, remembered,
]  # fmt: skip


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.parametrize("training", TRAININGS)
def test_a_watched_training_has_the_same_bits(training: Callable[[], Losses], watched) -> None:
    def run() -> None:
        torch.manual_seed(3)
        random.seed(3)
        numpy.random.seed(3)
        told.append([*training(), torch.rand(1).item(), random.random(), numpy.random.rand()])

    told: list[Losses] = []
    run()
    outcome = watched(run)
    assert told[0] == told[1]
    assert outcome.history.updates and outcome.history.readings
