"""Rows of the checklist about the published architectures: their sizes, their layer table, shortcuts, pooling."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from pellucid.data.batch import Batch
from pellucid.data.signature import Signature, Target
from pellucid.documents import read_yaml
from pellucid.families.family import Family
from pellucid.forms import grid
from pellucid.losses.parts import CrossEntropy
from pellucid.network.assemble import Network, assemble
from pellucid.network.summary import summarize
from pellucid.nn.blocks import ConvBlock
from pellucid.recipe import read_recipe
from pellucid.tasks.classification import Classification
from pellucid.transfer.scratch import Scratch

torch.set_num_threads(1)

PUBLISHED = {
    "{kind: alexnet}": 61_100_840,
    "{kind: vgg, depth: 11}": 132_863_336,
    "{kind: vgg, depth: 13}": 133_047_848,
    "{kind: vgg, depth: 16}": 138_357_544,
    "{kind: vgg, depth: 19}": 143_667_240,
    "{kind: resnet, depth: 18}": 11_689_512,
    "{kind: resnet, depth: 34}": 21_797_672,
    "{kind: resnet, depth: 50}": 25_557_032,
    "{kind: resnet, depth: 101}": 44_549_160,
    "{kind: resnet, depth: 152}": 60_192_808,
    "{kind: inception, version: v1, auxiliary: false}": 6_624_904,
    "{kind: inception, version: v1}": 13_004_888,
    "{kind: inception, version: v3, auxiliary: false}": 23_834_568,
    "{kind: inception, version: v3}": 27_161_264,
}
"""Parameters with 1000 classes: `num_params` of the weights in torchvision's documentation, "Models and pre-trained
weights"; those of an Inception without its auxiliary branches are counted from its code."""


def family(text: str) -> Family:
    """The model of a recipe."""
    model = read_recipe(read_yaml(f"data: digits\nmodel: {text}")).model
    assert model is not None
    return model


def photographs(text: str, side: int) -> Network:
    """The network over colour images of 1000 classes, without memory for its weights."""
    signature = Signature("images", "memory", 10, "", Target("classes", ("y",), tuple(map(str, range(1000)))))
    with torch.device("meta"):
        return assemble(
            grid(3, side, side), (), signature=signature, family=family(text), task=Classification(), seed=0
        )


@pytest.mark.row("G6")
@pytest.mark.parametrize("text", PUBLISHED)
def test_parameters_are_those_of_the_published_network(text: str):
    made = photographs(text, 299 if "v3" in text else 224)
    assert sum(one.numel() for one in made.parameters()) == PUBLISHED[text]


@pytest.mark.row("A14")
def test_the_layer_table_of_vgg_16():
    made = photographs("{kind: vgg, depth: 16}", 224)
    rows = {row.name: row for row in summarize(made, torch.zeros(1, 3, 224, 224, device="meta"))}
    pools = [row.output for row in rows.values() if row.layer == "MaxPool2d"]
    assert pools == ["64 x 112 x 112", "128 x 56 x 56", "256 x 28 x 28", "512 x 14 x 14", "512 x 7 x 7"]
    assert [row.name for row in rows.values() if row.name.startswith("trunk")][-1] == "trunk.blocks.12.pool"
    assert [row.parameters for row in rows.values() if row.layer == "Linear"] == [
        (7 * 7 * 512 + 1) * 4096,
        (4096 + 1) * 4096,
        (4096 + 1) * 1000,
    ]
    assert rows["trunk.blocks.0.conv"].parameters == (3 * 3 * 3 + 1) * 64
    assert sum(row.parameters for row in rows.values()) == 138_357_544


