"""The checklist's rows on attention: what the Transformer is made of, and that it is a graph network."""

from __future__ import annotations

import pytest
import torch

from pellucid.families.transformer import Transformer
from pellucid.forms import Steps, sequence
from pellucid.nn.attention import SelfAttention, Sight
from pellucid.nn.traces import traced
from pellucid.nn.transformer import TransformerTrunk

torch.set_num_threads(1)


def encoder(positions: str) -> TransformerTrunk:
    torch.manual_seed(0)
    family = Transformer.model_validate({"width": 16, "heads": 4, "depth": 2, "positions": positions})
    trunk = family.build(sequence(3, 9, even=True))
    assert isinstance(trunk, TransformerTrunk)
    return trunk.eval()


@pytest.mark.row("H16")
@pytest.mark.parametrize("positions", ["learned", "sinusoidal", "rotary", "none"])
def test_without_positions_it_is_blind_to_order(positions: str):
    trunk, order = encoder(positions), torch.tensor([3, 0, 8, 1, 7, 5, 2, 6, 4])
    given = Steps(torch.randn(2, 9, 3), torch.ones(2, 9, dtype=torch.bool))
    there = trunk(given).x_BTD[:, order]
    mixed = trunk(Steps(given.x_BTD[:, order], given.mask_BT)).x_BTD
    if positions == "none":
        torch.testing.assert_close(mixed, there, atol=1e-5, rtol=0)
        torch.testing.assert_close(mixed.mean(1), there.mean(1), atol=1e-5, rtol=0)
    else:
        assert (mixed - there).abs().max() > 0.05


@pytest.mark.row("H16")
def test_attention_rows_sum_to_1_and_nothing_that_pads_is_seen():
    trunk = Transformer(width=16, heads=4, depth=2).build(sequence(3, 9)).eval()
    mask_BT = torch.arange(9) < torch.tensor([9, 4, 1])[:, None]
    with traced(trunk) as traces, torch.no_grad():
        trunk(Steps(torch.randn(3, 9, 3), mask_BT))
    assert len(traces) == 2
    for noted in traces.values():
        weight_BHTS = noted["attention"]
        torch.testing.assert_close(weight_BHTS.sum(3), torch.ones(3, 4, 9))
        assert weight_BHTS.min() >= 0 and weight_BHTS[1, :, :, 4:].max() == 0 and weight_BHTS[2, :, :, 1:].max() == 0


@pytest.mark.row("J11")
@pytest.mark.parametrize("groups", [1, 2, 4])
def test_multi_head_attention_is_message_passing_over_the_complete_graph(groups: int):
    torch.manual_seed(0)
    width, heads, nodes = 16, 4, 6
    layer, x_ND = SelfAttention(width, heads, groups).double(), torch.randn(nodes, width, dtype=torch.float64)
    head = width // heads
    edge_2E = torch.cartesian_prod(torch.arange(nodes), torch.arange(nodes)).T  # (from, to), each node to itself too
    start_E, end_E = edge_2E
    parts = layer.inward(x_ND).unflatten(1, (-1, head)).split([heads, groups, groups], 1)
    query_NHK, key_NHK, value_NHK = (part.repeat_interleave(heads // part.shape[1], 1) for part in parts)
    score_EH = (query_NHK[end_E] * key_NHK[start_E]).sum(2) / head**0.5
    end_EH = end_E[:, None].expand(-1, heads)
    largest_NH = torch.full((nodes, heads), -torch.inf, dtype=torch.float64)
    largest_NH = largest_NH.scatter_reduce(0, end_EH, score_EH, "amax")
    power_EH = (score_EH - largest_NH[end_E]).exp()
    total_NH = torch.zeros_like(largest_NH).scatter_add(0, end_EH, power_EH)
    message_EHK = (power_EH / total_NH[end_E]).unsqueeze(2) * value_NHK[start_E]
    gathered_NHK = torch.zeros_like(value_NHK).scatter_add(0, end_EH.unsqueeze(2).expand(-1, -1, head), message_EHK)
    expected_ND = layer.outward(gathered_NHK.flatten(1))
    torch.testing.assert_close(layer(x_ND[None], Sight())[0], expected_ND, atol=1e-6, rtol=0)

    peer = torch.nn.MultiheadAttention(width, heads, batch_first=True).double()
    weights = layer.inward.weight.unflatten(0, (-1, head)).split([heads, groups, groups])
    offsets = layer.inward.bias.unflatten(0, (-1, head)).split([heads, groups, groups])
    for whole, pieces in ((peer.in_proj_weight, weights), (peer.in_proj_bias, offsets)):
        whole.data = torch.cat([piece.repeat_interleave(heads // len(piece), 0).flatten(0, 1) for piece in pieces])
    peer.out_proj.load_state_dict(layer.outward.state_dict())
    torch.testing.assert_close(peer(x_ND, x_ND, x_ND)[0], expected_ND, atol=1e-6, rtol=0)
