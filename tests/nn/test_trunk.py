"""The trunk: blocks in order, the levels that are tapped, and auxiliary branches in training."""

from __future__ import annotations

import torch
from torch import nn

from pellucid.forms import Branched, vector
from pellucid.nn.trunk import Side, Trunk


def trunk(*sides: Side, taps: tuple[int, ...] = ()) -> Trunk:
    return Trunk([nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)], vector(2), taps, sides)


def test_blocks_run_in_order_and_taps_keep_what_they_gave():
    made, x_BD = trunk(taps=(1, 2)), torch.randn(5, 3)
    first, last = made(x_BD)
    torch.testing.assert_close(first, torch.tanh(made.blocks[0](x_BD)))
    torch.testing.assert_close(last, made.blocks[2](first))


def test_a_side_reads_its_block_in_training_and_is_silent_at_prediction():
    made, x_BD = trunk(Side(1, nn.Linear(4, 7), 7, 0.3)), torch.randn(5, 3)
    given = made.train()(x_BD)
    assert isinstance(given, Branched) and made.side_weights == (0.3,)
    torch.testing.assert_close(given.sides[0], made.sides[0](torch.tanh(made.blocks[0](x_BD))))
    plain = made.eval()(x_BD)
    torch.testing.assert_close(plain, given.main)


def test_sides_can_be_left_out():
    made = trunk(Side(1, nn.Linear(4, 7), 7, 0.3))
    made.leave_sides()
    assert isinstance(made.train()(torch.randn(5, 3)), torch.Tensor)
    assert not any("sides" in name for name, _ in made.named_parameters())
