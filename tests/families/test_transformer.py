"""The Transformer family: what its fields build, and what cannot be."""

from __future__ import annotations

import pytest
import torch
from pydantic import ValidationError
from torch import nn

from pellucid.errors import RecipeError
from pellucid.families.transformer import Transformer
from pellucid.forms import Steps, sequence
from pellucid.nn.activation_parts import ReLU
from pellucid.nn.init_parts import Orthogonal, Xavier
from pellucid.nn.transformer import EncoderDecoder, TransformerTrunk


def test_it_is_built_for_one_sequence_or_two():
    family = Transformer(width=32, heads=4)
    alone = family.build(sequence(5, 7))
    assert isinstance(alone, TransformerTrunk) and alone.out == sequence(32, 7) and len(alone.blocks) == 4
    given = Steps(torch.randn(2, 7, 5), torch.ones(2, 7, dtype=torch.bool))
    assert alone.eval()(given).x_BTD.shape == (2, 7, 32)
    both = family.build(sequence(5, 7, even=True, context=sequence(3, 4, even=True, causal=True)))
    assert isinstance(both, EncoderDecoder) and both.out == sequence(32, 4, even=True, causal=True)
    assert both.encoder.out == sequence(32, 7, even=True)
    assert [block.cross is None for block in both.encoder.layers()] == [True] * 4
    assert [block.cross is None for block in both.decoder.layers()] == [False] * 4


@pytest.mark.parametrize("positions", ["learned", "sinusoidal", "rotary", "none"])
def test_its_fields_say_how_many_parameters_there_are(positions: str):
    family = Transformer.model_validate(
        {
            "width": 8,
            "depth": 3,
            "heads": 4,
            "groups": 2,
            "feed_forward": 5,
            "positions": positions,
            "activation": "relu",
        }
    )
    trunk = family.build(sequence(8, 6))
    attention = 8 * (8 + 2 * 4) + (8 + 2 * 4) + 8 * 8 + 8
    block = attention + (8 * 5 + 5) + (5 * 8 + 8) + 2 * 2 * 8
    expected = 3 * block + 2 * 8 + (6 * 8 if positions == "learned" else 0)
    assert sum(parameter.numel() for parameter in trunk.parameters()) == expected
    assert sum(isinstance(module, nn.ReLU) for module in trunk.modules()) == 3
    without = Transformer.model_validate({"width": 8, "norm": "post"}).build(sequence(3, 6))
    assert isinstance(without, TransformerTrunk)
    assert isinstance(without.norm, nn.Identity) and isinstance(without.entrance.project, nn.Linear)


def test_what_the_rest_of_a_network_asks_of_it():
    family = Transformer(width=24, pool="attention", init=Orthogonal(), activation=ReLU())
    assert family.embedding() == 24 and family.pools() == "attention"
    assert family.start() == (Orthogonal(), 1.0) and Transformer().start() == (Xavier(), 1.0)


@pytest.mark.parametrize(
    ("fields", "code", "path", "hint"),
    [
        ({"width": 10, "heads": 4}, "RECIPE-VALUE", "model.heads", "one of: 1, 2, 5, 10"),
        ({"heads": 4, "groups": 3}, "RECIPE-VALUE", "model.groups", "one of: 1, 2, 4"),
        ({"width": 12, "heads": 4}, "RECIPE-FIT", "model.positions", "sinusoidal"),
    ],
)
def test_what_does_not_divide_is_refused_at_the_recipe(fields: dict[str, int], code: str, path: str, hint: str):
    with pytest.raises(RecipeError) as fault:
        Transformer.model_validate(fields).build(sequence(3, 4))
    assert fault.value.code == code and fault.value.place.path == path
    assert fault.value.hint is not None and hint in fault.value.hint


@pytest.mark.parametrize("field", [{"width": 0}, {"dropout": 1.0}, {"norm": "none"}, {"positions": "clock"}])
def test_values_that_cannot_be_are_refused(field: dict[str, object]):
    with pytest.raises(ValidationError):
        Transformer.model_validate(field)
