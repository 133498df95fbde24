"""Rows G1, G2, G4, B15 and D8 for pictures: what a convolution is, seen in a network that was trained."""

from __future__ import annotations

from itertools import islice, product

import pytest
import torch
from torch import nn

from pellucid.data.batch import Batch
from pellucid.explain import walkthrough
from pellucid.nn.blocks import ConvBlock
from pellucid.recipe import recipe_of
from pellucid.report.seeing import filters, sobel
from pellucid.training import evaluate, loop
from pellucid.training.session import Session, prepare

torch.set_num_threads(1)


def session(**model: object) -> Session:
    """A small network of convolutions over the digits, after a few steps."""
    wanted = {"kind": "cnn", "channels": [6, 8], "hidden": [10], **model}
    made = prepare(recipe_of("digits", None, {"model": wanted, "method.epochs": 1, "method.batch": 64})[0])
    for _ in islice(loop.steps(made.state, made.phases()), 12):
        pass
    made.state.network.eval()
    return made


@pytest.mark.row("G1")
def test_a_filter_applied_by_hand_equals_the_layer_and_is_as_deep_as_its_input():
    made = session(norm="none")
    x_BCHW = made.dataset.test.part(0, 2).input
    assert isinstance(x_BCHW, torch.Tensor)
    for block in made.state.network.trunk.blocks:
        assert isinstance(block, ConvBlock)
        conv = block.conv
        assert conv.weight.shape[1] == x_BCHW.shape[1], "as many slices as maps come in"
        y_BOHW, bias_O = conv(x_BCHW), conv.bias
        assert y_BOHW.shape[1] == len(conv.weight) and bias_O is not None, "a map for each filter: the output volume"
        padded = nn.functional.pad(x_BCHW, (1, 1, 1, 1))
        for row, column in product((0, 3, x_BCHW.shape[2] - 1), (0, 2, x_BCHW.shape[3] - 1)):
            patch_BCHW = padded[:, :, row : row + 3, column : column + 3]
            by_hand = (patch_BCHW[:, None] * conv.weight).sum((2, 3, 4)) + bias_O
            torch.testing.assert_close(y_BOHW[:, :, row, column], by_hand)
        x_BCHW = block(x_BCHW).detach()


@pytest.mark.row("G1")
@pytest.mark.parametrize(("kernel", "equation"), [(3, "(8 + 2 - 3) / 1 + 1 = 8"), (5, "(8 + 4 - 5) / 1 + 1 = 8")])
def test_the_algebra_of_shapes_is_shown(kernel: int, equation: str):
    walked = walkthrough.walk(session(kernel=kernel), 0, layer="trunk.blocks.0.conv")
    assert walked["unit"]["algebra"] == [f"height: {equation}", f"width: {equation}"]
    assert f"its map has height: {equation}" in walkthrough.text(walked)


@pytest.mark.row("G2")
def test_learnt_filters_can_be_looked_at_beside_hand_made_ones():
    made = session()
    conv = made.state.network.trunk.blocks[0].conv
    found = filters(conv)
    assert found["count"] == len(found["images"]) == 6 and found["size"] == [3, 3]
    assert all(0 <= share <= 1 for share in found["edge"]) and found["edges"] < 6
    with torch.no_grad():
        for place, hand_made in enumerate(sobel(3, 3)):
            conv.weight[place] = hand_made.float()
    assert filters(conv)["edges"] >= 2 and filters(conv)["edge"][0] == pytest.approx(1.0)


@pytest.mark.row("G4")
def test_the_response_moves_with_the_input_and_weights_are_shared():
    made = session()
    conv = made.state.network.trunk.blocks[0].conv
    x_BCHW = torch.zeros(1, 1, 8, 8)
    x_BCHW[0, 0, 2:4, 1:3] = torch.rand(2, 2, generator=torch.Generator().manual_seed(0))
    moved_BCHW = x_BCHW.roll((3, 4), (2, 3))
    torch.testing.assert_close(conv(moved_BCHW), conv(x_BCHW).roll((3, 4), (2, 3)))
    connections = 8 * 8 * conv.weight.numel()
    dense = nn.Linear(8 * 8, 6 * 8 * 8)
    assert connections == 64 * conv.weight.numel() and dense.weight.numel() == 64 * 6 * 64
    assert dense.weight.numel() > 400 * conv.weight.numel(), "one filter serves every place"


@pytest.mark.row("B15")
def test_a_block_shows_its_three_stages():
    made = session(norm="none")
    walked = walkthrough.walk(made, 3, layer="trunk.blocks.0.conv")
    block = {one["name"]: one for one in walked["layers"] if one["name"].startswith("trunk.blocks.0.")}
    stages = [(name.rsplit(".", 1)[1], one["kind"], one["shape"]) for name, one in block.items()]
    assert stages == [
        ("conv", "Conv2d", [6, 8, 8]),
        ("activation", "ReLU", [6, 8, 8]),
        ("pool", "MaxPool2d", [6, 4, 4]),
    ]
    row = walkthrough.find(made, 3)[1].input
    first = made.state.network.trunk.blocks[0]
    with torch.no_grad():
        detected = first.activation(first.conv(row))
        pooled = torch.stack([detected[0, :, r : r + 2, c : c + 2].amax((1, 2)) for r in (0, 2) for c in (0, 2)], 1)
    assert block["trunk.blocks.0.activation"]["min"] == 0.0
    torch.testing.assert_close(first(row)[0, :, :2, :2].flatten(1), pooled)


@pytest.mark.row("D8")
def test_batch_norm_of_maps_uses_the_batch_in_training_and_what_it_learnt_at_inference():
    made = session()
    network = made.state.network
    (norm, *_) = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    seen: list[tuple[torch.Tensor, torch.Tensor]] = []
    norm.register_forward_hook(lambda module, inputs, output: seen.append((inputs[0].detach(), output.detach())))
    batch: Batch = made.dataset.train.part(0, 32)
    assert norm.running_mean is not None and norm.running_var is not None

    def scaled(x_BCHW: torch.Tensor, mean_C: torch.Tensor, variance_C: torch.Tensor) -> torch.Tensor:
        mean, deviation = mean_C[:, None, None], (variance_C + norm.eps).sqrt()[:, None, None]
        return (x_BCHW - mean) / deviation * norm.weight[:, None, None] + norm.bias[:, None, None]

    network.train()(batch.input)
    x_BCHW, y_BCHW = seen[-1]
    by_batch = scaled(x_BCHW, x_BCHW.mean((0, 2, 3)), x_BCHW.var((0, 2, 3), correction=0))
    torch.testing.assert_close(y_BCHW, by_batch.detach(), atol=1e-4, rtol=1e-4)
    kept = norm.running_mean.clone()
    evaluate.outputs(network, batch)
    x_BCHW, y_BCHW = seen[-1]
    learnt = scaled(x_BCHW, norm.running_mean, norm.running_var)
    torch.testing.assert_close(y_BCHW, learnt.detach(), atol=1e-4, rtol=1e-4)
    assert torch.equal(kept, norm.running_mean)
