from __future__ import annotations

import math

import torch

from pellucid.data.batch import Batch
from pellucid.data.signature import Signature, Target
from pellucid.families.cnn import CNN
from pellucid.forms import grid, pyramid
from pellucid.losses.loss import reduce
from pellucid.losses.parts import FocalGIoU
from pellucid.metrics.catalogue import metric
from pellucid.network.assemble import assemble
from pellucid.tasks.detection import Detection
from pellucid.transfer.scratch import Scratch

torch.set_num_threads(1)
SIGNATURE = Signature(
    "images", "memory", 8, "", Target("boxes", ("boxes",), ("disc", "square"), (6, 6)), image=(1, 32, 32)
)
FORM = pyramid((grid(16, 8, 8), grid(16, 4, 4)))
TASK = Detection(loss=FocalGIoU())


def eight() -> tuple[torch.Tensor, torch.Tensor]:
    """(x_BCHW, target_BM5): a bright or dark square or two in noise, the last image without any."""
    random = torch.Generator().manual_seed(0)
    x_BCHW = 0.3 * torch.randn(8, 1, 32, 32, generator=random)
    target_BM5 = torch.zeros(8, 2, 5)
    target_BM5[:, :, 4] = -1
    for image in range(7):
        for place in range(1 + image % 2):
            left, top, size = 2 + 15 * place + image % 3, 3 + 2 * image, 8 + image % 4
            code = (image + place) % 2
            x_BCHW[image, 0, top : top + size, left : left + size] += 2 - 4 * code
            target_BM5[image, place] = torch.tensor([left, top, left + size, top + size, code])
    return x_BCHW, target_BM5


def test_every_class_is_improbable_at_first():
    head = TASK.head(FORM, SIGNATURE)
    for parameter in head.parameters():
        torch.nn.init.zeros_(parameter)
    TASK.begin(head)
    output = head(tuple(torch.randn(2, level.width, *level.extent) for level in FORM.levels))
    torch.testing.assert_close(output[:, :, 7:].sigmoid(), torch.full((2, 80, 2), 0.01))
    # and boxes are two strides long and wide, around their places
    torch.testing.assert_close(output[..., 5:7] - output[..., 3:5], 2 * output[..., 2:3].expand(-1, -1, 2))
    assert TASK.outputs(SIGNATURE) == 6


def test_what_the_plan_fills_in():
    assert SIGNATURE.target is not None
    assert TASK.loss_for(SIGNATURE.target).value == "focal_giou" and TASK.asks(SIGNATURE.target) == "boxes"
    assert TASK.metrics_for(SIGNATURE.target).value == ("map50", "map")


def test_mixed_images_share_both_losses():
    head = TASK.head(FORM, SIGNATURE)
    output = head(tuple(torch.randn(8, level.width, *level.extent) for level in FORM.levels))
    _, target = eight()
    plain = TASK.losses(output, Batch(output, target))
    other = TASK.losses(output, Batch(output, target.flip(0)))
    share = torch.linspace(0, 1, 8)
    mixed = TASK.losses(output, Batch(output, target, mixed=(target.flip(0), share)))
    for here, there, both in zip(plain, other, mixed, strict=True):
        assert here is not None and there is not None and both is not None
        torch.testing.assert_close(both, here * (1 - share) + there * share)


def test_boxes_end_at_the_image_and_the_surer_of_two_stays():
    # x, y, stride, left, top, right, bottom, two logits
    places = torch.tensor([[[8.0, 8, 4, -9, -2, 12, 13, 2, -9], [12, 8, 4, 0, 0, 12, 12, 1, 0.5],
                            [30, 30, 4, 20, 22, 40, 50, -9, -2.0]]])  # fmt: skip
    found = TASK.decode(places, SIGNATURE, None).box_NK6
    assert found is not None and found.dtype == torch.float64
    sure = [1 / (1 + math.exp(-logit)) for logit in (2, 0.5, -2)]
    expected = [[0, 0, 12, 13, 0, sure[0]], [0, 0, 12, 12, 1, sure[1]], [20, 22, 32, 32, 1, sure[2]]]
    torch.testing.assert_close(found[0], torch.tensor(expected, dtype=torch.float64), atol=1e-6, rtol=0)
    fewer = Detection(score=0.2, most=1).decode(places, SIGNATURE, None).box_NK6
    assert fewer is not None and fewer.shape == (1, 1, 6)
    assert TASK.decode(places[:0], SIGNATURE, None).box_NK6 is not None


def test_eight_images_are_learnt_by_heart():
    x_BCHW, target_BM5 = eight()
    family = CNN(channels=(16, 32))
    network = assemble(grid(1, 32, 32), (), signature=SIGNATURE, family=family, task=TASK, seed=0)
    batch = Batch(x_BCHW, target_BM5)
    Scratch().apply(network, family, batch, 0)
    TASK.begin(network.head)
    optimizer = torch.optim.Adam(network.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.005, total_steps=251)
    losses = []
    for _ in range(250):
        optimizer.zero_grad()
        output = network(batch.input)
        assert isinstance(output, torch.Tensor)
        loss = reduce(TASK.losses(output, batch), None)
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    assert losses[0] > 0.5 and losses[-1] < 0.05
    with torch.no_grad():
        prediction = TASK.decode(network(batch.input), SIGNATURE, None)
    assert metric("map50").measure(prediction, target_BM5, None) > 0.99
