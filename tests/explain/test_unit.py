"""One unit opened: the sum by hand, names of inputs, patches under filters, and what is refused."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from pellucid.data.batch import Batch
from pellucid.errors import UsageError
from pellucid.explain.trace import trace
from pellucid.explain.unit import choose, labels, opened, places
from pellucid.losses.parts import CrossEntropy
from pellucid.network.assemble import Network
from pellucid.network.bridges import Average
from pellucid.nn.blocks import ConvBlock, Dense
from pellucid.tasks.classification import Classification

TASK = Classification(loss=CrossEntropy())


def seen(trunk: nn.Module, width: int, row: torch.Tensor, bridge: nn.Module | None = None):
    network = Network(intake=nn.Identity(), trunk=trunk, bridge=bridge or nn.Identity(), head=nn.Linear(width, 3))
    return trace(network, Batch(row, torch.tensor([1])), TASK)[0]


def test_a_unit_by_hand():
    linear = nn.Linear(2, 1)
    with torch.no_grad():
        linear.weight.copy_(torch.tensor([[2.0, -4.0]]))
        linear.bias.fill_(0.5)
    steps = seen(Dense(linear, activation=nn.ReLU()), 1, torch.tensor([[3.0, 1.0]]))
    unit = opened(steps, choose(steps, "trunk.linear"), 0, ["age", "debt"])
    assert [(term["input"], term["product"]) for term in unit["contributions"]] == [("age", 6.0), ("debt", -4.0)]
    assert (unit["sum"], unit["bias"], unit["weighted_sum"], unit["tensor"], unit["output"]) == (
        2.0,
        0.5,
        2.5,
        2.5,
        2.5,
    )
    assert unit["equal"] and unit["difference"] == 0 and unit["activation"] == "ReLU"


def test_the_norm_between_sum_and_activation_is_followed():
    steps = seen(Dense(nn.Linear(3, 4), norm=nn.LayerNorm(4), activation=nn.Tanh()), 4, torch.randn(1, 3))
    unit = opened(steps, steps[0], 2, [])
    assert [item["kind"] for item in unit["then"]] == ["LayerNorm", "Tanh"]
    assert unit["output"] == pytest.approx(steps[2].output[0, 2].item())
    head = opened(steps, choose(steps, "head"), 0, [])
    assert head["activation"] is None and head["then"] == [] and head["from"] == "trunk.activation"


@pytest.mark.parametrize(
    "conv",
    [
        nn.Conv2d(2, 4, 3, padding=1),
        nn.Conv2d(2, 4, (3, 2), stride=2, padding=(2, 1), bias=False),
        nn.Conv2d(2, 4, 3, dilation=2, padding="same", groups=2),
        nn.Conv2d(2, 4, 3, padding=1, padding_mode="reflect"),
    ],
    ids=["plain", "uneven", "groups", "reflect"],
)
def test_a_filter_at_every_unit(conv: nn.Conv2d):
    steps = seen(ConvBlock(conv, activation=nn.ReLU()), 4, torch.randn(1, 2, 7, 6), Average())
    step = choose(steps, "trunk.conv")
    for number in range(4):
        unit = opened(steps, step, number, [])
        place = unit["place"]
        assert unit["tensor"] == step.output[0, number].max() == step.output[0, number, place["row"], place["column"]]
        assert unit["equal"] and unit["difference"] <= 1e-6
        patch, kernel = torch.tensor(unit["patch"]), torch.tensor(unit["filter"])
        assert patch.shape == kernel.shape == conv.weight.shape[1:]
        assert (patch * kernel).sum().item() == pytest.approx(unit["sum"], abs=1e-5)
        _labels_say_where_values_stand(steps[0].input[0], unit["contributions"])


def _labels_say_where_values_stand(x_CHW: torch.Tensor, terms: list[dict]):
    for term in terms:
        if "padding" not in term["input"]:
            words = term["input"].replace(",", "").split()
            where = {words[at]: int(words[at + 1]) for at in range(0, len(words), 2)}
            # a group of one channel has no channel in its labels
            channels = [where["channel"]] if "channel" in where else range(len(x_CHW))
            assert any(x_CHW[channel, where["row"], where["column"]] == term["value"] for channel in channels)


def test_names_of_inputs():
    assert labels(None, 2, ["age", "debt"]) == ["age", "debt"]
    assert labels(None, 2, []) == ["input 0", "input 1"]
    assert places((1, 1, 2)) == ["row 0, column 0", "row 0, column 1"]
    assert places((2, 1, 1)) == ["channel 0, row 0, column 0", "channel 1, row 0, column 0"]
    steps = seen(nn.Sequential(nn.Flatten(), nn.Linear(4, 4)), 4, torch.randn(1, 1, 2, 2))
    unit = opened(steps, choose(steps, None), None, [])
    assert {term["input"] for term in unit["contributions"]} == set(places((1, 2, 2)))


def test_layers_that_cannot_be_opened_are_refused_with_the_nearest():
    steps = seen(Dense(nn.Linear(3, 4), activation=nn.Tanh()), 4, torch.randn(1, 3))
    with pytest.raises(UsageError) as fault:
        choose(steps, "trunk.liner")
    assert fault.value.hint == "did you mean 'trunk.linear'?"
    with pytest.raises(UsageError, match="is a Tanh; only Linear"):
        choose(steps, "trunk.activation")
    with pytest.raises(UsageError) as fault:
        choose(steps, "trunk")
    assert fault.value.hint == "did you mean 'trunk.linear'?"
    for number in (4, -1):
        with pytest.raises(UsageError) as fault:
            opened(steps, steps[0], number, [])
        assert fault.value.hint == "units are 0 to 3"
