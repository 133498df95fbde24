"""Dropout of maps: whole maps, the mean kept, one stream."""

from __future__ import annotations

import pytest
import torch

from pellucid.nn.map_dropout import MapDropout
from pellucid.nn.noise import share_draw
from pellucid.seeds import Draw


def drawn(share: float) -> MapDropout:
    layer = MapDropout(share)
    share_draw(layer, Draw(7, "step").at(0))
    return layer


def test_a_map_is_kept_or_dropped_as_a_whole():
    y_BCHW = drawn(0.3)(torch.ones(200, 50, 2, 3))
    assert torch.equal(y_BCHW, y_BCHW[:, :, :1, :1].expand_as(y_BCHW))
    assert y_BCHW.unique().tolist() == pytest.approx([0, 1 / 0.7])
    assert y_BCHW.mean().item() == pytest.approx(1, abs=0.02)


def test_nothing_happens_in_evaluation():
    x_BCHW = torch.randn(2, 3, 4, 4)
    assert drawn(0.5).eval()(x_BCHW) is x_BCHW
