"""Bridges: a Signal of one Form as one of another."""

from __future__ import annotations

import pytest
import torch

from pellucid.forms import Form, Paired, Signal, Steps, grid, pyramid, sequence, tensors, vector
from pellucid.network import bridges

FINE, COARSE = grid(2, 4, 6), grid(3, 2, 3)
FORMS = {"vector": vector(5), "grid": COARSE, "pyramid": pyramid((FINE, COARSE)), "sequence": sequence(3, 4)}
WIDTH = 8


def signal(form: Form, rows: int = 2) -> Signal:
    if form.levels:
        return tuple(signal(level, rows) for level in form.levels)
    if form.kind == "sequence":
        return steps(torch.randn(rows, *form.extent, form.width), [form.extent[0]] * rows)
    count = rows * form.size
    return torch.arange(count, dtype=torch.float32).reshape(rows, form.width, *form.extent)


def steps(x_BTD: torch.Tensor, lengths: list[int]) -> Steps:
    return Steps(x_BTD, torch.arange(x_BTD.shape[1]) < torch.tensor(lengths)[:, None])


INWARD = {pair: (lambda form, make=make: make(form, WIDTH)) for pair, make in bridges.IN.items()}
NECK = {(kind, "vector"): made for kind, made in bridges.NECK.items()}


@pytest.mark.parametrize("table", [INWARD, bridges.OUT, NECK])
def test_every_bridge_gives_the_form_it_promises(table: dict[tuple[str, str], object]):
    for (start, end), make in table.items():
        assert callable(make)
        bridge = make(FORMS[start])
        given = bridge.module(signal(FORMS[start]))
        assert bridge.out.kind == end and bridge.says
        if isinstance(given, Steps):
            assert given.x_BTD.shape == (2, *bridge.out.extent, bridge.out.width) and given.mask_BT.all()
            continue
        promised = bridge.out.levels or (bridge.out,)
        assert [tensor.shape for tensor in tensors(given)] == [(2, form.width, *form.extent) for form in promised]


def test_a_sequence_is_flattened_where_all_have_one_length_and_averaged_where_not():
    whole = signal(sequence(3, 4, even=True))
    assert isinstance(whole, Steps)
    flat = bridges.bag(sequence(3, 4, even=True), WIDTH)
    assert flat.out == vector(12) and torch.equal(flat.module(whole), whole.x_BTD.flatten(1))
    ragged = steps(torch.tensor([[[1.0], [3.0], [99.0]], [[2.0], [2.0], [5.0]]]), [2, 3])
    assert bridges.bag(sequence(1, 3), WIDTH).module(ragged).tolist() == [[2.0], [3.0]]


def test_a_sequence_as_a_picture_shows_nothing_where_there_is_no_position():
    ragged = steps(torch.ones(2, 3, 5), [1, 3])
    seen_B1DT = bridges.picture(sequence(5, 4), WIDTH).module(ragged)
    assert seen_B1DT.shape == (2, 1, 5, 4) and seen_B1DT.sum((1, 2, 3)).tolist() == [5.0, 15.0]


def test_columns_and_patches_become_positions():
    made = bridges.columns(vector(3), WIDTH).module(torch.tensor([[0.0, 1.0, 2.0]]))
    linear = bridges.columns(vector(3), WIDTH).module
    zero, one = linear(torch.zeros(1, 3)).x_BTD, linear(torch.ones(1, 3)).x_BTD
    torch.testing.assert_close(linear(torch.full((1, 3), 2.0)).x_BTD, 2 * one - zero)
    assert made.x_BTD.shape == (1, 3, WIDTH) and made.mask_BT.all()
    bridge = bridges.patches(grid(3, 28, 20), WIDTH)
    assert bridge.out.extent == (140,) and bridge.module(torch.randn(2, 3, 28, 20)).x_BTD.shape == (2, 140, WIDTH)


def test_two_sequences_are_joined_and_the_tail_is_what_the_second_gave():
    form = sequence(3, 4, even=True, context=sequence(2, 5, even=True))
    bridge = bridges.joined(form)
    pair = Paired(steps(torch.ones(2, 4, 3), [4, 4]), steps(torch.full((2, 5, 2), 7.0), [5, 5]))
    both = bridge.module(pair)
    assert bridge.out == sequence(3, 9, even=True) and both.x_BTD.shape == (2, 9, 3) and both.mask_BT.all()
    assert bridges.tail(bridge.out, 5).module(both).tolist() == [[[7.0, 7.0, 0.0]] * 5] * 2


def test_a_vector_is_unrolled_over_the_positions():
    bridge = bridges.unrolled(vector(6), 4)
    assert bridge.module(torch.randn(2, 6)).shape == (2, *bridge.out.extent, bridge.out.width) == (2, 4, 6)


def test_positions_alone_are_the_vectors_of_a_sequence():
    bridge, x_BTD = bridges.alone(FORMS["sequence"]), torch.randn(2, 4, 3)
    assert bridge.out == vector(3) and torch.equal(bridge.module(steps(x_BTD, [4, 2])), x_BTD)


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
