from __future__ import annotations

import json
from typing import Any, NamedTuple

import pytest
import torch

from pellucid.forms import Form, each, from_json, grid, length, pyramid, sequence, tensors, vector


class Sequence(NamedTuple):
    x_BTD: torch.Tensor
    mask_BT: torch.Tensor


def test_sizes_and_names() -> None:
    assert (vector(8).size, str(vector(8))) == (8, "vector 8")
    assert (grid(3, 32, 16).size, str(grid(3, 32, 16))) == (3 * 32 * 16, "grid 3x32x16")
    assert Form("sequence", 4, (10,)).size == 40
    levels = pyramid((grid(8, 16, 16), grid(16, 8, 8)))
    assert levels.size == 8 * 256 + 16 * 64
    assert (levels.width, levels.extent) == (16, (8, 8))
    assert str(levels) == "pyramid of grid 8x16x16, grid 16x8x8"


def test_forms_are_values() -> None:
    assert vector(3) == Form("vector", 3)
    assert len({vector(3), vector(3), vector(4)}) == 2


def test_each_keeps_the_shape_of_a_signal() -> None:
    one = torch.ones(2, 3)
    assert torch.equal(doubled(one), one * 2)
    named = doubled(Sequence(one, one[:, 0]))
    assert isinstance(named, Sequence)
    assert torch.equal(named.x_BTD, one * 2)
    nested = doubled((one, (one, one)))
    assert type(nested) is tuple
    assert all(torch.equal(found, one * 2) for found in tensors(nested))


def doubled(signal: Any) -> Any:
    return each(signal, lambda tensor: tensor * 2)


def test_tensors_in_order_and_length() -> None:
    one, two, three = torch.zeros(5, 1), torch.zeros(5, 2), torch.zeros(5, 3)
    assert [tensor.shape[1] for tensor in tensors(((one, two), three))] == [1, 2, 3]
    assert tensors(one)[0] is one
    assert length((one, two)) == length(three) == 5


@pytest.mark.parametrize(
    "form",
    [vector(3), grid(6, 4, 5, 2), sequence(3, 7, even=True), sequence(1, 9, context=sequence(1, 4, causal=True))],
)
def test_a_form_comes_back_from_json(form: Form) -> None:
    assert from_json(json.loads(json.dumps(form.as_json()))) == form


def test_a_sequence_says_what_continues_it() -> None:
    assert str(sequence(2, 48, context=sequence(5, 24))) == "sequence 2x48, then sequence 5x24"
    assert sequence(2, 48).size == 96
