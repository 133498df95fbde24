"""Segmentation: a logit map for each class at the size of the image, read as the class of each pixel."""

from __future__ import annotations

import pytest
import torch

from pellucid.data.batch import Batch
from pellucid.data.signature import Signature, Target
from pellucid.errors import RecipeError
from pellucid.families.cnn import CNN
from pellucid.families.mlp import MLP
from pellucid.families.unet import UNet
from pellucid.forms import grid
from pellucid.losses.loss import reduce
from pellucid.losses.parts import CrossEntropy, Dice, Focal
from pellucid.network.assemble import Network, assemble
from pellucid.tasks.segmentation import Segmentation

torch.set_num_threads(1)
TARGET = Target("mask", ("mask",), ("background", "cell", "edge"))
SIGNATURE = Signature("images", "memory", 8, "", TARGET, image=(1, 12, 10))


def network(family: CNN | UNet, task: Segmentation) -> Network:
    return assemble(grid(1, 12, 10), (), signature=SIGNATURE, family=family, task=task, seed=0)


def batch() -> Batch:
    stream = torch.Generator().manual_seed(0)
    mask_BHW = torch.randint(3, (8, 6, 5), generator=stream).repeat_interleave(2, 1).repeat_interleave(2, 2)
    mask_BHW[:, 0, 0] = 255
    return Batch(torch.randn(8, 1, 12, 10, generator=stream), mask_BHW.to(torch.uint8))


@pytest.mark.parametrize("family", [CNN(channels=(4, 8)), UNet(depth=2, width=4)], ids=["pyramid", "grid"])
def test_logits_have_the_size_of_the_image(family: CNN | UNet):
    made = network(family, Segmentation())
    assert made(torch.randn(2, 1, 12, 10)).shape == (2, 3, 12, 10)
    assert made.forms[-1] == ("head", "3 for each place")


def test_coarse_logits_are_interpolated():
    head = Segmentation().head(grid(4, 6, 5), SIGNATURE)
    x_BCHW = torch.randn(2, 4, 6, 5)
    coarse = next(head.children())(x_BCHW)
    expected = torch.nn.functional.interpolate(coarse, (12, 10), mode="bilinear", align_corners=False)
    torch.testing.assert_close(head(x_BCHW), expected)
    assert Segmentation().head(grid(4, 12, 10), SIGNATURE)(torch.randn(2, 4, 12, 10)).shape == (2, 3, 12, 10)


def test_the_most_probable_class_of_each_pixel():
    output = torch.randn(300, 3, 12, 10)
    read = Segmentation().decode(output, SIGNATURE, None)
    assert read.label is not None and read.label.dtype == torch.uint8 and read.classes == 3
    assert read.probability is None and torch.equal(read.label.long(), output.argmax(1))


def test_losses_are_sums_over_judged_pixels():
    made, output = Segmentation(loss=CrossEntropy()), torch.randn(8, 3, 12, 10)
    found = made.losses(output, batch())
    assert found.weight_B is not None and found.weight_B.tolist() == [119] * 8
    half = made.losses(output.bfloat16(), batch())
    assert half.value_B.dtype == torch.float32, "thousands of pixels are not summed in half precision"


@pytest.mark.parametrize("loss", [CrossEntropy(), Focal(), Dice()], ids=lambda loss: loss.kind)
def test_eight_images_are_learnt_by_heart(loss: CrossEntropy | Focal | Dice):
    task, data = Segmentation(loss=loss), batch()
    made = network(UNet(depth=1, width=12), task)
    optimizer = torch.optim.Adam(made.parameters(), 0.02)
    for _ in range(150):
        optimizer.zero_grad()
        reduce(task.losses(made(data.input), data), None).backward()
        optimizer.step()
    assert reduce(task.losses(made(data.input), data), None).item() < 1e-2
    label = task.decode(made(data.input), SIGNATURE, None).label
    assert label is not None and data.target is not None
    judged = data.target != 255
    assert (label == data.target)[judged].all()


def test_a_family_of_vectors_is_refused_with_what_fits():
    with pytest.raises(RecipeError) as fault:
        assemble(grid(1, 12, 10), (), signature=SIGNATURE, family=MLP(widths=(4,)), task=Segmentation(), seed=0)
    assert fault.value.code == "RECIPE-FIT" and "unet" in (fault.value.hint or "")


def test_what_the_plan_fills_in():
    task = Segmentation()
    assert task.loss_for(TARGET).value == "cross_entropy"
    assert task.metrics_for(TARGET).value == ("iou", "dice", "pixel_accuracy")
    assert task.asks(TARGET) == "mask" and task.outputs(SIGNATURE) == 3
