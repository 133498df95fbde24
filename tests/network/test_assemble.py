"""Networks are put together from four children, and what does not fit is refused with what would."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from pellucid.data.batch import Batch, Rows
from pellucid.data.signature import Signature, Target
from pellucid.errors import RecipeError
from pellucid.families.cnn import CNN
from pellucid.families.foreign import Foreign
from pellucid.families.mlp import MLP
from pellucid.forms import Branched, Form, Steps, grid, sequence, vector
from pellucid.methods.method import learn
from pellucid.network.assemble import Network, assemble
from pellucid.nn.noise import Dropout
from pellucid.nn.trunk import Side, Trunk
from pellucid.tasks.classification import Classification
from pellucid.tasks.labelling import Labelling
from pellucid.training.evaluate import outputs

SIGNATURE = Signature("table", "memory", 10, "", Target("classes", ("y",), ("a", "b", "c")))


def network(family: MLP | CNN | Foreign, form: Form, categories: tuple[int, ...] = (), seed: int = 0) -> Network:
    return assemble(form, categories, signature=SIGNATURE, family=family, task=Classification(), seed=seed)


def test_the_four_children_and_what_flows_between_them():
    made = network(MLP(widths=(8, 5)), vector(4))
    assert [name for name, _ in made.named_children()] == ["intake", "trunk", "bridge", "head"]
    assert made.forms == (("intake", "vector 4"), ("trunk", "vector 5"), ("bridge", "vector 5"), ("head", "vector 3"))
    assert made(torch.randn(6, 4)).shape == (6, 3)


def test_an_mlp_takes_images_flattened():
    made = network(MLP(widths=(8,)), grid(3, 4, 5))
    assert made.forms[0] == ("intake", "vector 60 (grid 3x4x5 flattened)")
    assert made(torch.randn(2, 3, 4, 5)).shape == (2, 3)


def test_categories_are_embedded_before_the_trunk():
    made = network(MLP(widths=(8,)), vector(2), (3,))
    rows = Rows(torch.randn(4, 2), torch.tensor([[0], [1], [2], [0]]))
    assert made(rows).shape == (4, 3)


def test_a_cnn_without_hidden_layers_averages_its_maps():
    with_neck, without = (network(CNN(channels=(4, 6), hidden=hidden), grid(1, 8, 8)) for hidden in ((5,), ()))
    assert with_neck.forms[2][1] == "vector 5 (grid 6x2x2 flattened, then 1 fully connected)"
    assert without.forms[2][1] == "vector 6 (mean of each map of grid 6x2x2)"
    for made in (with_neck, without):
        assert made(torch.randn(2, 1, 8, 8)).shape == (2, 3)


def test_a_cnn_on_a_table_is_refused_with_the_families_that_fit():
    with pytest.raises(RecipeError) as fault:
        network(CNN(), vector(4))
    assert fault.value.code == "RECIPE-FIT" and fault.value.place.path == "model.kind"
    assert fault.value.message == "cnn takes grid, and this data is vector 4"
    assert fault.value.hint == "families for vector data: decoder, foreign, gru, lstm, mlp, rnn, tcn, transformer"


def test_a_foreign_module_starts_from_the_seed_and_leaves_the_default_generator_alone():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    weights = [
        network(Foreign(module=lambda: nn.Linear(4, 3)), vector(4), seed=seed).state_dict() for seed in (1, 1, 2)
    ]
    assert torch.equal(torch.get_rng_state(), before)
    first, again, other = (weight["trunk.blocks.0.weight"] for weight in weights)
    assert torch.equal(first, again) and not torch.equal(first, other)


def test_noise_is_drawn_from_the_one_stream_of_the_network():
    made = network(MLP(widths=(64,), dropout=0.5), vector(4))
    assert made.draw is not None and any(isinstance(module, Dropout) for module in made.modules())
    x_BD = torch.randn(3, 4)
    first, other, again = (made(x_BD) for step in (1, 2, 1) if made.draw.at(step))
    assert torch.equal(first, again) and not torch.equal(first, other)


def test_evaluation_mode_is_put_back():
    made = network(MLP(widths=(8,), dropout=0.9), vector(4)).train()
    batch = Batch(torch.randn(3, 4), None)
    assert torch.equal(outputs(made, batch), outputs(made, batch))
    assert made.training


class TwoHeads(MLP):
    """An MLP with an auxiliary branch after its first block."""

    def build(self, form: Form) -> Trunk:
        made = super().build(form)
        return Trunk(list(made.blocks), made.out, sides=(Side(0, nn.Identity(), self.widths[0], 0.5),))


def test_an_auxiliary_branch_gets_a_head_of_its_own_and_its_share_of_the_loss():
    task = Classification(loss="cross_entropy")
    made = assemble(vector(4), (), signature=SIGNATURE, family=TwoHeads(widths=(8, 5)), task=task, seed=0)
    batch = Batch(torch.randn(6, 4), torch.arange(6) % 3)
    output = made.train()(batch.input)
    assert isinstance(output, Branched) and [side.shape for side in output.sides] == [(6, 3)]
    both = task.losses(output.main, batch).value_B + 0.5 * task.losses(output.sides[0], batch).value_B
    torch.testing.assert_close(learn(made, task, batch).value_B, both)
    assert isinstance(made.eval()(batch.input), torch.Tensor)


def labeller(family: MLP) -> Network:
    signature = Signature("text", "memory", 10, "", Target("steps", ("tag",), ("a", "b", "c"), (6,)))
    return assemble(sequence(4, 6), (), signature=signature, family=family, task=Labelling(), seed=0)


def test_a_perceptron_that_labels_steps_sees_each_position_by_itself():
    made, x_BTD = labeller(MLP(widths=(8,))).eval(), torch.randn(2, 6, 4)
    mask_BT = torch.ones(2, 6, dtype=torch.bool)
    output_BTC = made(Steps(x_BTD, mask_BT))
    changed_BTD = x_BTD.clone()
    changed_BTD[:, 3] += 1
    moved_BT = (made(Steps(changed_BTD, mask_BT)) != output_BTC).any(2)
    assert output_BTC.shape == (2, 6, 3) and "each position by itself" in made.forms[0][1]
    assert moved_BT[:, 3].all() and moved_BT.sum() == 2


def test_what_compares_rows_is_refused_where_positions_go_by_themselves():
    with pytest.raises(RecipeError) as fault:
        labeller(MLP(widths=(8,), norm="batch"))
    assert (fault.value.code, fault.value.place.path) == ("RECIPE-FIT", "model.norm")
    assert fault.value.hint == "model.norm: layer"