def gradients(seed: int, **fields: Any) -> float:
    """How many times larger the gradient of the first convolution is than that of the last, before any step."""
    chosen = family("{kind: resnet, depth: 50, width: 8}").replace(**fields)
    signature = Signature("images", "memory", 32, "", Target("classes", ("y",), tuple("abcdefghij")))
    made = assemble(grid(1, 16, 16), (), signature=signature, family=chosen, task=Classification(), seed=seed)
    generator = torch.Generator().manual_seed(seed)
    x_BCHW = torch.randn(32, 1, 16, 16, generator=generator)
    target_B = torch.randint(10, (32,), generator=generator)
    Scratch().apply(made, chosen, Batch(x_BCHW, target_B, None, torch.arange(32)), seed)
    CrossEntropy().per_example(made.train()(x_BCHW), target_B).value_B.mean().backward()
    layers = [one for name, one in made.trunk.named_modules() if isinstance(one, nn.Conv2d) and ".skip" not in name]
    assert len(layers) == 49
    first, last = (layer.weight.grad for layer in (layers[0], layers[-1]))
    assert first is not None and last is not None
    return (first.norm() / last.norm()).item()


@pytest.mark.row("D9")
def test_shortcuts_keep_the_gradient_of_50_layers_from_exploding():
    # Batch normalisation turns the vanishing of old into its opposite: the gradient grows by every plain layer it
    # passes on its way back (Yang et al. 2019, arXiv:1902.08129). Measured: 1300 to 1900 times without, 70 to 80 with.
    for seed in range(3):
        before, after = gradients(seed, skips=False), gradients(seed)
        assert before > 500 and after < 200 and before > 8 * after, f"{before:.0f} without, {after:.0f} with shortcuts"


def first_block(text: str, side: int) -> ConvBlock:
    """The first block, with a filter that hands on the middle of what it sees."""
    block = family(text).build(grid(1, side, side)).blocks[0].eval()
    assert isinstance(block, ConvBlock)
    nn.init.dirac_(block.conv.weight)
    return block


SQUARE = torch.tensor([[1.0, 2, 5, 6], [3, 4, 7, 8], [9, 10, 13, 14], [11, 12, 15, 16]])[None, None]


@pytest.mark.row("G3")
@pytest.mark.parametrize(
    ("pool", "expected", "share"),
    [("max", [[4.0, 8.0], [12.0, 16.0]], [[0.0, 0.0], [0.0, 1.0]]),
     ("average", [[2.5, 6.5], [10.5, 14.5]], [[0.25, 0.25], [0.25, 0.25]])],
)  # fmt: skip
def test_pooling_by_hand_and_where_its_gradient_goes(pool: str, expected: list[list[float]], share: list[list[float]]):
    block = first_block(f"{{kind: cnn, channels: [1], kernel: 1, norm: none, pool: {pool}}}", 4)
    nn.init.zeros_(block.conv.get_parameter("bias"))
    x_BCHW = SQUARE.clone().requires_grad_()
    pooled = block(x_BCHW)
    assert pooled[0, 0].tolist() == expected
    (gradient,) = torch.autograd.grad(pooled.sum(), x_BCHW)
    assert torch.equal(gradient[0, 0], torch.tensor(share).tile(2, 2))


@pytest.mark.row("G3")
def test_overlapping_and_padded_pooling_by_hand():
    rising = torch.arange(64.0).view(1, 1, 8, 8)
    overlapping = first_block("{kind: alexnet, width: 1}", 5)  # 3 x 3, stride 2
    nn.init.zeros_(overlapping.conv.get_parameter("bias"))
    assert overlapping(rising[..., :5, :5])[0, 0].tolist() == [[18.0, 20.0], [34.0, 36.0]]
    padded = first_block(
        "{kind: resnet, width: 1, stem: full, norm: none}", 8
    )  # every other place, then 3 x 3, stride 2
    nn.init.zeros_(padded.conv.get_parameter("bias"))
    assert padded(rising)[0, 0].tolist() == [[18.0, 22.0], [50.0, 54.0]]
    falling = 64 - rising
    assert padded(falling)[0, 0].tolist() == [[64.0, 62.0], [48.0, 46.0]]
