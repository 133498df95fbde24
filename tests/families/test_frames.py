"""Video: frames hold an image family, keep its neck and start, and refuse what is no clip."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from pellucid.data.signature import Signature, Target
from pellucid.errors import RecipeError
from pellucid.families.cnn import CNN
from pellucid.families.family import Family
from pellucid.families.frames import Frames
from pellucid.families.gru import GRU
from pellucid.families.unet import UNet
from pellucid.forms import grid, pyramid, sequence
from pellucid.network.assemble import assemble
from pellucid.parts import concrete
from pellucid.recipe import Recipe, recipe_of
from pellucid.tasks.classification import Classification

torch.set_num_threads(1)
CLIP = grid(6, 16, 12, frames=3)


def frames(**fields: Any) -> Frames:
    return Frames.model_validate(fields)


def test_a_recipe_says_which_image_family_sees_the_frames():
    family = concrete(Family, {"kind": "frames", "image": {"kind": "unet", "depth": 2}, "difference": True})
    assert family == frames(image=UNet(depth=2), difference=True)
    assert concrete(Family, family.dump()) == family
    assert frames().image == CNN()
    recipe = Recipe.model_validate({"data": "digits", "model": family.dump()})
    assert recipe.model == family


def test_its_trunk_gives_what_the_image_family_gives():
    made = frames(image=CNN(channels=(4, 6))).build(CLIP)
    assert made.out == pyramid((grid(4, 8, 6), grid(6, 4, 3)))
    assert [tuple(level.shape) for level in made(torch.randn(5, 6, 16, 12))] == [(5, 4, 8, 6), (5, 6, 4, 3)]
    assert frames(image=UNet(depth=2, width=3)).build(CLIP).out == grid(3, 16, 12)


def test_one_frame_and_its_difference_are_the_channels_of_the_image_family():
    for difference, channels in ((False, 2), (True, 4)):
        made = frames(difference=difference).build(CLIP)
        first = next(layer for layer in made.modules() if isinstance(layer, nn.Conv2d))
        assert first.in_channels == channels


def test_neck_and_start_are_those_of_the_image_family():
    image = CNN(hidden=(7,), activation={"kind": "tanh"}, channels=(4,))  # pyright: ignore[reportArgumentType]
    family = frames(image=image)
    assert family.neck() == (7,) and family.start() == image.start()
    signature = Signature("images", "memory", 10, "", Target("classes", ("y",), ("a", "b", "c")))
    network = assemble(CLIP, (), signature=signature, family=family, task=Classification(), seed=0)
    assert network(torch.randn(5, 6, 16, 12)).shape == (5, 3)
    assert [layer.out_features for layer in network.modules() if isinstance(layer, nn.Linear)] == [7, 3]


@pytest.mark.parametrize(
    ("form", "fields", "path", "hint"),
    [(grid(3, 16, 16), {}, "model.kind", "use model: cnn"),
     (grid(3, 16, 16), {"image": "unet"}, "model.kind", "use model: unet"),
     (CLIP, {"image": "mlp"}, "model.image.kind", "model.image: cnn"),
     (CLIP, {"image": "frames"}, "model.image.kind", "use model.image: cnn"),
     (CLIP, {"over": "unet"}, "model.over.kind", "model.over: lstm, mean or max"),
     (CLIP, {"over": {"kind": "gru", "bidirectional": True, "stateful": True}}, "model.over.bidirectional",
      "model.over.bidirectional: false")],
)  # fmt: skip
def test_what_does_not_fit_is_refused_with_what_would(form: Any, fields: dict[str, Any], path: str, hint: str):
    with pytest.raises(RecipeError) as fault:
        frames(**fields).build(form)
    assert fault.value.code == "RECIPE-FIT" and fault.value.place.path == path and fault.value.hint == hint


def test_a_fault_of_the_image_family_says_where_it_is_in_this_one():
    with pytest.raises(RecipeError) as fault:
        frames(image=UNet()).build(CLIP)
    assert fault.value.place.path == "model.image.depth" and fault.value.hint == "model.image.depth: 3 at most"


def test_a_family_for_sequences_reads_the_frames_in_their_order():
    family = frames(image=CNN(channels=(4, 6)), over=GRU(width=5, bidirectional=True))
    assert concrete(Family, family.dump()) == family and family.pools() == "ends" and family.neck() == ()
    assert family.build(CLIP).out == sequence(10, 3, even=True)
    signature = Signature("images", "memory", 10, "", Target("classes", ("y",), ("a", "b", "c")))
    network = assemble(CLIP, (), signature=signature, family=family, task=Classification(), seed=0).eval()
    x_BCHW = torch.randn(5, 6, 16, 12)
    backwards_BCHW = x_BCHW.unflatten(1, (3, 2)).flip(1).flatten(1, 2)
    assert network(x_BCHW).shape == (5, 3) and not torch.allclose(network(x_BCHW), network(backwards_BCHW))


def test_what_no_family_is_called_says_where_it_stands():
    with pytest.raises(RecipeError) as fault:
        recipe_of("digits", None, {"model": {"kind": "frames", "over": "gr"}})
    assert fault.value.place.path == "model.over" and fault.value.hint == "did you mean 'gru'?"
