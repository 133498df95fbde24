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
        assert tuple(tensors(given)[0].shape) == (2, bridge.out.width, *bridge.out.extent)


def test_flattening_keeps_every_number_and_averaging_one_for_each_map():
    x_BCHW = signal(COARSE)
    assert isinstance(x_BCHW, torch.Tensor)
    torch.testing.assert_close(bridges.flatten(COARSE).module(x_BCHW), x_BCHW.reshape(2, -1))
    torch.testing.assert_close(bridges.average(COARSE).module(x_BCHW), x_BCHW.flatten(2).mean(2))


def test_the_coarsest_level_is_the_last():
    levels = signal(FORMS["pyramid"])
    assert isinstance(levels, tuple)
    assert bridges.coarsest(FORMS["pyramid"]).module(levels) is levels[-1]
