"""The trunk of a clip: the image trunk on every frame, and what becomes of the frames."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from pellucid.families.gru import GRU
from pellucid.forms import Branched, Steps, grid, pyramid, sequence
from pellucid.nn.clips import ClipTrunk, OverKind
from pellucid.nn.trunk import Side, Trunk

torch.set_num_threads(1)


def image(channels: int, *sides: Side) -> Trunk:
    blocks: list[nn.Module] = [nn.Conv2d(channels, 4, 3, padding=1), nn.Conv2d(4, 5, 2, 2)]
    return Trunk(blocks, pyramid((grid(4, 6, 8), grid(5, 3, 4))), (0, 1), sides)


def clip(frames: int, channels: int) -> tuple[torch.Tensor, torch.Tensor]:
    """x_BCHW, and the same as x_BFcHW."""
    x_BFcHW = torch.randn(2, frames, channels, 6, 8)
    return x_BFcHW.flatten(1, 2), x_BFcHW


@pytest.mark.parametrize("over", ["mean", "max"])
@pytest.mark.parametrize("memory", [torch.contiguous_format, torch.channels_last])
def test_every_level_is_taken_together_over_the_frames(over: OverKind, memory: torch.memory_format):
    still = image(3)
    x_BCHW, x_BFcHW = clip(4, 3)
    levels = ClipTrunk(still, 4, over=over, difference=False)(x_BCHW.contiguous(memory_format=memory))
    alone = [still(x_BFcHW[:, frame]) for frame in range(4)]
    assert isinstance(levels, tuple)
    for place, level in enumerate(levels):
        every = torch.stack([frame[place] for frame in alone])
        torch.testing.assert_close(level, every.mean(0) if over == "mean" else every.amax(0))


def test_the_difference_is_that_to_the_frame_before_and_0_for_the_first():
    made = ClipTrunk(image(4), 3, over="mean", difference=True)
    x_BCHW, x_BFcHW = clip(3, 2)
    apart_BFcHW = made.apart(x_BCHW).unflatten(0, (2, 3))
    torch.testing.assert_close(apart_BFcHW[:, :, :2], x_BFcHW)
    assert apart_BFcHW[:, 0, 2:].abs().max() == 0
    torch.testing.assert_close(apart_BFcHW[:, 1:, 2:], x_BFcHW[:, 1:] - x_BFcHW[:, :-1])


def test_auxiliary_branches_are_taken_together_too_and_can_be_left_out():
    side = Side(0, nn.Sequential(nn.Flatten(), nn.Linear(4 * 6 * 8, 7)), 7, 0.3)
    made, (x_BCHW, _) = ClipTrunk(image(1, side), 3, over="mean", difference=False), clip(3, 1)
    given = made.train()(x_BCHW)
    assert isinstance(given, Branched) and given.sides[0].shape == (2, 7)
    assert made.side_widths == (7,) and made.side_weights == (0.3,)
    made.leave_sides()
    assert type(made(x_BCHW)) is tuple


def test_a_sequence_trunk_reads_the_mean_of_every_map_frame_after_frame():
    still, reader = image(3), GRU(width=7).build(sequence(5, 4, even=True))
    x_BCHW, x_BFcHW = clip(4, 3)
    made = ClipTrunk(still, 4, over=reader, difference=False)
    read = made(x_BCHW)
    assert isinstance(read, Steps) and made.out == sequence(7, 4, even=True) and read.mask_BT.all()
    levels = [still(x_BFcHW[:, frame]) for frame in range(4)]
    x_BTD = torch.stack([level[-1].mean((2, 3)) for level in levels], 1)
    torch.testing.assert_close(read.x_BTD, reader(Steps(x_BTD, read.mask_BT)).x_BTD)


def test_auxiliary_branches_stay_vectors_beside_a_sequence():
    side = Side(0, nn.Sequential(nn.Flatten(), nn.Linear(4 * 6 * 8, 7)), 7, 0.3)
    reader = GRU(width=6).build(sequence(5, 3, even=True))
    given = ClipTrunk(image(1, side), 3, over=reader, difference=False).train()(clip(3, 1)[0])
    assert isinstance(given, Branched) and given.sides[0].shape == (2, 7)
    assert isinstance(given.main, Steps) and given.main.x_BTD.shape == (2, 3, 6)
