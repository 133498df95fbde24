"""Bridges: a Signal of one Form as one of another."""

from __future__ import annotations

import pytest
import torch

from pellucid.forms import Form, Signal, grid, pyramid, tensors, vector
from pellucid.network import bridges

FINE, COARSE = grid(2, 4, 6), grid(3, 2, 3)
FORMS = {"vector": vector(5), "grid": COARSE, "pyramid": pyramid((FINE, COARSE))}


def signal(form: Form, rows: int = 2) -> Signal:
    if form.levels:
        return tuple(signal(level, rows) for level in form.levels)
    count = rows * form.size
    return torch.arange(count, dtype=torch.float32).reshape(rows, form.width, *form.extent)


@pytest.mark.parametrize(
    "table", [bridges.IN, bridges.OUT, {(kind, "vector"): made for kind, made in bridges.NECK.items()}]
)
def test_every_bridge_gives_the_form_it_promises(table: dict[tuple[str, str], object]):
    for (start, end), make in table.items():
        assert callable(make)
        bridge = make(FORMS[start])
        given = bridge.module(signal(FORMS[start]))
        assert bridge.out.kind == end and bridge.says
        promised = bridge.out.levels or (bridge.out,)
        assert [tensor.shape for tensor in tensors(given)] == [(2, form.width, *form.extent) for form in promised]


def test_flattening_keeps_every_number_and_averaging_one_for_each_map():
    x_BCHW = signal(COARSE)
    assert isinstance(x_BCHW, torch.Tensor)
    torch.testing.assert_close(bridges.flatten(COARSE).module(x_BCHW), x_BCHW.reshape(2, -1))
    torch.testing.assert_close(bridges.average(COARSE).module(x_BCHW), x_BCHW.flatten(2).mean(2))


def test_a_feature_pyramid_adds_to_each_level_the_next_coarser_one():
    made = bridges.feature_pyramid(FORMS["pyramid"]).module
    assert isinstance(made, bridges.FeaturePyramid)
    fine, coarse = made(signal(FORMS["pyramid"]))
    levels = signal(FORMS["pyramid"])
    top = made.lateral[1](levels[1])
    torch.testing.assert_close(coarse, made.smooth[1](top))
    doubled = top.repeat_interleave(2, 2).repeat_interleave(2, 3)
    torch.testing.assert_close(fine, made.smooth[0](made.lateral[0](levels[0]) + doubled))


def test_the_finest_level_is_that_of_the_feature_pyramid_without_what_nobody_reads():
    whole = bridges.feature_pyramid(FORMS["pyramid"]).module
    assert isinstance(whole, bridges.FeaturePyramid)
    only = bridges.Finest(whole)
    levels = signal(FORMS["pyramid"])
    torch.testing.assert_close(only(levels), whole(levels)[0])
    assert sum(one.numel() for one in only.parameters()) < sum(one.numel() for one in whole.parameters())
