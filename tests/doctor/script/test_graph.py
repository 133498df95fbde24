"""What the graph behind a loss tells."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from pellucid.doctor.script import graph


def nobody(param: torch.Tensor) -> str:
    return ""


def test_what_made_a_tensor_is_seen_through_reshaping() -> None:
    x = torch.randn(3, 4, requires_grad=True)
    found, _ = graph.producer((x * 2).softmax(1).reshape(12).unsqueeze(0))
    assert found == {"producer": "Softmax", "softmax_dim": 1, "softmax_size": 4}
    assert graph.producer(torch.zeros(2))[0] == {"producer": ""}


def test_the_leaves_are_what_gets_gradients() -> None:
    net = nn.Linear(3, 2)
    assert {id(leaf) for leaf in graph.leaves(net(torch.randn(4, 3)).sum().grad_fn)} == set(map(id, net.parameters()))


def test_losses_behind_a_backward_pass_are_told_from_others() -> None:
    x = torch.randn(3, requires_grad=True)
    inside, outside = x.sum(), (x * 3).mean()
    numbers = {one.grad_fn._sequence_nr() for one in (inside, outside)}
    assert graph.behind((inside * 2).grad_fn, numbers) == {inside.grad_fn._sequence_nr()}
    assert graph.behind(inside.grad_fn, set()) == set()


def test_the_layer_that_made_an_output_is_named() -> None:
    net = nn.Linear(3, 2)
    assert graph.owner(net(torch.randn(4, 3)).relu().grad_fn, lambda param: "head") == "head"


def test_the_first_operation_that_is_not_finite_is_found() -> None:
    x = torch.tensor([1.0, 0.0], requires_grad=True)
    assert graph.not_finite((x.log() * x).sum().grad_fn, nobody)["operation"] == "Log"
    rows = torch.ones(3, 2)
    rows[1, 0] = float("nan")
    found = graph.not_finite(nn.Linear(2, 1)(rows).sum().grad_fn, nobody)
    assert (found["what"], found["batch_row"]) == ("input", 1)


def test_a_mean_of_all_pairs_is_seen() -> None:
    given = nn.Linear(2, 1)(torch.randn(5, 2))
    assert graph.stretched(((given - torch.randn(5)) ** 2).mean().grad_fn) == ("5x1", "5x5")
    assert graph.stretched(functional.mse_loss(given[:, 0], torch.randn(5)).grad_fn) is None
