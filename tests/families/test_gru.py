"""Gated recurrent units: three quarters of the weights of an LSTM."""

from __future__ import annotations

import pytest

from pellucid.families.gru import GRU
from pellucid.families.lstm import LSTM
from pellucid.forms import sequence


@pytest.mark.row("H3")
@pytest.mark.parametrize("fields", [{}, {"depth": 3}, {"bidirectional": True, "width": 7}])
def test_it_has_three_quarters_of_the_parameters_of_an_lstm(fields: dict[str, int]):
    counts = [
        sum(parameter.numel() for parameter in family.model_validate(fields).build(sequence(9, 20)).parameters())
        for family in (GRU, LSTM)
    ]
    assert 4 * counts[0] == 3 * counts[1]
