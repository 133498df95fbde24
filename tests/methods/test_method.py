"""What is learnt from a batch: the loss of the main output, and those of auxiliary ones by their weight."""

from __future__ import annotations

import torch

from pellucid.data.batch import Batch
from pellucid.data.signature import Signature, Target
from pellucid.families.inception import Inception
from pellucid.families.mlp import MLP
from pellucid.forms import Branched, grid, vector
from pellucid.losses.parts import CrossEntropy
from pellucid.methods.method import learn
from pellucid.network.assemble import assemble
from pellucid.tasks.classification import Classification

SIGNATURE = Signature("images", "memory", 10, "", Target("classes", ("y",), ("a", "b", "c")))
TASK = Classification(loss=CrossEntropy())


def test_one_output_is_the_loss_of_the_task():
    network = assemble(vector(4), (), signature=SIGNATURE, family=MLP(widths=(5,)), task=TASK, seed=0)
    batch = Batch(torch.randn(6, 4), torch.arange(6) % 3)
    torch.testing.assert_close(learn(network, TASK, batch).value_B, TASK.losses(network(batch.input), batch).value_B)


def test_auxiliary_outputs_add_their_share_in_training_and_nothing_at_prediction():
    network = assemble(grid(1, 32, 32), (), signature=SIGNATURE, family=Inception(width=4), task=TASK, seed=0)
    assert network.side_weights == (0.3, 0.3) and network.draw is not None
    batch = Batch(torch.randn(6, 1, 32, 32), torch.arange(6) % 3)
    network.draw.at(0)
    given = network.train()(batch.input)
    assert isinstance(given, Branched)
    sides = sum(0.3 * TASK.losses(side, batch).value_B for side in given.sides)
    network.draw.at(0)
    torch.testing.assert_close(learn(network, TASK, batch).value_B, TASK.losses(given.main, batch).value_B + sides)
    network.eval()
    torch.testing.assert_close(learn(network, TASK, batch).value_B, TASK.losses(network(batch.input), batch).value_B)
