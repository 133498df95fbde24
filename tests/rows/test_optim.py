"""Rows of the checklist that the optimizers, penalties and constraints prove."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.linear_model import ElasticNet as ElasticNetRegression
from torch import nn

from pellucid.optim.constraints import MaxNorm
from pellucid.optim.optimizer import Optimizer
from pellucid.optim.optimizers import SGD, Adagrad, Adam, RMSProp
from pellucid.optim.penalties import L1, L2, ElasticNet
from pellucid.optim.regularize import Penalty

REAL, NOISE, ROWS = 5, 45, 400


def gradients(model: nn.Module, x_BD: torch.Tensor, y_B: torch.Tensor) -> list[torch.Tensor]:
    """The gradient of the mean squared error of one batch."""
    loss = (model(x_BD).squeeze(1) - y_B).square().mean()
    return list(torch.autograd.grad(loss, list(model.parameters())))


@pytest.fixture(scope="module")
def columns() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """x_ND with 5 columns that matter and 45 that do not, y_N, and the true weights of the 5."""
    stream = torch.Generator().manual_seed(11)
    x_ND = torch.randn(ROWS, REAL + NOISE, generator=stream)
    true_D = torch.tensor([1.5, -2.0, 1.0, -1.0, 0.8])
    return x_ND, x_ND[:, :REAL] @ true_D + 0.5 * torch.randn(ROWS, generator=stream), true_D


def fit(penalty: Penalty | None, x_ND: torch.Tensor, y_N: torch.Tensor, momentum: float = 0.5) -> torch.Tensor:
    """The weights of a linear model after gradient descent under `penalty`."""
    model = nn.Linear(x_ND.shape[1], 1)
    nn.init.normal_(model.weight, std=0.5, generator=torch.Generator().manual_seed(0))
    nn.init.zeros_(model.bias)
    params, part, rate = list(model.parameters()), SGD(momentum=momentum), 0.05
    slots = part.begin(params)
    for _ in range(800):
        grads = gradients(model, x_ND, y_N)
        with torch.no_grad():
            if penalty:
                penalty.before_step(params[:1], grads[:1])
            part.update(params, grads, slots, rate=rate, decay=0.0)
            if penalty:
                penalty.after_step(params[:1], rate / (1 - momentum))
    return model.weight.detach().flatten()


@pytest.mark.row("C5")
def test_full_batch_gradient_is_the_mean_of_the_examples_gradients() -> None:
    stream = torch.Generator().manual_seed(1)
    x_ND = torch.randn(512, 6, generator=stream, dtype=torch.float64)
    y_N = torch.randn(512, generator=stream, dtype=torch.float64)
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 1)).double()

    def flat(rows: torch.Tensor) -> torch.Tensor:
        return torch.cat([grad.flatten() for grad in gradients(model, x_ND[rows], y_N[rows])])

    full = flat(torch.arange(512))
    single = torch.stack([flat(torch.tensor([row])) for row in range(512)])
    torch.testing.assert_close(full, single.mean(0))
    spread = (single - full).square().sum(1).mean().sqrt()
    for batch in (1, 4, 16, 64):
        picks = torch.randint(512, (2000, batch), generator=stream)
        noise = (single[picks].mean(1) - full).square().sum(1).mean().sqrt()
        assert noise.item() == pytest.approx(spread.item() / batch**0.5, rel=0.1)


def adam_by_hand(w: np.ndarray, m: np.ndarray, s: np.ndarray, g: np.ndarray, t: int) -> None:
    """Kingma and Ba 2015, algorithm 1."""
    m[:] = 0.9 * m + (1 - 0.9) * g
    s[:] = 0.999 * s + (1 - 0.999) * g**2
    w -= 0.1 * (m / (1 - 0.9**t)) / (np.sqrt(s / (1 - 0.999**t)) + 1e-8)


def rmsprop_by_hand(w: np.ndarray, _: np.ndarray, s: np.ndarray, g: np.ndarray, t: int) -> None:
    """Tieleman and Hinton 2012, with alpha 0.9."""
    s[:] = 0.9 * s + (1 - 0.9) * g**2
    w -= 0.1 * g / (np.sqrt(s) + 1e-8)


def adagrad_by_hand(w: np.ndarray, _: np.ndarray, s: np.ndarray, g: np.ndarray, t: int) -> None:
    """Duchi, Hazan and Singer 2011, the diagonal form."""
    s += g**2
    w -= 0.1 * g / (np.sqrt(s) + 1e-10)


@pytest.mark.row("C6")
@pytest.mark.parametrize(
    ("part", "formula"),
    [(Adam(), adam_by_hand), (RMSProp(alpha=0.9), rmsprop_by_hand), (Adagrad(), adagrad_by_hand)],
    ids=["adam", "rmsprop", "adagrad"],
)
def test_ten_updates_equal_the_published_formulas(part: Optimizer, formula: object) -> None:
    assert callable(formula)
    random = np.random.default_rng(4)
    w, gradients_TN = random.normal(size=(6, 5)), random.normal(size=(10, 6, 5))
    m, s = np.zeros_like(w), np.zeros_like(w)
    params = [torch.from_numpy(w.copy())]
    slots = part.begin(params)
    for t, g in enumerate(gradients_TN, start=1):
        formula(w, m, s, g, t)
        part.update(params, [torch.from_numpy(g)], slots, rate=0.1, decay=0.0)
        np.testing.assert_allclose(params[0].numpy(), w, rtol=1e-9, atol=1e-12)


@pytest.mark.row("D3")
def test_l1_finds_the_columns_that_matter(columns: tuple[torch.Tensor, torch.Tensor, torch.Tensor]) -> None:
    x_ND, y_N, true_D = columns
    weight_D = fit(L1(alpha=0.2), x_ND, y_N)
    assert weight_D[REAL:].abs().max() < 1e-3
    assert (weight_D[REAL:] == 0).sum() == NOISE
    assert (weight_D[:REAL] - true_D).abs().max() < 0.2
    assert fit(None, x_ND, y_N)[REAL:].abs().max() > 0.02


@pytest.mark.row("D3")
@pytest.mark.row("D5")
@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("l2", [0.0, 0.4])
def test_the_weights_are_those_of_scikit_learn_under_every_momentum(
    columns: tuple[torch.Tensor, torch.Tensor, torch.Tensor], l2: float, momentum: float
) -> None:
    x_ND, y_N, _ = columns
    # scikit-learn halves the squared error, so its strengths are half of ours.
    judge = ElasticNetRegression(alpha=(0.2 + l2) / 2, l1_ratio=0.2 / (0.2 + l2), tol=1e-10, max_iter=100_000)
    expected = torch.from_numpy(judge.fit(x_ND.double().numpy(), y_N.double().numpy()).coef_).float()
    weight_D = fit(ElasticNet(l1=0.2, l2=l2), x_ND, y_N, momentum)
    torch.testing.assert_close(weight_D, expected, rtol=0, atol=1e-4)
    assert torch.equal(weight_D == 0, expected == 0)


@pytest.mark.slow
@pytest.mark.row("D4")
def test_weight_norm_falls_with_the_strength_of_l2(columns: tuple[torch.Tensor, torch.Tensor, torch.Tensor]) -> None:
    x_ND, y_N, _ = columns
    weights = [fit(L2(alpha=alpha), x_ND, y_N) for alpha in (0.0, 0.01, 0.1, 1.0, 10.0)]
    norms = [weight_D.norm().item() for weight_D in weights]
    assert norms == sorted(norms, reverse=True) and norms[-1] < 0.25 * norms[0]
    assert all((weight_D != 0).all() for weight_D in weights)


@pytest.mark.slow
@pytest.mark.row("D4")
def test_l2_smooths_the_boundary_of_twenty_hidden_units() -> None:
    stream = torch.Generator().manual_seed(7)
    x_BD = torch.rand(120, 2, generator=stream) * 4 - 2
    flip_B = torch.rand(120, generator=stream) < 0.15
    y_B = torch.where((x_BD[:, 1] > torch.sin(2 * x_BD[:, 0])) ^ flip_B, 1.0, -1.0)
    grid_ND = torch.cartesian_prod(torch.linspace(-2, 2, 81), torch.linspace(-2, 2, 81))

    def boundary(alpha: float) -> int:
        """Neighbouring cells of the grid on different sides of the boundary: its length in cells."""
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(2, 20), nn.Tanh(), nn.Linear(20, 1))
        params, part, penalty = list(model.parameters()), Adam(), L2(alpha=alpha)
        slots = part.begin(params)
        for _ in range(1500):
            grads = gradients(model, x_BD, y_B)
            with torch.no_grad():
                penalty.before_step([params[0], params[2]], [grads[0], grads[2]])
                part.update(params, grads, slots, rate=0.02, decay=0.0)
        with torch.no_grad():
            side = (model(grid_ND) > 0).reshape(81, 81)
        return int((side[1:] ^ side[:-1]).sum() + (side[:, 1:] ^ side[:, :-1]).sum())

    rough, smooth = boundary(0.0), boundary(0.01)
    assert 80 <= smooth < 0.8 * rough


@pytest.mark.row("D5")
def test_elastic_net_is_the_sum_and_lies_between(columns: tuple[torch.Tensor, torch.Tensor, torch.Tensor]) -> None:
    x_ND, y_N, _ = columns
    weights = {
        "l1": fit(L1(alpha=0.15), x_ND, y_N),
        "both": fit(ElasticNet(l1=0.075, l2=0.5), x_ND, y_N),
        "l2": fit(L2(alpha=1.0), x_ND, y_N),
    }
    for weight_D in weights.values():
        price = L1(alpha=0.075).value([weight_D]) + L2(alpha=0.5).value([weight_D])
        torch.testing.assert_close(ElasticNet(l1=0.075, l2=0.5).value([weight_D]), price)
    zeros = {name: int((weight_D == 0).sum()) for name, weight_D in weights.items()}
    norms = {name: weight_D.norm().item() for name, weight_D in weights.items()}
    assert zeros["l1"] > zeros["both"] > zeros["l2"] == 0
    assert norms["l1"] > norms["both"] > norms["l2"]


@pytest.mark.row("D13")
@pytest.mark.parametrize("limit", [0.5, 1.0, 3.0])
def test_row_norms_never_exceed_the_limit_after_any_step(limit: float) -> None:
    stream = torch.Generator().manual_seed(3)
    x_BD, y_B = torch.randn(64, 10, generator=stream), 10 * torch.randn(64, generator=stream)
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(10, 16), nn.ReLU(), nn.Linear(16, 1))
    params, part, bound = list(model.parameters()), SGD(momentum=0.9), MaxNorm(limit=limit)
    slots, touched = part.begin(params), 0
    for _ in range(60):
        grads = gradients(model, x_BD, y_B)
        with torch.no_grad():
            part.update(params, grads, slots, rate=0.01, decay=0.0)
            touched += sum(int((param.norm(dim=1) > limit).sum()) for param in params if param.dim() == 2)
            bound.apply(params)
        for param in params:
            if param.dim() == 2:
                assert param.norm(dim=1).max().item() <= limit * (1 + 1e-6)
    assert touched > 0


@pytest.mark.row("D13")
@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9])
def test_momentum_accelerates_as_in_closed_form(momentum: float) -> None:
    """Under a steady gradient g the n-th step is rate g (1 - m^n) / (1 - m)."""
    part = SGD(momentum=momentum)
    params, grads = [torch.zeros(3, dtype=torch.float64)], [torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64)]
    slots = part.begin(params)
    for number in range(1, 51):
        before = params[0].clone()
        part.update(params, grads, slots, rate=0.1, decay=0.0)
        expected = -0.1 * grads[0] * (1 - momentum**number) / (1 - momentum)
        torch.testing.assert_close(params[0] - before, expected)
