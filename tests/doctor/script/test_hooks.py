"""The watch is let into PyTorch and taken out again; strange networks come through unharmed."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules import module as modules
from torch.optim import Optimizer, lr_scheduler
from torch.optim import optimizer as optimizers
from torch.utils.data import DataLoader

from pellucid.doctor.script.hooks import installed
from pellucid.doctor.script.watch import Watch


def state() -> list[object]:
    """Everything of PyTorch that the watch changes."""
    hooks = [
        len(value) for name, value in sorted(vars(modules).items()) if name.startswith("_global_") and "_hooks" in name
    ]
    hooks += [len(optimizers._global_optimizer_pre_hooks), len(optimizers._global_optimizer_post_hooks)]
    classes = (Optimizer, lr_scheduler.LRScheduler, nn.Module, DataLoader, torch.no_grad, torch.amp.GradScaler)
    methods = [
        vars(cls).get(name) for cls in classes for name in ("__init__", "__enter__", "__iter__", "train", "step")
    ]
    functions = [functional.cross_entropy, torch.autograd.backward, torch.compile, torch.jit.script]
    return [*hooks, *methods, *functions, nn.utils.clip_grad_norm_]


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.out = nn.Linear(6, 5), nn.Linear(5, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.hidden(x).relu())


def train(net: nn.Module, steps: int = 30) -> list[float]:
    optimizer, losses = torch.optim.SGD(net.parameters(), lr=0.05), []
    for _ in range(steps):
        loss = functional.cross_entropy(net(torch.randn(8, 6)), torch.arange(8) % 3)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def test_nothing_is_left_behind() -> None:
    before = state()
    with installed(Watch()):
        assert state() != before
        train(Net())
    assert state() == before


def test_what_others_put_in_its_place_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    watch, original = Watch(), functional.cross_entropy
    with installed(watch):
        ours = functional.cross_entropy

        def theirs(*args: object) -> Tensor:
            return ours(*args)

        functional.cross_entropy = theirs
    try:
        assert functional.cross_entropy is theirs
        train(Net(), 3)
        assert not watch.past.passed and not watch.losses.pending
    finally:
        functional.cross_entropy = original


def compiled_loss() -> list[float]:
    net, losses = Net(), []
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)

    @torch.compile(backend="eager")
    def loss_of(x_NF: Tensor, label_N: Tensor) -> Tensor:
        return functional.cross_entropy(net(x_NF), label_N)

    for _ in range(10):
        loss = loss_of(torch.randn(8, 6), torch.arange(8) % 3)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def per_example() -> list[float]:
    net = Net()
    params = {name: param.detach() for name, param in net.named_parameters()}

    def one(params: dict[str, Tensor], x_F: Tensor, label: Tensor) -> Tensor:
        return functional.cross_entropy(torch.func.functional_call(net, params, (x_F[None],)), label[None])

    found = torch.func.vmap(torch.func.grad(one), (None, 0, 0))(params, torch.randn(8, 6), torch.arange(8) % 3)
    return [found["out.bias"].sum().item(), *train(net)]


def complex_weights() -> list[float]:
    class Waves(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.randn(6, 3, dtype=torch.cfloat))

        def forward(self, x: Tensor) -> Tensor:
            return (x.cfloat() @ self.weight).abs()

    return train(Waves())


def raised_inside() -> list[float]:
    class Odd(Net):
        def forward(self, x: Tensor) -> Tensor:
            if x[0, 0] > 0:
                raise ValueError("odd")
            return super().forward(x)

    told, net = [], Odd()
    for _ in range(6):
        try:
            told += train(net, 4)
        except ValueError:
            told.append(-1.0)
    return told


def in_a_thread() -> list[float]:
    told: list[float] = []
    thread = threading.Thread(target=lambda: told.extend(train(Net())))
    thread.start()
    thread.join()
    return told


def sparse_rows() -> list[float]:
    net, losses = nn.Sequential(nn.EmbeddingBag(20, 6, sparse=True), nn.Linear(6, 3)), []
    rare, usual = torch.optim.SparseAdam(net[0].parameters()), torch.optim.Adam(net[1].parameters())
    for _ in range(10):
        loss = functional.cross_entropy(net(torch.randint(20, (8, 2))), torch.arange(8) % 3)
        rare.zero_grad()
        usual.zero_grad()
        loss.backward()
        rare.step()
        usual.step()
        losses.append(loss.item())
    return losses


def empty_batches() -> list[float]:
    net, losses = Net(), []
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
    for step in range(12):
        x_NF = torch.randn(0 if step % 3 == 2 else 8, 6)
        loss = functional.cross_entropy(net(x_NF), torch.arange(len(x_NF)) % 3, reduction="sum")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


STRANGE = [compiled_loss, per_example, complex_weights, raised_inside, in_a_thread, sparse_rows, empty_batches]


@pytest.mark.parametrize("training", STRANGE)
def test_strange_trainings_go_on_as_if_nobody_watched(training: Callable[[], list[float]], watched) -> None:
    def run() -> None:
        torch.manual_seed(2)
        torch._dynamo.reset()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            told.append(training())

    told: list[list[float]] = []
    run()
    assert watched(run).history.updates
    assert told[0] == told[1]


def test_a_scaler_that_leaves_steps_out_is_told(watched) -> None:
    def run() -> None:
        net = Net()
        optimizer, scaler = torch.optim.SGD(net.parameters(), lr=0.1), torch.amp.GradScaler("cpu", init_scale=2.0)
        for step in range(8):
            loss = functional.cross_entropy(net(torch.randn(8, 6)), torch.arange(8) % 3)
            optimizer.zero_grad()
            scaler.scale(loss * (float("inf") if step % 2 else 1.0)).backward()
            scaler.step(optimizer)
            scaler.update()

    history = watched(run).history
    assert next(history.seen("step-skipped")).values["share"] == 0.5 and len(history.updates) == 8
