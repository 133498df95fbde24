"""The layer table: parameters and multiply-adds, counted by hand."""

from __future__ import annotations

import torch

from pellucid.data.signature import Signature, Target
from pellucid.families.cnn import CNN
from pellucid.families.mlp import MLP
from pellucid.forms import grid, vector
from pellucid.network.assemble import assemble
from pellucid.network.summary import summarize
from pellucid.tasks.classification import Classification

SIGNATURE = Signature("table", "memory", 10, "", Target("classes", ("y",), ("a", "b", "c")))


def test_a_perceptron_by_hand():
    made = assemble(vector(4), (), signature=SIGNATURE, family=MLP(widths=(5,)), task=Classification(), seed=0).train()
    rows = summarize(made, torch.zeros(2, 4))
    assert [(row.name, row.layer, row.output, row.parameters, row.work) for row in rows] == [
        ("trunk.blocks.0.linear", "Linear", "5", 4 * 5 + 5, 4 * 5),
        ("trunk.blocks.0.activation", "ReLU", "5", 0, 0),
        ("head", "Linear", "3", 5 * 3 + 3, 5 * 3),
    ]
    assert made.training


def test_a_convolution_works_at_every_place_and_its_weights_count_once():
    family = CNN(channels=(6,), hidden=(7,))
    made = assemble(grid(2, 8, 8), (), signature=SIGNATURE, family=family, task=Classification(), seed=0)
    rows = {row.name: row for row in summarize(made, torch.zeros(1, 2, 8, 8))}
    conv = rows["trunk.blocks.0.conv"]
    assert (conv.output, conv.parameters, conv.work, conv.numbers) == ("6 x 8 x 8", 6 * 2 * 9, 6 * 64 * 2 * 9, 384)
    assert rows["trunk.blocks.0.norm"].parameters == 2 * 6
    assert rows["trunk.blocks.0.pool"].output == "6 x 4 x 4"
    assert (rows["bridge.1.linear"].parameters, rows["bridge.1.linear"].work) == (96 * 7, 96 * 7)
    assert sum(row.parameters for row in rows.values()) == sum(one.numel() for one in made.parameters())
