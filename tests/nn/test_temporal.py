"""Dilated convolutions: torch's own numbers, causal where they must be, and blind to padding."""

from __future__ import annotations

from typing import Any, cast

import pytest
import torch
from torch import nn

from pellucid import forms
from pellucid.families.tcn import TCN
from pellucid.forms import Steps
from pellucid.nn.noise import share_draw
from pellucid.nn.temporal import TemporalTrunk, TimeBlock, TimeConv
from pellucid.seeds import Draw

torch.set_num_threads(1)
LONG = torch.tensor([9, 4, 1, 6])
TIGHT: dict[str, float] = {"atol": 1e-6, "rtol": 0}
FIELDS: tuple[dict[str, Any], ...] = ({}, {"norm": "none", "kernel": 2, "depth": 3}, {"kernel": 4, "width": 3})


def steps(count: int = 9, seed: int = 1) -> Steps:
    """Rows of so many positions, the same numbers whatever the padding, which is full of rubbish."""
    x_BTD = torch.randn(4, 20, 3, generator=torch.Generator().manual_seed(seed))[:, :count].clone()
    mask_BT = torch.arange(count) < LONG[:, None]
    return Steps(x_BTD.masked_fill(~mask_BT.unsqueeze(2), 7.0), mask_BT)


def trunk(*, causal: bool, even: bool = False, **fields: Any) -> TemporalTrunk:
    torch.manual_seed(0)
    return TCN.model_validate({"width": 16, **fields}).build(forms.sequence(3, 9, causal=causal, even=even)).eval()


def judged(given: Steps) -> torch.Tensor:
    """The outputs at the positions there are, 0 behind them."""
    return given.x_BTD * given.mask_BT.unsqueeze(2)


@pytest.mark.parametrize(("kernel", "dilation"), [(3, 1), (2, 4), (5, 2)])
def test_a_convolution_equals_that_of_torch(kernel: int, dilation: int):
    layer = TimeConv(3, 5, kernel=kernel, dilation=dilation)
    twin = nn.Conv1d(3, 5, kernel, dilation=dilation)
    twin.weight.data = layer.linear.weight.detach().unflatten(1, (kernel, 3)).transpose(1, 2)
    twin.bias = layer.linear.bias
    x_BTD = torch.randn(2, 15, 3)
    torch.testing.assert_close(layer(x_BTD), twin(x_BTD.transpose(1, 2)).transpose(1, 2), **TIGHT)
    assert layer(x_BTD).shape[1] == 15 - layer.reach


def test_a_block_is_the_sum_of_its_input_and_two_convolutions():
    convs = [TimeConv(1, 1, kernel=2, dilation=2) for _ in range(2)]
    for conv in convs:
        conv.linear.weight.data = torch.tensor([[1.0, 10.0]])  # 1 for two positions before, 10 for its own
        nn.init.zeros_(conv.linear.bias)
    block = TimeBlock(convs, [nn.Identity(), nn.Identity()], [nn.ReLU() for _ in range(3)], dropout=0.0)
    x_BTD = torch.tensor([1.0, 0.0, -2.0, 0.0])[None, :, None]
    y_BTD, past = block(x_BTD, block.begin(1), None)
    # the first convolution gives 10, 0, -19 and cuts that to 0, 0; the second 100, 0, 10 (from 10 two before) and 0
    assert y_BTD[0, :, 0].tolist() == [101.0, 0.0, 8.0, 0.0]
    assert [part_BRD[0, :, 0].tolist() for part_BRD in past] == [[-2.0, 0.0], [0.0, 0.0]]


@pytest.mark.parametrize("fields", FIELDS)
def test_a_causal_output_never_moves_with_the_future(fields: dict[str, Any]):
    made, given = trunk(causal=True, even=True, **fields), steps()
    changed_BTD = given.x_BTD.clone()
    changed_BTD[:, 5:] += 3.0
    first_BTD, second_BTD = (made(Steps(x_BTD, given.mask_BT)).x_BTD for x_BTD in (given.x_BTD, changed_BTD))
    assert torch.equal(first_BTD[:, :5], second_BTD[:, :5]) and not torch.equal(first_BTD[:, 5:], second_BTD[:, 5:])


