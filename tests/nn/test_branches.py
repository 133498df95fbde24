"""Branches: every map of every branch, in order, joined once."""

from __future__ import annotations

import torch
from torch import nn

from pellucid.nn.branches import Branches, Fork

torch.set_num_threads(1)


def test_maps_stand_in_the_order_of_the_branches():
    one, two, three = nn.Conv2d(2, 3, 1), nn.Conv2d(2, 1, 3, padding=1), nn.Conv2d(2, 4, 1)
    made, x_BCHW = Branches([one, Fork([two, three])]), torch.randn(2, 2, 5, 4)
    torch.testing.assert_close(made(x_BCHW), torch.cat([one(x_BCHW), two(x_BCHW), three(x_BCHW)], 1))


def test_channels_last_stays():
    made = Branches([nn.Conv2d(2, 3, 1), nn.MaxPool2d(3, 1, 1)]).to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    x_BCHW = torch.randn(2, 2, 5, 4).contiguous(memory_format=torch.channels_last)
    assert made(x_BCHW).is_contiguous(memory_format=torch.channels_last)
