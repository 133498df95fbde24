from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from pellucid.doctor.script import feeding

X = torch.randn(64, 3, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


class Keeps(nn.Module):
    """Remembers what it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(3, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.seen = x
        return self.inner(x)


def test_inputs_are_standardised_feature_by_feature(stack: ExitStack):
    net = Keeps()
    feeding.inputs(stack, standardise=True)
    given = torch.cat([1e6 * X[:, :1], X[:, 1:2] + 50, torch.full((64, 1), 7.0)], 1)
    net(given)
    assert torch.allclose(net.seen.mean(0), torch.zeros(3), atol=1e-3)
    assert torch.allclose(net.seen.std(0, correction=0), torch.tensor([1.0, 1.0, 0.0]), atol=1e-3)
    with torch.no_grad():
        net(2 * given)
    assert net.seen.mean(0)[1] > 9.9, "what is only judged does not move it"


def test_gaps_and_far_values_are_cleaned(stack: ExitStack):
    net = Keeps()
    feeding.inputs(stack, standardise=False)
    net(X)
    assert torch.equal(net.seen, X)
    broken = X.clone()
    broken[3, 1], broken[4, 2], broken[5, 0] = math.nan, 1e6, -math.inf
    net(broken)
    assert net.seen.isfinite().all() and net.seen.abs().max() < 20
    kept = torch.ones_like(X, dtype=torch.bool)
    kept[3, 1] = kept[4, 2] = kept[5, 0] = False
    assert torch.equal(net.seen[kept], X[kept])


def test_loaders_shuffle(stack: ExitStack):
    rows = TensorDataset(torch.arange(100))
    feeding.shuffle(stack)
    torch.manual_seed(0)
    drawn = torch.cat([batch for (batch,) in DataLoader(rows, batch_size=10)])
    assert not torch.equal(drawn, torch.arange(100)) and drawn.sort().values.tolist() == list(range(100))
    own = torch.utils.data.SequentialSampler(rows)
    kept = torch.cat([batch for (batch,) in DataLoader(rows, batch_size=10, sampler=own)])
    assert torch.equal(kept, torch.arange(100)), "an order that was chosen stays"


def test_probabilities_become_what_the_loss_is_for(stack: ExitStack):
    target, given = torch.arange(64) % 3, X.clone().requires_grad_()
    true = functional.cross_entropy(given, target).item()
    binary = functional.binary_cross_entropy_with_logits(X, (X > 0).float()).item()
    said = feeding.logits(stack, measure=False)
    assert functional.cross_entropy(given.softmax(1), target).item() == pytest.approx(true, rel=1e-5)
    assert functional.cross_entropy(given, target).item() == pytest.approx(true), "what is right already stays"
    assert nn.NLLLoss()(given, target).item() == pytest.approx(true)
    assert nn.BCEWithLogitsLoss()(given.sigmoid(), (X > 0).float()).item() == pytest.approx(binary, rel=1e-4)
    assert said == pytest.approx([true, true, true, binary], rel=1e-4)


def test_a_measured_loss_changes_nothing(stack: ExitStack):
    target, given = torch.arange(64) % 3, X.clone().requires_grad_()
    true, raw = functional.cross_entropy(given, target).item(), functional.nll_loss(given, target).item()
    said = feeding.logits(stack, measure=True)
    assert functional.nll_loss(given, target).item() == raw and said == pytest.approx([true])


def test_sums_become_means_and_shapes_fit(stack: ExitStack):
    given = X[:, :1].clone().requires_grad_()
    right = functional.mse_loss(given.flatten(), X[:, 0]).item()
    feeding.mean(stack, measure=False)
    assert nn.MSELoss(reduction="sum")(given.flatten(), X[:, 0]).item() == pytest.approx(right)
    feeding.shapes(stack, measure=False)
    assert functional.mse_loss(given, X[:, 0].clone()).item() == pytest.approx(right)


def test_targets_are_standardised_and_answers_scaled_back(stack: ExitStack):
    net, target = nn.Linear(3, 1), 1e5 * X[:, :1] + 3e5
    feeding.targets(stack, measure=False)
    optimizer = torch.optim.SGD(net.parameters(), 0.3)
    for _ in range(60):
        optimizer.zero_grad()
        loss = functional.mse_loss(net(X), target)
        loss.backward()
        optimizer.step()
    assert loss.item() < 1e-3
    with torch.no_grad():
        assert functional.mse_loss(net(X), target).item() < 1e8 and net(X).mean() == pytest.approx(3e5, rel=0.1)