def test_a_centred_output_sees_both_sides():
    made = trunk(causal=False, even=True)
    x_BTD = torch.randn(1, 9, 3, requires_grad=True)
    made(Steps(x_BTD, torch.ones(1, 9, dtype=torch.bool))).x_BTD[0, 4].sum().backward()
    assert x_BTD.grad is not None and (x_BTD.grad.abs().sum(2) > 0).all()


@pytest.mark.parametrize("fields", FIELDS)
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(("dtype", "far"), [(torch.float32, 1e-5), (torch.float64, 1e-12)])
def test_padding_and_the_order_of_rows_change_nothing(
    fields: dict[str, Any], causal: bool, dtype: torch.dtype, far: float
):
    made, order = trunk(causal=causal, **fields).to(dtype), [2, 0, 3, 1]

    def run(given: Steps) -> tuple[torch.Tensor, list[torch.Tensor]]:
        y_BTD = judged(made(Steps(given.x_BTD.to(dtype), given.mask_BT)))
        loss = (y_BTD**2).sum() / given.mask_BT.sum()
        return y_BTD, list(torch.autograd.grad(loss, list(made.parameters())))

    first_BTD, first = run(steps())
    for given, back in ((steps(14), [0, 1, 2, 3]), (Steps(*(part[order] for part in steps())), [1, 3, 0, 2])):
        second_BTD, second = run(given)
        torch.testing.assert_close(first_BTD, second_BTD[back, :9], atol=far, rtol=0)
        for one, other in zip(first, second, strict=True):
            torch.testing.assert_close(one, other, atol=far, rtol=0)


@pytest.mark.parametrize("fields", FIELDS)
@pytest.mark.parametrize(("cut", "even"), [(1, False), (5, False), (8, False), (4, True)])
def test_going_on_from_a_first_half_equals_the_whole(fields: dict[str, Any], cut: int, even: bool):
    made, given = trunk(causal=True, even=even, **fields), steps()
    if even:
        given = Steps(given.x_BTD, torch.ones_like(given.mask_BT))
    whole, last = made.proceed(given, made.begin(None, 4))
    memory, parts = made.begin(None, 4), []
    for part in (slice(0, cut), slice(cut, 9)):
        read, memory = made.proceed(Steps(given.x_BTD[:, part], given.mask_BT[:, part]), memory)
        parts.append(read.x_BTD)
    torch.testing.assert_close(torch.cat(parts, 1) * given.mask_BT.unsqueeze(2), judged(whole), **TIGHT)
    torch.testing.assert_close(judged(made(given)), judged(whole), **TIGHT)
    for one, other in zip(forms.tensors(memory), forms.tensors(last), strict=True):
        torch.testing.assert_close(one, other, **TIGHT)
    rows = torch.tensor([3, 3, 0, 1])
    moved = forms.each(memory, lambda tensor: tensor.index_select(0, rows))
    further = Steps(torch.randn(4, 2, 3), torch.ones(4, 2, dtype=torch.bool))
    there, _ = made.proceed(Steps(*(part[rows] for part in further)), moved)
    torch.testing.assert_close(there.x_BTD, made.proceed(further, memory)[0].x_BTD[rows], **TIGHT)


def test_one_that_needs_the_whole_cannot_go_on():
    made = trunk(causal=False)
    with pytest.raises(RuntimeError, match="whole sequence"):
        made.proceed(steps(), made.begin(None, 4))


def test_dropout_is_off_at_prediction():
    made, given = trunk(causal=True, dropout=0.5), steps()
    share_draw(made, Draw(0, "step").at(0))
    first, second = (made.train()(given).x_BTD for _ in range(2))
    assert not torch.equal(first, second)
    assert torch.equal(made.eval()(given).x_BTD, made(given).x_BTD)
    assert all(cast("TimeBlock", block).dropout.share == 0.5 for block in made.blocks)
