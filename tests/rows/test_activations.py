"""Rows B1 to B11: what each activation function promises."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from pellucid.errors import RecipeError
from pellucid.nn import init
from pellucid.nn.activation_parts import (
    ELU,
    Activation,
    Identity,
    LeakyReLU,
    Own,
    PReLU,
    ReLU,
    Sigmoid,
    Softmax,
    Swish,
    Tanh,
    Threshold,
)
from pellucid.nn.activations import Threshold as Step
from pellucid.nn.blocks import Dense
from pellucid.seeds import generator

torch.set_num_threads(1)
X = torch.linspace(-8, 8, 4001, dtype=torch.float64)


def slope(part: Activation, x: torch.Tensor = X) -> tuple[torch.Tensor, torch.Tensor]:
    """(value, derivative) of an activation at x."""
    x = x.clone().requires_grad_()
    y = part.build().double()(x)
    return y.detach(), torch.autograd.grad(y.sum(), x)[0]


def stack(part: Activation, seed: int, *, depth: int = 3, width: int = 64) -> nn.Sequential:
    """Dense blocks with the same weights for every activation: He's start from one named stream."""
    layers = [Dense(nn.Linear(width, width), activation=part.build()) for _ in range(depth)]
    for position, layer in enumerate(layers):
        init.he(layer.linear.weight, generator(seed, "init", position))
        nn.init.zeros_(layer.linear.bias)
    return nn.Sequential(*layers)


def activations(part: Activation, seed: int) -> list[torch.Tensor]:
    """The output of every block for the same normal inputs."""
    x = torch.randn(256, 64, generator=generator(seed, "input"))
    found = []
    for layer in stack(part, seed):
        x = layer(x).detach()
        found.append(x)
    return found


@pytest.mark.row("B1")
def test_threshold_is_exact_and_refuses_training_with_a_reason():
    x = torch.tensor([-2.0, -1e-9, 0.0, 1e-9, 3.0])
    assert Step()(x).tolist() == [0, 0, 1, 1, 1]
    with pytest.raises(RecipeError, match="gradient 0 everywhere") as caught:
        Threshold().build()
    assert caught.value.code == "RECIPE-THRESHOLD" and "straight_through: true" in (caught.value.hint or "")
    value, gradient = slope(Threshold(straight_through=True))
    assert torch.equal(value, (X >= 0).double()) and torch.equal(gradient, torch.ones_like(X))


@pytest.mark.row("B2")
def test_identity_is_linear():
    value, gradient = slope(Identity())
    assert torch.equal(value, X) and torch.equal(gradient, torch.ones_like(X))


@pytest.mark.row("B3")
def test_sigmoid_and_its_derivative():
    value, gradient = slope(Sigmoid())
    assert ((value > 0) & (value < 1)).all()
    torch.testing.assert_close(gradient, value * (1 - value), atol=1e-7, rtol=0)
    assert gradient.max().item() == pytest.approx(0.25, abs=1e-12) and X[gradient.argmax()].abs() < 1e-9


@pytest.mark.row("B4")
def test_tanh_and_its_derivative_and_centre():
    value, gradient = slope(Tanh())
    assert ((value > -1) & (value < 1)).all()
    torch.testing.assert_close(gradient, 1 - value.square(), atol=1e-7, rtol=0)
    for seed in range(5):
        for tanh, sigmoid in zip(activations(Tanh(), seed), activations(Sigmoid(), seed), strict=True):
            assert tanh.mean().abs() < sigmoid.mean().abs() / 5


@pytest.mark.row("B5")
def test_relu_derivative_and_sparsity():
    value, gradient = slope(ReLU())
    assert torch.equal(value, X.clamp(min=0)) and set(gradient.unique().tolist()) == {0, 1}
    for seed in range(5):
        shares = [(layer == 0).double().mean().item() for layer in activations(ReLU(), seed)]
        assert all(0.3 < share < 0.7 for share in shares)
        assert all((layer == 0).double().mean() < 0.01 for layer in activations(Tanh(), seed))


