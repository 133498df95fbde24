"""Inception: the published numbers of parameters, layers and maps, its branches, and images too small for it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from pellucid.data.signature import Signature, Target
from pellucid.errors import RecipeError
from pellucid.families.inception import Inception
from pellucid.forms import Branched, Form, grid
from pellucid.network.assemble import Network, assemble
from pellucid.nn.noise import share_draw
from pellucid.nn.trunk import Trunk
from pellucid.seeds import Draw
from pellucid.tasks.classification import Classification

torch.set_num_threads(1)
CLASSES = tuple(f"{code:04}" for code in range(1000))
SIGNATURE = Signature("images", "memory", 10, "", Target("classes", ("y",), CLASSES))
PHOTO = grid(3, 299, 299)


def network(form: Form = PHOTO, **fields: Any) -> Network:
    family = Inception.model_validate(fields)
    return assemble(form, (), signature=SIGNATURE, family=family, task=Classification(), seed=0)


def trunk(form: Form, **fields: Any) -> Trunk:
    made = Inception.model_validate(fields).build(form)
    share_draw(made, Draw(0, "step").at(0))
    return made


def levels(made: Trunk) -> list[tuple[int, ...]]:
    return [(level.width, *level.extent) for level in made.out.levels]


@pytest.mark.parametrize(
    ("version", "auxiliary", "parameters", "convolutions", "linear"),
    [("v1", True, 13_004_888, 59, 5), ("v1", False, 6_624_904, 57, 1),
     ("v3", True, 27_161_264, 96, 2), ("v3", False, 23_834_568, 94, 1)],
)  # fmt: skip
def test_it_has_the_published_parameters_and_layers(
    version: str, auxiliary: bool, parameters: int, convolutions: int, linear: int
):
    """Of torchvision's models `googlenet` and `inception_v3` with 1000 classes, from its page of pretrained weights."""
    made = network(version=version, auxiliary=auxiliary)
    assert sum(one.numel() for one in made.parameters()) == parameters
    assert sum(isinstance(layer, nn.Conv2d) for layer in made.modules()) == convolutions
    assert sum(isinstance(layer, nn.Linear) for layer in made.modules()) == linear
    norms = [layer for layer in made.modules() if isinstance(layer, nn.BatchNorm2d)]
    assert len(norms) == convolutions and all(layer.eps == 1e-3 for layer in norms)


def test_its_maps_are_those_of_the_papers():
    """Table 1 of arXiv:1409.4842 at 224 px, and table 1 of arXiv:1512.00567 at 299 px."""
    assert levels(trunk(grid(3, 224, 224))) == [(192, 56, 56), (480, 28, 28), (832, 14, 14), (1024, 7, 7)]
    assert levels(trunk(PHOTO, version="v3")) == [(192, 71, 71), (288, 35, 35), (768, 17, 17), (2048, 8, 8)]


def test_the_branch_for_large_patterns_can_have_the_5x5_filters_of_the_paper():
    shared, paper = (trunk(grid(3, 64, 64), large=large, width=8, auxiliary=False) for large in (3, 5))
    kernels = [layer.kernel_size for layer in paper.modules() if isinstance(layer, nn.Conv2d)]
    assert kernels.count((5, 5)) == 9 and levels(shared) == levels(paper)


@pytest.mark.parametrize("version", ["v1", "v3"])
@pytest.mark.parametrize(("side", "stem"), [(32, "small"), (33, "small"), (75, "full"), (98, "full")])
def test_maps_are_as_promised_with_either_stem(version: str, side: int, stem: str):
    for chosen in (stem, "auto"):
        made = trunk(grid(3, side, side + 5), version=version, stem=chosen, width=4).train()
        given = made(torch.randn(2, 3, side, side + 5))
        assert isinstance(given, Branched)
        assert [tuple(level.shape[1:]) for level in given.main] == levels(made)
        assert len(made.out.levels) == (4 if stem == "full" else 3)
        assert [side_BD.shape[1] for side_BD in given.sides] == list(made.side_widths)
        assert made.side_weights == ((0.3, 0.3) if version == "v1" else (0.4,))


@pytest.mark.parametrize(
    ("version", "stem", "least", "hint"),
    [("v1", "auto", 2, "use model: cnn"), ("v1", "full", 15, "model.stem: small"),
     ("v3", "auto", 7, "use model: cnn"), ("v3", "full", 75, "model.stem: small")],
)  # fmt: skip
def test_images_that_are_too_small_are_refused_with_what_fits(version: str, stem: str, least: int, hint: str):
    with pytest.raises(RecipeError) as fault:
        trunk(grid(1, 200, least - 1), version=version, stem=stem, width=4)
    assert fault.value.code == "RECIPE-FORM" and fault.value.place.path == "model.stem"
    assert fault.value.hint == hint
    made = trunk(grid(1, 80, least), version=version, stem=stem, width=4).eval()
    assert [tuple(level.shape[1:]) for level in made(torch.randn(2, 1, 80, least))] == levels(made)


def test_fields_act():
    made = trunk(grid(1, 16, 16), width=16, norm="none", activation="elu", dropout=0.5, auxiliary=False)
    assert made.out.levels[-1].width == 256 and made.side_widths == ()
    assert all(layer.bias is not None for layer in made.modules() if isinstance(layer, nn.Conv2d))
    assert any(isinstance(layer, nn.ELU) for layer in made.modules())
    last = made.train()(torch.randn(4, 1, 16, 16))[-1]
    assert 0.3 < (last.flatten(2).abs().amax(2) == 0).float().mean() < 0.7
