"""A person's own module as a family: how it is made, tried and refused."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from pellucid.errors import RecipeError
from pellucid.families.foreign import Foreign
from pellucid.forms import grid, vector


class Narrow(nn.Module):
    """Asks for the width of its input and takes one argument more."""

    def __init__(self, width: int, units: int = 3) -> None:
        super().__init__()
        self.linear = nn.Linear(width, units)
        self.norm = nn.BatchNorm1d(units)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.norm(self.linear(x)).relu()


class Maps(nn.Module):
    """Asks for channels, height and breadth."""

    def __init__(self, channels: int, height: int, breadth: int) -> None:
        super().__init__()
        self.sizes = (channels, height, breadth)
        self.conv = nn.Conv2d(channels, 4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(x)


def test_the_sizes_it_asks_for_are_given_and_its_arguments_count():
    assert Foreign(module=Narrow).build(vector(7)).out == vector(3)
    assert Foreign(module=Narrow, arguments={"units": 5}).build(vector(7)).out == vector(5)
    trunk = Foreign(module=Maps, input="grid").build(grid(2, 8, 6))
    assert trunk.out == grid(4, 6, 4)
    made = trunk.blocks[0]
    assert isinstance(made, Maps) and made.sizes == (2, 8, 6)


def test_trying_it_out_leaves_it_in_training_mode_with_fresh_statistics():
    made = Foreign(module=Narrow).build(vector(4)).blocks[0]
    assert isinstance(made, Narrow) and made.training
    assert made.norm.num_batches_tracked is not None and made.norm.num_batches_tracked.item() == 0


def test_it_is_named_after_its_class_and_never_written_with_its_code():
    assert Foreign(module=Narrow).dump() == {"kind": "foreign", "name": "Narrow", "arguments": {}, "input": "vector"}
    assert Foreign(module=Narrow, name="mine").name == "mine"


def test_it_takes_the_form_it_declares():
    assert Foreign(module=Narrow).takes() == {"vector"}
    assert Foreign(module=Maps, input="grid").takes() == {"grid"}


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (None, "no code gives"),
        (lambda: nn.Linear(3, 2), "does not take vector 4"),
        (lambda: nn.Unflatten(1, (2, 2)), r"gives \(2, 2, 2\) for 2 examples"),
        (lambda: nn.LSTM(4, 2), "gives tuple for 2 examples"),
        (lambda: lambda x: x, "gives no nn.Module"),
        (lambda: nn.Flatten(0), r"gives \(8,\) for 2 examples"),
        (lambda units: nn.Linear(4, units), "cannot be made"),
        (nn.Linear(4, 2), "cannot be made"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_was_expected(made: Any, says: str):
    with pytest.raises(RecipeError, match=says) as fault:
        Foreign(module=made, name="net").build(vector(4))
    assert fault.value.code == "RECIPE-CODE"
    assert (fault.value.place.path or "").startswith("model")