@pytest.mark.row("B6")
def test_leaky_relu_passes_a_hundredth_and_revives_a_dead_unit():
    _, gradient = slope(LeakyReLU())
    assert torch.allclose(gradient[X < 0], torch.tensor(0.01).double(), atol=1e-12)
    x = torch.randn(64, 3, generator=generator(0, "input"))
    target = x.sum(1, keepdim=True).relu()

    def revived(part: Activation) -> tuple[bool, float]:
        """(whether the unit is above 0 for any row again, loss over the loss of the best constant)."""
        network = nn.Sequential(Dense(nn.Linear(3, 1), activation=part.build()), nn.Linear(1, 1))
        with torch.no_grad():
            network[0].linear.weight.fill_(1.0)
            network[0].linear.bias.fill_(-8.0)  # below 0 for every row: the unit is dead
            network[1].weight.fill_(1.0)
            network[1].bias.zero_()
        assert (network[0].linear(x) < 0).all()
        optimizer = torch.optim.Adam(network.parameters(), lr=0.05)
        for _ in range(1000):
            optimizer.zero_grad()
            loss = (network(x) - target).square().mean()
            loss.backward()
            optimizer.step()
        return bool((network[0].linear(x) > 0).any()), (loss / target.var(correction=0)).item()

    assert revived(ReLU()) == (False, pytest.approx(1, abs=1e-3))
    alive, share = revived(LeakyReLU())
    assert alive and share < 0.1, share


@pytest.mark.row("B7")
def test_prelu_learns_alpha():
    module = PReLU().build().double()
    (alpha,) = module.parameters()
    x = torch.linspace(-2, 2, 40, dtype=torch.float64)
    loss = lambda: (module(x) - x).square().mean()  # noqa: E731 - one expression, used three times
    (gradient,) = torch.autograd.grad(loss(), alpha)
    with torch.no_grad():
        alpha.add_(1e-6)
        above = loss()
        alpha.sub_(2e-6)
        below = loss()
        alpha.add_(1e-6)
    assert gradient.item() == pytest.approx(((above - below) / 2e-6).item(), abs=1e-5)
    optimizer = torch.optim.SGD([alpha], lr=0.5)
    for _ in range(200):
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()
    assert alpha.item() == pytest.approx(1, abs=1e-3)


@pytest.mark.row("B8")
def test_elu_keeps_the_mean_nearer_zero_than_relu():
    value, gradient = slope(ELU())
    torch.testing.assert_close(value, torch.where(X > 0, X, X.exp() - 1))
    torch.testing.assert_close(gradient, torch.where(X > 0, torch.ones_like(X), X.exp()))
    for seed in range(5):
        for elu, relu in zip(activations(ELU(), seed), activations(ReLU(), seed), strict=True):
            assert elu.mean().abs() < relu.mean().abs()


@pytest.mark.row("B9")
def test_swish_is_bounded_below_and_not_monotonic():
    value, gradient = slope(Swish())
    assert value.min().item() == pytest.approx(-0.278, abs=1e-3)
    assert X[value.argmin()].item() == pytest.approx(-1.278, abs=4e-3)
    assert (gradient < 0).any() and (gradient > 0).any()
    _, bend = slope(Swish(), X[1:-1])
    assert bend.diff().abs().max() < 0.01  # smooth: no jump in the derivative


@pytest.mark.row("B10")
def test_softmax_sums_to_one_and_is_stable():
    module = Softmax().build()
    x = torch.randn(100, 10, generator=generator(0, "input"))
    for logits in (x, 1e4 * x):
        y = module(logits)
        assert y.isfinite().all() and (y.sum(1) - 1).abs().max() < 1e-6
        assert torch.equal(y.argmax(1), logits.argmax(1))


@pytest.mark.row("B11")
def test_a_persons_own_function_is_checked_named_and_trained_with(tmp_path):
    file = tmp_path / "bent.py"
    file.write_text("import torch\n\ndef bent(x):\n    return torch.sqrt(x * x + 1) - 1 + x\n")
    names: dict[str, object] = {}
    exec(compile(file.read_text(), str(file), "exec"), names)  # noqa: S102 - the test wrote the file itself
    part = Own(name="bent", function=names["bent"])  # pyright: ignore[reportArgumentType]
    network = stack(part, 0)
    assert "bent" in repr(network) and part.dump() == {"kind": "own", "name": "bent"}
    network(torch.randn(4, 64)).sum().backward()
    assert all(weight.grad is not None and weight.grad.any() for weight in network.parameters())
    with pytest.raises(RecipeError, match='"spike" is not finite at x'):
        Own(name="spike", function=lambda x: x / (x > 0)).build()
