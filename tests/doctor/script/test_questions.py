"""What is asked beside the numbers of a step."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from pellucid.doctor.history import Fact


def seen(watched, kind: str, net: nn.Module, loss_of=None, steps: int = 15, rate: float = 0.05) -> list[Fact]:
    def run() -> None:
        optimizer = torch.optim.SGD([one for one in net.parameters() if one.requires_grad], lr=rate)
        for _ in range(steps):
            x_NF = torch.randn(16, 6)
            out = net(x_NF)
            loss = loss_of(out, x_NF) if loss_of else functional.mse_loss(out, x_NF[:, :1])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            kept.append(loss if steps > 20 else loss.item())

    kept: list[object] = []
    return list(watched(run).history.seen(kind))


def net() -> nn.Sequential:
    return nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 1))


def test_rows_that_depend_on_one_another_are_seen(watched) -> None:
    class Over(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.out = nn.Linear(6, 1)

        def forward(self, x: Tensor) -> Tensor:
            return self.out(x).softmax(0)

    assert seen(watched, "leak-batch", Over())[0].values["share"] == 1.0
    assert seen(watched, "leak-batch", net()) == []


def test_what_is_frozen_is_named(watched) -> None:
    still = net()
    still[0].requires_grad_(False)
    assert [(fact.place, fact.values["share"]) for fact in seen(watched, "frozen", still)] == [("0", 0.5)]


def test_a_loss_that_goes_up_is_seen(watched) -> None:
    flipped = seen(watched, "sign", net(), lambda out, x: -functional.mse_loss(out, x[:, :1]))
    assert flipped[0].values == {"worse": 1.0, "probes": 10, "flipped": 1}
    assert seen(watched, "sign", net())[0].values["worse"] == 0.0


def test_the_operation_that_made_no_number_is_named(watched) -> None:
    found = seen(watched, "not-finite", net(), lambda out, x: ((out - out.detach()).log() * out).mean(), steps=2)
    assert (found[0].values["operation"], found[0].step) == ("Log", 0)


def test_graphs_that_are_kept_are_counted(watched) -> None:
    assert seen(watched, "memory", net(), steps=25)[0].values["growth"] >= 10
    assert seen(watched, "memory", net()) == []


def test_the_start_is_described(watched) -> None:
    found = seen(watched, "start", net())
    assert [fact.place for fact in found] == ["0", "1", "2"] and all(fact.values["deviation"] > 0 for fact in found)
