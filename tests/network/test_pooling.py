"""A sequence as one vector: padding changes nothing."""

from __future__ import annotations

import pytest
import torch

from pellucid.forms import Steps
from pellucid.network.pooling import POOLS


def steps(rows: list[list[list[float]]], lengths: list[int]) -> Steps:
    x_BTD = torch.tensor(rows)
    return Steps(x_BTD, torch.arange(x_BTD.shape[1]) < torch.tensor(lengths)[:, None])


RAGGED = steps([[[1.0, 4.0], [3.0, -2.0], [99.0, 99.0]], [[2.0, 2.0], [5.0, 1.0], [-4.0, 6.0]]], [2, 3])


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("mean", [[2.0, 1.0], [1.0, 3.0]]),
        ("max", [[3.0, 4.0], [5.0, 6.0]]),
        ("last", [[3.0, -2.0], [-4.0, 6.0]]),
        ("ends", [[3.0, 4.0], [-4.0, 2.0]]),
    ],
)
def test_by_hand(how: str, expected: list[list[float]]):
    torch.testing.assert_close(POOLS[how][0](2)(RAGGED), torch.tensor(expected))


@pytest.mark.parametrize("how", POOLS)
def test_padding_and_its_length_change_nothing(how: str):
    pool = POOLS[how][0](4)
    x_BTD = torch.randn(3, 5, 4)
    mask_BT = torch.arange(5) < torch.tensor([5, 2, 1])[:, None]
    longer = torch.cat([x_BTD, torch.full((3, 7, 4), 1e3)], 1)
    more = torch.nn.functional.pad(mask_BT, (0, 7))
    torch.testing.assert_close(pool(Steps(longer, more)), pool(Steps(x_BTD, mask_BT)))


@pytest.mark.parametrize("how", POOLS)
def test_a_sequence_without_positions_is_finite(how: str):
    x_BTD = torch.randn(2, 3, 4, requires_grad=True)
    made = POOLS[how][0](4)(Steps(x_BTD, torch.zeros(2, 3, dtype=torch.bool)))
    made.sum().backward()
    assert made.isfinite().all() and x_BTD.grad is not None and x_BTD.grad.isfinite().all()


def test_attention_weighs_by_its_score():
    pool = POOLS["attention"][0](1)
    with torch.no_grad():
        pool.score.weight.fill_(1.0)
        pool.score.bias.fill_(0.0)
    x = torch.tensor([0.0, 1.0])
    found = pool(Steps(x.view(1, 2, 1), torch.ones(1, 2, dtype=torch.bool)))
    torch.testing.assert_close(found, (x.softmax(0) * x).sum().view(1, 1))
