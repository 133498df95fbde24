"""Batches: what travels together stays together, and sequences are cut behind the longest of them."""

from __future__ import annotations

import torch

from pellucid.data.batch import Batch
from pellucid.forms import Paired, Steps, Tokens

CODES = torch.tensor([[5, 6, 0, 0], [7, 0, 0, 0], [8, 9, 10, 11]])


def test_tokens_are_cut_behind_the_longest_row_with_their_targets():
    target_BT = torch.tensor([[1, 2, -1, -1], [3, -1, -1, -1], [4, 5, 6, 7]])
    batch = Batch(Tokens(CODES), target_BT, row_B=torch.arange(3))
    part = batch.part(0, 2).ready()
    assert isinstance(part.input, Tokens) and part.target is not None and part.row_B is not None
    assert part.input.code_BT.tolist() == [[5, 6], [7, 0]] and part.target.tolist() == [[1, 2], [3, -1]]
    whole = batch.ready()
    assert isinstance(whole.input, Tokens) and torch.equal(whole.input.code_BT, CODES)


def test_classes_of_a_sequence_are_not_cut():
    batch = Batch(Tokens(CODES), torch.tensor([0, 1, 2])).part(1, 2).ready()
    assert isinstance(batch.input, Tokens) and batch.input.code_BT.tolist() == [[7]]
    assert batch.target is not None and batch.target.tolist() == [1]


def test_steps_are_cut_by_their_mask_and_a_row_without_any_keeps_one_position():
    mask_BT = torch.tensor([[True, True, False], [False, False, False]])
    steps = Batch(Steps(torch.randn(2, 3, 4), mask_BT), None).ready().input
    assert isinstance(steps, Steps) and steps.x_BTD.shape == (2, 2, 4) and steps.mask_BT.shape == (2, 2)
    nothing = Batch(Steps(torch.randn(2, 3, 4), mask_BT), None).part(1, 2).ready().input
    assert isinstance(nothing, Steps) and nothing.x_BTD.shape == (1, 1, 4)


def test_each_sequence_of_a_pair_is_cut_by_itself_and_the_target_by_the_second():
    pair = Paired(Tokens(CODES), Tokens(torch.tensor([[2, 3, 4, 0], [2, 5, 0, 0], [2, 0, 0, 0]])))
    target_BU = torch.tensor([[3, 4, 9, -1], [5, 9, -1, -1], [9, -1, -1, -1]])
    part = Batch(pair, target_BU).part(1, 3).ready()
    assert isinstance(part.input, Paired) and part.target is not None
    assert [signal[0].shape[1] for signal in part.input] == [4, 2] and part.target.tolist() == [[5, 9], [9, -1]]


def test_what_forecasts_are_relative_to_travels_with_its_rows():
    base_BHD, unit_BD = torch.arange(6.0).view(3, 2, 1), torch.arange(3.0).view(3, 1)
    batch = Batch(torch.zeros(3, 1), None, relative=(base_BHD, unit_BD))
    taken, part = batch.take(torch.tensor([2, 0])), batch.part(1, 3).to("cpu")
    assert taken.relative is not None and part.relative is not None
    assert taken.relative[0][:, 0, 0].tolist() == [4.0, 0.0] and taken.relative[1].flatten().tolist() == [2.0, 0.0]
    assert part.relative[0][:, 0, 0].tolist() == [2.0, 4.0] and part.relative[1].flatten().tolist() == [1.0, 2.0]
