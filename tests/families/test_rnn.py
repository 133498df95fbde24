"""The plain recurrent network: what it computes, unrolled by hand."""

from __future__ import annotations

import pytest
import torch

from pellucid.families.rnn import RNN
from pellucid.forms import Steps, sequence
from pellucid.nn.traces import traced


@pytest.mark.row("H1")
def test_each_state_is_made_of_its_input_and_the_state_before():
    made = RNN(width=2).build(sequence(1, 3, causal=True))
    weights = {"weight_ih_l0": [[1.0], [0.0]], "weight_hh_l0": [[0.0, 0.5], [1.0, 0.0]]}
    for name, value in {**weights, "bias_ih_l0": [0.0, 0.1], "bias_hh_l0": [0.0, 0.0]}.items():
        made.get_parameter(f"blocks.0.forth.kernel.{name}").data = torch.tensor(value)
    x_BTD = torch.tensor([[[1.0], [0.0], [-1.0]]])
    with traced(made) as traces:
        made(Steps(x_BTD, torch.ones(1, 3, dtype=torch.bool)))
    first, second = 0.0, 0.0
    for place, x in enumerate((1.0, 0.0, -1.0)):
        first, second = torch.tensor([x + 0.5 * second, first + 0.1]).tanh().tolist()
        told_D = traces["blocks.0.forth"]["hidden"][0, place]
        torch.testing.assert_close(told_D, torch.tensor([first, second]), atol=1e-6, rtol=0)
