"""Linear models by full-batch mathematics in float64: logistic regression and ridge regression, in torch alone.

torch.optim is not used: importing it costs a second (it loads the compiler), and a convex problem of this size wants
curvature, not steps.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch

MEMORY = 10
"""Pairs of step and gradient change that L-BFGS keeps."""


@dataclass(frozen=True)
class Linear:
    """y_NC = x_ND @ weight_DC + bias_C."""

    weight_DC: torch.Tensor
    bias_C: torch.Tensor

    def __call__(self, x_ND: torch.Tensor) -> torch.Tensor:
        return x_ND.to(torch.float64) @ self.weight_DC + self.bias_C


def ridge(x_ND: torch.Tensor, y_NC: torch.Tensor, penalty: float, weight_N: torch.Tensor | None = None) -> Linear:
    """Least squares with `penalty` * |w|^2 / (the bias is free), in closed form.

    Minimises sum_n weight_n |y_n - f(x_n)|^2 + penalty |w|^2 (Hoerl and Kennard 1970).
    """
    x, y = x_ND.to(torch.float64), y_NC.to(torch.float64)
    weight = torch.ones(len(x), dtype=torch.float64) if weight_N is None else weight_N.to(torch.float64)
    share = (weight / weight.sum())[:, None]
    x_mean, y_mean = (x * share).sum(0), (y * share).sum(0)
    centred = x - x_mean
    gram = (centred * weight[:, None]).T @ centred
    gram.diagonal().add_(max(penalty, 1e-10))
    solution = torch.linalg.solve(gram, (centred * weight[:, None]).T @ (y - y_mean))
    return Linear(solution, y_mean - x_mean @ solution)


def logistic(
    x_ND: torch.Tensor,
    target_NC: torch.Tensor,
    penalty: float,
    *,
    link: Literal["softmax", "sigmoid", "identity"],
    weight_N: torch.Tensor | None = None,
    start: Linear | None = None,
    steps: int = 200,
) -> Linear:
    """Logistic regression: minimises sum_n weight_n loss_n + penalty/2 |w|^2 (the bias is free) by L-BFGS.

    x_ND may be sparse. target_NC is one-hot for `softmax`, 0/1 per output for `sigmoid` (a binary question has one
    output), and any numbers for `identity`, whose loss is half the squared error: ridge regression of inputs too many
    for its closed form. With penalty 1 this is scikit-learn's LogisticRegression at its defaults.
    """
    x, target = x_ND.to(torch.float64), target_NC.to(torch.float64)
    turned = x.T
    if x.is_sparse:
        x, turned = by_row(x), by_row(turned)
    weight = torch.ones(len(x), 1, dtype=torch.float64) if weight_N is None else weight_N.to(torch.float64)[:, None]
    shrink = torch.full((x.shape[1] + 1, 1), penalty, dtype=torch.float64)
    shrink[-1] = 0.0

    def cost(parameters: torch.Tensor) -> tuple[float, torch.Tensor]:
        logit = x @ parameters[:-1] + parameters[-1]
        if link == "softmax":
            log_probability = torch.log_softmax(logit, 1)
            loss = -(target * log_probability * weight).sum()
            residual = (log_probability.exp() - target) * weight
        elif link == "identity":
            residual = (logit - target) * weight
            loss = 0.5 * ((logit - target) * residual).sum()
        else:
            loss = ((torch.nn.functional.softplus(logit) - target * logit) * weight).sum()
            residual = (torch.sigmoid(logit) - target) * weight
        loss = loss + 0.5 * (shrink * parameters.square()).sum()
        slope = torch.cat([turned @ residual, residual.sum(0, keepdim=True)])
        return float(loss), slope + shrink * parameters

    before = torch.zeros(x.shape[1] + 1, target.shape[1], dtype=torch.float64)
    if start is not None:
        before = torch.cat([start.weight_DC, start.bias_C[None]])
    found = minimise(cost, before, steps=steps, tolerance=1e-6 * float(weight.sum()))
    return Linear(found[:-1], found[-1])


def by_row(x_ND: torch.Tensor) -> torch.Tensor:
    """A sparse matrix in the layout whose products are ten times as fast."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # torch calls this layout new; all we ask of it is a product
        return x_ND.coalesce().to_sparse_csr()


def minimise(
    cost: Callable[[torch.Tensor], tuple[float, torch.Tensor]], start: torch.Tensor, *, steps: int, tolerance: float
) -> torch.Tensor:
    """The minimum of a smooth convex `cost` (value and gradient) by L-BFGS (Liu and Nocedal 1989).

    Ends when no partial derivative exceeds `tolerance`, after `steps`, or where rounding stops all progress.
    """
    here, (value, slope) = start, cost(start)
    pairs: list[tuple[torch.Tensor, torch.Tensor, float]] = []
    for step in range(steps):
        if float(slope.abs().max()) <= tolerance:
            break
        way = _direction(slope, pairs)
        descent = float((way * slope).sum())
        # the first step has no curvature to go by: it must not be longer than about one unit
        length = 1.0 if pairs else min(1.0, 1.0 / float(slope.abs().sum()))
        for _ in range(30):
            there = here + length * way
            new_value, new_slope = cost(there)
            if new_value <= value + 1e-4 * length * descent:
                break
            length *= 0.5
        else:
            break
        moved, turned = there - here, new_slope - slope
        curvature = float((moved * turned).sum())
        if curvature > 1e-12 * float(turned.square().sum()):
            pairs = [*pairs[-MEMORY + 1 :], (moved, turned, curvature)]
        stuck = value - new_value <= 1e-13 * abs(value) and step > 0
        here, value, slope = there, new_value, new_slope
        if stuck:
            break
    return here


def _direction(slope: torch.Tensor, pairs: list[tuple[torch.Tensor, torch.Tensor, float]]) -> torch.Tensor:
    """The two-loop recursion: minus the approximate inverse Hessian times the gradient."""
    way = -slope
    shares: list[float] = []
    for moved, turned, curvature in reversed(pairs):
        share = float((moved * way).sum()) / curvature
        shares.append(share)
        way = way - share * turned
    if pairs:
        _, turned, curvature = pairs[-1]
        way = way * (curvature / float(turned.square().sum()))
    for (moved, turned, curvature), share in zip(pairs, reversed(shares), strict=True):
        way = way + (share - float((turned * way).sum()) / curvature) * moved
    return way
