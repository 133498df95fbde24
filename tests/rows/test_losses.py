"""Rows C1, C2 and C12: losses equal their formulas, and gradients the chain rule's."""

from __future__ import annotations

import math

import pytest
import torch
from sklearn.metrics import log_loss
from torch import nn

from pellucid.forms import grid, vector
from pellucid.losses.loss import reduce
from pellucid.losses.parts import MSE, CrossEntropy
from pellucid.nn.activation_parts import Activation, Own
from pellucid.nn.blocks import ConvBlock, Dense
from pellucid.nn.catalogue_activations import KINDS as ACTIVATIONS
from pellucid.nn.noise import Dropout, GaussianNoise, Noisy, share_draw
from pellucid.nn.norm import norm
from pellucid.parts import concrete
from pellucid.seeds import Draw, generator

torch.set_num_threads(1)


@pytest.mark.row("C1")
def test_mean_squared_error_equals_its_formula_and_reaches_least_squares():
    output, target = torch.tensor([[1.0], [2.0], [4.0]]), torch.tensor([[1.0], [0.0], [1.0]])
    assert reduce(MSE().per_example(output, target), None).item() == pytest.approx((0 + 4 + 9) / 3)
    x = torch.randn(200, 5, generator=generator(0, "input")) + 1
    y = x @ torch.tensor([[2.0], [-1.0], [0.5], [0.0], [3.0]]) + 4
    y = y + torch.randn(200, 1, generator=generator(0, "noise"))
    closed = torch.linalg.lstsq(torch.cat([x, torch.ones(200, 1)], dim=1).double(), y.double()).solution
    network = nn.Linear(5, 1)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9)
    for _ in range(1500):
        optimizer.zero_grad()
        reduce(MSE().per_example(network(x), y), None).backward()
        optimizer.step()
    learnt = torch.cat([network.weight.detach()[0], network.bias.detach()])
    assert (learnt.double() - closed[:, 0]).abs().max() < 1e-4


@pytest.mark.row("C2")
def test_cross_entropy_equals_log_loss_and_softmax_twice_has_its_floor():
    output = 3 * torch.randn(300, 10, generator=generator(0, "input"), dtype=torch.float64)
    target = torch.randint(0, 10, (300,), generator=generator(0, "target"))
    ours = reduce(CrossEntropy().per_example(output, target), None).item()
    assert ours == pytest.approx(log_loss(target, output.softmax(1), labels=range(10)), abs=1e-9)
    perfect = nn.functional.one_hot(target, 10) * 1e4
    twice = reduce(CrossEntropy().per_example(perfect.double().softmax(1), target), None).item()
    assert twice == pytest.approx(math.log(1 + 9 / math.e)) and twice == pytest.approx(1.461, abs=1e-3)


def layers() -> dict[str, tuple[nn.Module, tuple[int, ...]]]:
    """Every layer type that is shipped, with a shape of input."""
    torch.manual_seed(0)
    found: dict[str, tuple[nn.Module, tuple[int, ...]]] = {}
    for kind in ACTIVATIONS.keys() - {"threshold", "own"}:  # a step has no gradient that numbers could check
        found[kind] = (concrete(Activation, kind).build(), (4, 3))
    found["own"] = (Own(name="bent", function=lambda x: x + x.sin()).build(), (4, 3))
    for kind in ("none", "batch", "layer", "group"):
        found[f"vector {kind}"] = (norm(kind, vector(16)), (4, 16))
        found[f"grid {kind}"] = (norm(kind, grid(16, 2, 2)), (3, 16, 2, 2))
    found["dropout"], found["noise"] = (Dropout(0.4), (4, 3)), (GaussianNoise(0.4), (4, 3))
    found["dense"] = (
        Dense(
            nn.Linear(4, 4), norm=norm("batch", vector(4)), activation=nn.Tanh(), dropout=Dropout(0.4), residual=True
        ),
        (5, 4),
    )
    for name, pool in (("max", nn.MaxPool2d(2)), ("average", nn.AvgPool2d(2))):
        block = ConvBlock(
            nn.Conv2d(2, 3, 3), norm=norm("group", grid(3, 4, 4)), activation=nn.SiLU(), pool=pool, dropout=Dropout(0.4)
        )
        found[f"conv {name}"] = (block, (2, 2, 6, 6))
    return found


@pytest.mark.row("C12")
@pytest.mark.parametrize("name", sorted(layers()))
def test_back_propagation_equals_numeric_gradients(name: str):
    module, shape = layers()[name]
    module = module.double()
    draw = Draw(0, "step")
    share_draw(module, draw)
    assert all(layer.draw is draw for layer in module.modules() if isinstance(layer, Noisy))
    names = [name for name, _ in module.named_parameters()]
    # numbers away from the corners of the rectifiers, where no derivative exists
    x = torch.randn(shape, generator=generator(1, "input"), dtype=torch.float64)
    x = (x + 0.05 * x.sign()).requires_grad_()

    def forward(x: torch.Tensor, *parameters: torch.Tensor) -> torch.Tensor:
        draw.at(1)
        return torch.func.functional_call(module, dict(zip(names, parameters, strict=True)), (x,))

    assert torch.autograd.gradcheck(forward, (x, *module.parameters()))
