"""How large the steps of gradient descent may be: the curvature of the loss where a training begins.

On a bowl whose largest curvature is L, a step of gradient descent goes beyond the other side and ends higher than it
came from as soon as the learning rate is over 2 / L (LeCun, Simard and Pearlmutter 1993); with momentum m, over
2 (1 + m) / L.
"""

from __future__ import annotations

import copy
from collections.abc import Callable

import torch
from torch import Tensor

from pellucid import devices, seeds
from pellucid.losses.loss import terms
from pellucid.training.session import Session

ROUNDS = 30
"""Multiplications by the Hessian at most."""
TINY = 1e-5
"""Share of the largest number beside which another is 0 in float32."""


def largest_rate(session: Session) -> float | None:
    """The learning rate above which gradient descent runs away from where this training begins.

    None where the recipe's optimizer scales its steps itself, or the loss bends down or not at all there.
    """
    optimizer = session.recipe.optimizer
    if optimizer is None or optimizer.dump()["kind"] != "sgd":
        return None
    bend = curvature(session)
    if bend is None or bend <= 0:
        return None
    return 2 * (1 + float(getattr(optimizer, "momentum", 0.0))) / bend


def curvature(session: Session) -> float | None:
    """The largest eigenvalue of the Hessian of the first batch's loss; the session is untouched.

    None where a layer has no second derivative.
    """
    network, phase = copy.deepcopy(session.state.network), next(iter(session.phases()))
    batch, turn = next(iter(phase.batches.batches(0, 0))), phase.turns[0]
    params = [param for param in network.get_submodule(turn.learns).parameters() if param.requires_grad]
    draw = network.draw
    assert draw is not None
    with devices.computing(session.recipe.threads), torch.random.fork_rng(devices=[]):
        total, weight = terms(turn.loss(network.train(), batch, draw.at(0, 0)), batch.weight_B)
        slopes = torch.autograd.grad(total / weight, params, create_graph=True, allow_unused=True)
        used = [(slope, param) for slope, param in zip(slopes, params, strict=True) if slope is not None]

        def times(vector_P: Tensor) -> Tensor:
            parts = vector_P.split([param.numel() for _, param in used])
            along = sum((slope.flatten() * part).sum() for (slope, _), part in zip(used, parts, strict=True))
            assert isinstance(along, Tensor)
            bent = torch.autograd.grad(along, [param for _, param in used], retain_graph=True, allow_unused=True)
            flat = [
                torch.zeros_like(part) if one is None else one.flatten() for one, part in zip(bent, parts, strict=True)
            ]
            return torch.cat(flat)

        count = sum(param.numel() for _, param in used)
        start_P = torch.randn(count, generator=seeds.generator(session.recipe.seed, "curvature"))
        try:
            return _largest(times, start_P.to(used[0][1].device))
        except RuntimeError:
            return None


def _largest(times: Callable[[Tensor], Tensor], start_P: Tensor) -> float:
    """The largest eigenvalue of a symmetric map, by the steps of Lanczos, which need three vectors at a time."""
    vector_P, before_P, link = start_P / start_P.norm(), torch.zeros_like(start_P), 0.0
    diagonal: list[float] = []
    links: list[float] = []
    for _ in range(min(ROUNDS, len(start_P))):
        bent_P = times(vector_P) - link * before_P
        diagonal.append(float(bent_P @ vector_P))
        bent_P = bent_P - diagonal[-1] * vector_P
        link = float(bent_P.norm())
        links.append(link)
        if link <= TINY * max(map(abs, diagonal)):
            break
        before_P, vector_P = vector_P, bent_P / link
    side = torch.diag(torch.tensor(links[:-1], dtype=torch.float64), 1)
    whole = torch.diag(torch.tensor(diagonal, dtype=torch.float64)) + side + side.T
    return float(torch.linalg.eigvalsh(whole)[-1])
