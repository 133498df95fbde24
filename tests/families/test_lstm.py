"""Long short-term memory: what it builds, and gates that can be read step by step."""

from __future__ import annotations

import pytest
import torch

from pellucid import forms
from pellucid.families.lstm import LSTM
from pellucid.forms import Steps
from pellucid.nn.traces import traced


def test_it_is_built_in_python_without_a_recipe():
    trunk = LSTM(width=8).build(forms.sequence(5, 7))
    assert trunk.out == forms.sequence(8, 7)
    assert sum(parameter.numel() for parameter in trunk.parameters()) == 4 * 8 * (5 + 8 + 2)


@pytest.mark.row("H2")
def test_the_cell_stays_as_it_is_behind_an_open_forget_gate_and_a_shut_input_gate():
    made = LSTM(width=4).build(forms.sequence(2, 50, causal=True))
    bias_G = made.get_parameter("blocks.0.forth.kernel.bias_ih_l0")
    with torch.no_grad():
        bias_G[:4], bias_G[4:8] = -50.0, 50.0
    cell_BD = torch.randn(3, 4)
    steps = Steps(torch.randn(3, 50, 2), torch.ones(3, 50, dtype=torch.bool))
    with traced(made) as traces:
        _, memory = made.proceed(steps, ((torch.zeros(3, 4), cell_BD),))
    told = traces["blocks.0.forth"]
    assert told["input gate"].max() < 1e-6 and told["forget gate"].min() > 1 - 1e-6
    torch.testing.assert_close(told["cell"], cell_BD[:, None].expand(-1, 50, -1), atol=1e-4, rtol=0)
    torch.testing.assert_close(forms.tensors(memory)[1], cell_BD, atol=1e-4, rtol=0)
