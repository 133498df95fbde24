"""The start from nothing: every tensor from its own stream."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from pellucid.data.batch import Batch, Rows
from pellucid.data.signature import Signature, Target
from pellucid.families.cnn import CNN
from pellucid.families.family import Family
from pellucid.families.foreign import Foreign
from pellucid.families.mlp import MLP
from pellucid.forms import grid, vector
from pellucid.network.assemble import Network, assemble
from pellucid.nn.activation_parts import Tanh
from pellucid.nn.init_parts import LSUV, Zeros
from pellucid.tasks.classification import Classification
from pellucid.transfer.scratch import Scratch

SIGNATURE = Signature("table", "memory", 10, "", Target("classes", ("y",), ("a", "b", "c")))


def started(family: Family, *, seed: int = 0, side: int = 0, categories: tuple[int, ...] = ()) -> tuple[Network, Batch]:
    form = grid(1, side, side) if side else vector(6)
    stream = torch.Generator().manual_seed(3)
    x = torch.randn(256, form.width, *form.extent, generator=stream)
    held = Batch(Rows(x, torch.zeros(256, len(categories), dtype=torch.int64)) if categories else x, None)
    made = assemble(form, categories, signature=SIGNATURE, family=family, task=Classification(), seed=seed)
    Scratch().apply(made, family, held, seed)
    return made, held


def test_the_same_seed_gives_the_same_weights_whatever_the_default_generator_says():
    torch.manual_seed(1)
    first = started(MLP(widths=(8,)))[0].state_dict()
    torch.manual_seed(2)
    again, other = started(MLP(widths=(8,)))[0].state_dict(), started(MLP(widths=(8,)), seed=1)[0].state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["head.weight"], other["head.weight"])


def test_a_new_layer_leaves_the_weights_of_the_others():
    short, long = (started(MLP(widths=widths))[0].state_dict() for widths in ((8, 8), (8, 8, 8)))
    assert set(long) - set(short) == {"trunk.blocks.2.linear.weight", "trunk.blocks.2.linear.bias"}
    assert all(torch.equal(short[name], long[name]) for name in short)
    assert not torch.equal(long["trunk.blocks.1.linear.weight"], long["trunk.blocks.2.linear.weight"])


@pytest.mark.parametrize(("family", "side"), [(MLP(widths=(400, 400)), 0), (CNN(channels=(64,), hidden=(300,)), 8)])
def test_weights_have_the_spread_that_their_fan_asks_for_and_biases_are_zero(family: Family, side: int):
    made, _ = started(family, side=side)
    for name, module in made.named_modules():
        if isinstance(module, (nn.Linear, nn.Conv2d)):
            fan = module.weight[0].numel()
            if name != "head":
                assert module.weight.std().item() == pytest.approx((2 / fan) ** 0.5, rel=0.15), name
            assert module.bias is None or module.bias.abs().max() == 0


def test_the_head_starts_small_whatever_the_family_says():
    made, _ = started(MLP(widths=(8,), init=Zeros()))
    assert made.get_parameter("trunk.blocks.0.linear.weight").abs().max() == 0
    bound = (6 / (8 + 3)) ** 0.5
    assert 0 < made.get_parameter("head.weight").abs().max() <= bound


def test_lsuv_gives_every_layer_outputs_of_unit_spread():
    made, held = started(MLP(widths=(32, 32, 32), activation=Tanh(), init=LSUV()))
    seen: list[float] = []
    for module in made.modules():
        if isinstance(module, nn.Linear):
            module.register_forward_hook(lambda module, inputs, output: seen.append(output.std().item()))
    made.eval()(held.input)
    assert len(seen) == 4
    assert all(std == pytest.approx(1.0, abs=0.05) for std in seen)


def test_a_foreign_trunk_keeps_its_weights_and_its_head_and_embeddings_are_filled():
    kept = nn.Linear(6 + 2, 4)
    made, _ = started(Foreign(module=lambda: kept), categories=(2,))
    assert made.get_parameter("trunk.blocks.0.weight") is kept.weight and kept.bias.abs().max() > 0
    assert made.get_parameter("head.bias").abs().max() == 0
