"""The initialiser Parts over their whole catalogue."""

from __future__ import annotations

import pytest
import torch

from pellucid.nn.catalogue_init import KINDS
from pellucid.nn.init_parts import LSUV, Constant, He, Initializer, Normal, Orthogonal, Uniform, Xavier, Zeros
from pellucid.parts import concrete
from pellucid.seeds import generator

torch.set_num_threads(1)


def filled(part: Initializer, *shape: int, gain: float = 1.0, seed: int = 0) -> torch.Tensor:
    weight = torch.full(shape or (200, 100), torch.nan)
    part.fill(weight, generator(seed, "init", "weight"), gain)
    return weight


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_fills_from_its_stream(kind: str):
    part = concrete(Initializer, {"kind": kind, "value": 0.5} if kind == "constant" else kind)
    weight = filled(part)
    assert weight.isfinite().all() and torch.equal(weight, filled(part))
    assert torch.equal(weight, filled(part, seed=1)) == (kind in ("zeros", "constant"))
    assert filled(part, 4, 2, 3, 3).isfinite().all()
    assert part.needs_data == (kind == "lsuv")


def test_a_parameter_is_filled_in_place():
    layer = torch.nn.Linear(3, 2)
    Constant(value=2.0).fill(layer.weight, generator(0, "init"), 1.0)
    assert layer.weight.requires_grad and torch.equal(layer.weight.detach(), torch.full((2, 3), 2.0))


def test_spreads():
    assert not filled(Zeros()).any()
    assert filled(Normal(std=0.3)).std().item() == pytest.approx(0.3, rel=0.02)
    assert filled(Normal(std=0.3), gain=9).std().item() == pytest.approx(0.3, rel=0.02)
    assert 0.19 < filled(Uniform(bound=0.2)).abs().max().item() <= 0.2
    assert filled(Xavier(), gain=3).std().item() == pytest.approx(3 * (2 / 300) ** 0.5, rel=0.02)
    assert filled(He(), gain=3).std().item() == pytest.approx(3 / 10, rel=0.02)
    assert filled(He(distribution="uniform", gain=1.0), gain=3).std().item() == pytest.approx(1 / 10, rel=0.02)


def test_orthogonal_gain_is_the_field_else_the_activation():
    assert filled(Orthogonal(), gain=3).norm(dim=0).mean().item() == pytest.approx(3, rel=1e-4)
    assert filled(Orthogonal(gain=2), gain=3).norm(dim=0).mean().item() == pytest.approx(2, rel=1e-4)
    assert filled(LSUV(), gain=3).norm(dim=0).mean().item() == pytest.approx(1, rel=1e-4)
