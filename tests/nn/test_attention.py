"""Attention against torch's own, its weights, and what must never be looked at."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from pellucid.nn.attention import CrossAttention, SelfAttention, Sight, existing, remember
from pellucid.nn.positions import turns
from pellucid.nn.traces import traced

torch.set_num_threads(1)
WIDTH, HEADS = 12, 3
MASK_BT = torch.tensor([[True] * 5, [True, True, False, False, False]])


def torchs(ours: SelfAttention | CrossAttention) -> nn.MultiheadAttention:
    """torch's layer with our weights."""
    twin = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)
    inward = [ours.inward] if isinstance(ours, SelfAttention) else [ours.query, ours.inward]
    state = {
        "in_proj_weight": torch.cat([layer.weight for layer in inward]),
        "in_proj_bias": torch.cat([layer.bias for layer in inward]),
        "out_proj.weight": ours.outward.weight,
        "out_proj.bias": ours.outward.bias,
    }
    twin.load_state_dict(state)
    return twin


@pytest.mark.parametrize("sight", ["all", "causal", "padded"])
@pytest.mark.parametrize("looked_into", [False, True])
def test_it_equals_torchs_own_given_the_same_weights(sight: str, looked_into: bool):
    ours, x_BTD = SelfAttention(WIDTH, HEADS, HEADS), torch.randn(2, 5, WIDTH)
    later_TT = torch.ones(5, 5, dtype=torch.bool).triu(1)
    expected, weight_BHTS = torchs(ours)(
        x_BTD,
        x_BTD,
        x_BTD,
        key_padding_mask=~MASK_BT if sight == "padded" else None,
        attn_mask=later_TT if sight == "causal" else None,
        average_attn_weights=False,
    )
    seen = Sight(existing(MASK_BT) if sight == "padded" else None, sight == "causal")
    if not looked_into:
        torch.testing.assert_close(ours(x_BTD, seen), expected, atol=1e-5, rtol=0)
        return
    with traced(ours) as traces:
        torch.testing.assert_close(ours(x_BTD, seen), expected, atol=1e-5, rtol=0)
    torch.testing.assert_close(traces[""]["attention"], weight_BHTS, atol=1e-6, rtol=0)
    torch.testing.assert_close(weight_BHTS.sum(3), torch.ones(2, HEADS, 5))
    assert ours.trace is None


def test_looking_at_another_sequence_equals_torchs_own():
    ours, x_BTD, source_BSD = CrossAttention(WIDTH, HEADS, HEADS), torch.randn(2, 4, WIDTH), torch.randn(2, 5, WIDTH)
    expected, weight_BHTS = torchs(ours)(
        x_BTD, source_BSD, source_BSD, key_padding_mask=~MASK_BT, average_attn_weights=False
    )
    with traced(ours) as traces:
        traced_BTD = ours(x_BTD, ours.look(source_BSD), existing(MASK_BT))
    for given in (traced_BTD, ours(x_BTD, ours.look(source_BSD), existing(MASK_BT))):
        torch.testing.assert_close(given, expected, atol=1e-5, rtol=0)
    torch.testing.assert_close(traces[""]["attention"], weight_BHTS, atol=1e-6, rtol=0)


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("looked_into", [False, True])
def test_shared_keys_equal_a_plain_layer_in_which_they_are_repeated(groups: int, causal: bool, looked_into: bool):
    grouped, plain, head = SelfAttention(16, 4, groups), SelfAttention(16, 4, 4), 4
    rows = torch.arange(16 + 2 * groups * head).split([16, groups * head, groups * head])
    repeated = [part.unflatten(0, (groups, head)).repeat_interleave(4 // groups, 0).flatten() for part in rows[1:]]
    chosen = torch.cat([rows[0], *repeated])
    plain.inward.weight.data = grouped.inward.weight.data[chosen]
    plain.inward.bias.data = grouped.inward.bias.data[chosen]
    plain.outward.load_state_dict(grouped.outward.state_dict())
    x_BTD, sight = torch.randn(2, 5, 16), Sight(None, causal, turns(torch.arange(5), head))
    expected = plain(x_BTD, sight)
    if not looked_into:
        torch.testing.assert_close(grouped(x_BTD, sight), expected, atol=1e-6, rtol=1e-5)
        return
    with traced(grouped) as traces:
        torch.testing.assert_close(grouped(x_BTD, sight), expected, atol=1e-6, rtol=1e-5)
    assert traces[""]["attention"].shape == (2, 4, 5, 5)


def test_what_pads_is_never_seen_and_nothing_but_padding_gives_numbers():
    ours, mask_BT = SelfAttention(WIDTH, HEADS, HEADS), MASK_BT.clone()
    mask_BT[1] = False
    x_BTD = torch.randn(2, 5, WIDTH, requires_grad=True)
    out_BTD = ours(x_BTD, Sight(existing(mask_BT)))
    out_BTD.sum().backward()
    assert x_BTD.grad is not None
    assert out_BTD.isfinite().all() and x_BTD.grad.isfinite().all()
    assert all(one.grad is not None and one.grad.isfinite().all() for one in ours.parameters())
    with traced(ours) as traces, torch.no_grad():
        ours(x_BTD, Sight(existing(MASK_BT)))
    assert traces[""]["attention"][1, :, :, 2:].abs().max() == 0


@pytest.mark.parametrize("slots", [None, [[2, 3], [0, 1]]])
def test_a_memory_is_written_where_it_is_told(slots: list[list[int]] | None):
    past_BJCK, new_BTJK = torch.zeros(2, 6, 8, 4), torch.randn(2, 2, 6, 4)
    sight = Sight(start=2, slot_BT=None if slots is None else torch.tensor(slots))
    k_BGSK, v_BGSK = remember(past_BJCK, new_BTJK, sight)
    assert k_BGSK.shape == v_BGSK.shape == (2, 3, 4, 4)
    for row, first in enumerate((2, 2) if slots is None else (2, 0)):
        assert torch.equal(k_BGSK[row, :, first : first + 2], new_BTJK[row, :, :3].transpose(0, 1))
        assert torch.equal(v_BGSK[row, :, first : first + 2], new_BTJK[row, :, 3:].transpose(0, 1))
    assert (past_BJCK != 0).sum() == new_BTJK.numel()
