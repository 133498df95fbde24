"""Receptive fields: the published ones, and what a gradient shows."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from pellucid.data.signature import Signature, Target
from pellucid.families.resnet import ResNet
from pellucid.families.unet import UNet
from pellucid.families.vgg import VGG
from pellucid.forms import grid
from pellucid.network.assemble import assemble
from pellucid.network.fields import START, Fields
from pellucid.network.summary import Layer, summarize
from pellucid.tasks.classification import Classification

SIGNATURE = Signature("images", "memory", 10, "", Target("classes", ("y",), ("a", "b", "c")))


def layers(family: VGG | ResNet | UNet) -> list[Layer]:
    made = assemble(grid(3, 64, 64), (), signature=SIGNATURE, family=family, task=Classification(), seed=0)
    return summarize(made, torch.randn(1, 3, 64, 64))


def test_published_receptive_fields():
    # Araujo et al. 2019, table 1: VGG-16 sees 212 pixels, ResNet-v1-18 435
    assert [one.field for one in layers(VGG(width=8, hidden=())) if one.layer == "MaxPool2d"][-1] == (212, 212)
    assert [one.field for one in layers(ResNet(width=8, stem="full")) if one.name.startswith("trunk")][-1] == (435, 435)


def test_what_sees_the_whole_image_has_no_field():
    made = layers(VGG(width=8, hidden=(4,)))
    assert [one.field for one in made if one.layer == "Linear"] == [None, None]


def test_maps_that_grow_again_keep_what_was_seen_below():
    made = {one.name: one for one in layers(UNet(width=4, depth=2))}
    deepest = max(one.field[0] for name, one in made.items() if ".bottom." in name and one.field)
    last = next(one for name, one in reversed(made.items()) if name.startswith("trunk"))
    assert last.output == "4 x 64 x 64" and last.field is not None and last.field[0] > deepest


@pytest.mark.parametrize(
    "module",
    [
        nn.Sequential(nn.Conv2d(1, 2, 5, padding=2), nn.AvgPool2d(2), nn.Conv2d(2, 2, 3, dilation=2)),
        nn.Sequential(nn.Conv2d(1, 2, (3, 1), stride=(2, 1)), nn.Conv2d(2, 1, (1, 7))),
    ],
)
def test_the_field_is_where_the_gradient_reaches(module: nn.Sequential):
    x = torch.randn(1, 1, 41, 41, requires_grad=True)
    fields = Fields(x)
    for layer in module:
        layer.register_forward_pre_hook(fields.entered)
        layer.register_forward_hook(lambda module, inputs, output: fields.left(module, output) and None)
    assert fields.known[id(x)] == START
    y = module(x)
    y[0, 0, y.shape[2] // 2, y.shape[3] // 2].backward()
    assert x.grad is not None
    reached = x.grad[0, 0] != 0
    extent = (int(reached.any(1).sum()), int(reached.any(0).sum()))
    assert fields.known[id(y)].size == extent
