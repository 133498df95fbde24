"""Which layers run, in which mode, on what."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from pellucid.doctor.history import Fact, History
from pellucid.doctor.script.watch import Outcome


def train(net: nn.Module, steps: int = 8, look: int = 0) -> None:
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for step in range(steps):
        x_NF = torch.randn(12, 6)
        loss = functional.mse_loss(net(x_NF), x_NF[:, :1])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if look and step % 4 == 3:
            with torch.no_grad():
                for _ in range(look):
                    net(x_NF)


def facts(history: History, kind: str) -> list[Fact]:
    return list(history.seen(kind))


def test_layers_are_in_the_order_in_which_they_run(watched) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.last, self.first = nn.Linear(4, 1), nn.Linear(6, 4)

        def forward(self, x: Tensor) -> Tensor:
            return self.last(functional.relu(self.first(x)))

    history = watched(lambda: train(Net())).history
    assert [layer.name for layer in history.layers] == ["first", "last"]
    assert history.layers[0].line.startswith("test_activity.py:")
    assert {"deviation", "mean", "largest", "silent"} <= history.readings[0].layers["first"].keys()
    assert "dead" in history.readings[-1].layers["first"]


def test_a_layer_that_is_put_in_later_is_no_stranger(watched) -> None:
    def swap() -> None:
        net = nn.Sequential(nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 1))
        train(net)
        net[2] = nn.Linear(4, 1)
        train(net)

    assert facts(watched(swap).history, "unregistered") == []


def test_layers_in_a_list_are_strangers(watched) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.hidden, self.out = [nn.Linear(6, 4)], nn.Linear(4, 1)

        def forward(self, x: Tensor) -> Tensor:
            return self.out(self.hidden[0](x))

    assert [fact.values["owner"] for fact in facts(watched(lambda: train(Net())).history, "unregistered")] == [
        "Net"
    ] * 2


def test_modes_are_told(watched) -> None:
    def net() -> nn.Module:
        return nn.Sequential(nn.Linear(6, 4), nn.Dropout(0.2), nn.Linear(4, 1))

    seen: Outcome = watched(lambda: train(net().eval()))
    assert facts(seen.history, "trained-in-eval")[0].values == {"module": "Dropout", "steps": 8}
    assert facts(seen.history, "dropout")[0].values == {"share": 0.2}
    seen = watched(lambda: train(net(), look=3))
    assert facts(seen.history, "evaluated-in-train")[0].values == {"batches": 3, "module": "Dropout"}


def test_the_first_batches_are_described_whole(watched) -> None:
    net = nn.Sequential(nn.Linear(6, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))
    history = watched(lambda: train(net)).history
    given = facts(history, "input")
    assert len(given) == 8 and all((fact.values["rows"], fact.values["features"]) == (12, 6) for fact in given)
    assert abs(float(given[0].values["deviation"]) - 1) < 0.3 and given[0].values["normalised"] == 0
    assert facts(history, "batch-norm-small")[0].values == {"batch": 12, "values": 12}


def test_a_unit_that_is_silent_on_five_batches_is_dead(watched) -> None:
    net = nn.Sequential(nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 1))
    with torch.no_grad():
        net[0].bias[:2] = -100.0
    assert watched(lambda: train(net)).history.readings[-1].layers["1"]["dead"] >= 0.5


def test_what_a_layer_gives_in_a_container_is_seen(watched) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.memory, self.out = nn.GRU(6, 5, batch_first=True), nn.Linear(5, 1)

        def forward(self, x: Tensor) -> Tensor:
            return self.out(self.memory(x[:, None])[0][:, 0])

    assert "deviation" in watched(lambda: train(Net())).history.readings[0].layers["memory"]


def test_what_is_evaluated_is_described_as_well(watched) -> None:
    def judge() -> None:
        net = nn.Sequential(nn.Linear(6, 1))
        train(net)
        net.eval()
        with torch.no_grad():
            net(255 * torch.rand(12, 6))

    (fact,) = facts(watched(judge).history, "judged-input")
    assert 60 < fact.values["deviation"] < 90 and 100 < fact.values["mean"] < 155


def test_steps_of_several_batches_tell_the_noise_of_their_gradients(watched) -> None:
    def accumulate(parts: int) -> None:
        net = nn.Linear(6, 1)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
        for _ in range(6):
            optimizer.zero_grad()
            for _ in range(parts):
                x_NF = torch.randn(12, 6)
                functional.mse_loss(net(x_NF), x_NF[:, :1]).backward()
            optimizer.step()

    noted = facts(watched(lambda: accumulate(3)).history, "noise")
    assert len(noted) == 6 and all(fact.values["parts"] == 3 for fact in noted)
    assert all(0 < fact.values["part"] < fact.values["whole"] for fact in noted)
    assert facts(watched(lambda: accumulate(1)).history, "noise") == []
