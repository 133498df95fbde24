"""Traces: noted while somebody asks, under the name of the layer, and never else."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from pellucid.nn.traces import Traced, traced


class Doubled(Traced):
    """Notes what it is given."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.trace is not None:
            self.trace["given"] = x
        return 2 * x


def test_every_layer_notes_what_happens_while_it_is_asked():
    network = nn.Sequential(Doubled(), nn.Tanh(), Doubled())
    with traced(network) as traces:
        network(torch.zeros(2, 3))
    network(torch.ones(2, 3))
    assert set(traces) == {"0", "2"}
    assert traces["0"]["given"].abs().max() == 0 and traces["2"]["given"].abs().max() == 0


def test_a_fault_inside_leaves_no_layer_listening():
    network = nn.Sequential(Doubled())
    with pytest.raises(KeyError), traced(network):
        raise KeyError("in between")
    assert isinstance(network[0], Doubled) and network[0].trace is None
