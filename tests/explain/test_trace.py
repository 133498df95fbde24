"""The trace: which layers it keeps, who made what, and slopes."""

from __future__ import annotations

import torch
from torch import nn

from pellucid.data.batch import Batch
from pellucid.explain.trace import trace
from pellucid.losses.parts import CrossEntropy
from pellucid.network.assemble import Network
from pellucid.nn.activations import Own
from pellucid.nn.blocks import Dense
from pellucid.nn.noise import Dropout
from pellucid.tasks.classification import Classification

TASK = Classification(loss=CrossEntropy())


def build(*blocks: nn.Module, bridge: nn.Module | None = None) -> Network:
    torch.manual_seed(0)
    return Network(
        intake=nn.Identity(), trunk=nn.Sequential(*blocks), bridge=bridge or nn.Identity(), head=nn.Linear(4, 3)
    )


def one() -> Batch:
    return Batch(torch.tensor([[0.5, -1.0, 2.0, 0.25]]), torch.tensor([1]))


def test_containers_that_only_hand_on_are_left_out_and_a_sum_is_kept():
    plain = Dense(nn.Linear(4, 4), activation=nn.Tanh())
    adding = Dense(nn.Linear(4, 4), activation=nn.Tanh(), residual=True)
    steps, _ = trace(build(plain, adding), one(), TASK)
    assert [step.name for step in steps] == [
        "trunk.0.linear", "trunk.0.activation", "trunk.1.linear", "trunk.1.activation", "trunk.1", "head",
    ]  # fmt: skip
    assert torch.equal(steps[4].output, steps[1].output + steps[3].output)
    assert steps[5].source is steps[4] and steps[0].source is None


def test_dropout_is_told_as_unchanged_and_the_mode_is_put_back():
    network = build(Dense(nn.Linear(4, 4), activation=nn.ReLU(), dropout=Dropout(0.5))).train()
    steps, output = trace(network, one(), TASK)
    dropout = next(step for step in steps if step.kind == "Dropout")
    assert not dropout.changed and torch.equal(dropout.output, steps[1].output)
    assert network.training and not output.requires_grad
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in network.modules())
    assert all(parameter.grad is None for parameter in network.parameters())


def test_a_layer_in_place_does_not_rewrite_what_came_before_it():
    steps, _ = trace(build(nn.Linear(4, 4), nn.ReLU(inplace=True)), one(), TASK)
    assert [step.kind for step in steps] == ["Linear", "ReLU", "Linear"]
    assert (steps[0].output < 0).any() and torch.equal(steps[0].output.relu(), steps[1].output)
    assert steps[1].source is steps[0] and steps[2].source is steps[1]


def test_an_own_activation_goes_by_its_name_even_if_it_is_a_module():
    for function in (torch.sin, nn.PReLU()):
        steps, _ = trace(build(Dense(nn.Linear(4, 4), activation=Own("wave", function))), one(), TASK)
        assert [step.kind for step in steps] == ["Linear", "wave", "Linear"]


def test_the_slope_of_the_head_is_softmax_minus_target():
    steps, output = trace(build(nn.Linear(4, 4)), one(), TASK)
    wanted = output.softmax(1) - torch.tensor([[0.0, 1.0, 0.0]])
    assert steps[-1].slope is not None
    torch.testing.assert_close(steps[-1].slope, wanted)


def test_without_a_target_there_are_no_slopes():
    steps, _ = trace(build(nn.Linear(4, 4)), Batch(one().input, None), TASK)
    assert all(step.slope is None for step in steps)
