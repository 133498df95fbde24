"""What recurrent families have in common: their trunks, what they refuse, how they start."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from pydantic import ValidationError

from pellucid.data.batch import Batch
from pellucid.data.signature import Signature, Target
from pellucid.errors import RecipeError
from pellucid.families.gru import GRU
from pellucid.families.lstm import LSTM
from pellucid.families.recurrent import Recurrent
from pellucid.families.rnn import RNN
from pellucid.forms import Steps, sequence
from pellucid.network.assemble import Network, assemble
from pellucid.nn.init_parts import Normal
from pellucid.nn.recurrent import EncoderDecoder, RecurrentTrunk
from pellucid.nn.recurrent_cells import Recurrent as Layer
from pellucid.nn.traces import traced
from pellucid.tasks.classification import Classification
from pellucid.transfer.scratch import Scratch

torch.set_num_threads(1)
FAMILIES = (RNN, GRU, LSTM)
SIGNATURE = Signature("series", "memory", 10, "", Target("classes", ("y",), ("a", "b", "c")))
PAIRED = sequence(5, 7, context=sequence(2, 4, causal=True))


def network(family: Recurrent, *, seed: int = 0) -> Network:
    made = assemble(sequence(5, 7), (), signature=SIGNATURE, family=family, task=Classification(), seed=seed)
    Scratch().apply(made, family, Batch(steps(), None), seed)
    return made


def steps() -> Steps:
    mask_BT = torch.arange(7) < torch.tensor([7, 3, 1])[:, None]
    return Steps(torch.randn(3, 7, 5, generator=torch.Generator().manual_seed(1)), mask_BT)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("both", [False, True])
def test_the_trunk_keeps_its_promise(family: type[Recurrent], both: bool):
    made = family(width=6, depth=2, bidirectional=both).build(sequence(5, 7, even=True))
    assert isinstance(made, RecurrentTrunk) and made.out == sequence(12 if both else 6, 7, even=True)
    assert made(Steps(torch.randn(3, 7, 5), torch.ones(3, 7, dtype=torch.bool))).x_BTD.shape == (3, 7, made.out.width)
    written = family(width=6, bidirectional=both).build(PAIRED)
    assert isinstance(written, EncoderDecoder) and written.out == sequence(6, 4, causal=True)


@pytest.mark.parametrize(
    ("fields", "form", "path", "hint"),
    [({"bidirectional": True}, sequence(5, 7, causal=True), "model.bidirectional", "model.bidirectional: false"),
     ({"bidirectional": True, "stateful": True}, sequence(5, 7), "model.bidirectional", "model.bidirectional: false"),
     ({"stateful": True}, PAIRED, "model.stateful", "model.stateful: false")],
)  # fmt: skip
@pytest.mark.parametrize("family", FAMILIES)
def test_what_cannot_be_is_refused_with_what_could(family: Any, fields: Any, form: Any, path: str, hint: str):
    with pytest.raises(RecipeError) as fault:
        family(**fields).build(form)
    assert fault.value.code == "RECIPE-FIT" and fault.value.place.path == path and fault.value.hint == hint


@pytest.mark.parametrize("field", [{"width": 0}, {"dropout": 1.0}, {"pool": "ends"}, {"norm": "batch"}, {"cell": "x"}])
def test_values_that_cannot_be_are_refused(field: dict[str, object]):
    with pytest.raises(ValidationError):
        LSTM.model_validate(field)


def test_a_sequence_becomes_the_state_at_the_end_of_each_direction():
    assert LSTM().pools() == "last" and LSTM(bidirectional=True).pools() == "ends"
    assert LSTM(bidirectional=True, pool="max").pools() == "max" and GRU(width=32).embedding() == 32
    made = network(GRU(width=4, bidirectional=True)).eval()
    with traced(made) as traces:
        pooled_BD = made.bridge(made.trunk(steps()))
    forth_BTD, back_BTD = (traces[f"trunk.blocks.0.{way}"]["hidden"] for way in ("forth", "back"))
    for row, last in enumerate((6, 2, 0)):
        expected_D = torch.cat([forth_BTD[row, last], back_BTD[row, 0]])
        torch.testing.assert_close(pooled_BD[row], expected_D, atol=1e-6, rtol=0)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_start_fills_every_layer_from_a_stream_of_its_own(family: type[Recurrent]):
    made = network(family(width=6, depth=2, bidirectional=True))
    torch.manual_seed(5)
    again, other = (network(family(width=6, depth=2, bidirectional=True), seed=seed) for seed in (0, 1))
    layers = {name: layer for name, layer in made.named_modules() if isinstance(layer, Layer)}
    assert len(layers) == 4
    for name, layer in layers.items():
        weight_GI, weight_GD, *biases = layer.weights()
        for weight_DD in weight_GD.chunk(sum(layer.together)):
            torch.testing.assert_close(weight_DD @ weight_DD.T, torch.eye(6), atol=1e-5, rtol=0)
        assert 0 < weight_GI.abs().max() <= (6 / (weight_GI.shape[1] + 6)) ** 0.5
        offset_G = biases[0] + biases[1]
        assert offset_G.sum() == (6 if family is LSTM else 0)
        assert torch.equal(weight_GI, again.get_parameter(f"{name}.kernel.weight_ih_l0"))
        assert not torch.equal(weight_GI, other.get_parameter(f"{name}.kernel.weight_ih_l0"))


def test_another_start_of_the_inputs_leaves_the_rotations():
    family = LSTM(width=50, init=Normal(std=0.3))
    assert family.start() == (Normal(std=0.3), 1.0)
    layer = next(layer for layer in network(family).modules() if isinstance(layer, Layer))
    weight_GI, weight_GD, *_ = layer.weights()
    assert weight_GI.std().item() == pytest.approx(0.3, rel=0.1)
    torch.testing.assert_close(weight_GD[:50] @ weight_GD[:50].T, torch.eye(50), atol=1e-5, rtol=0)


def test_what_runs_step_by_step_is_said():
    assert LSTM().remarks() == ()
    remarks = LSTM(norm="layer", recurrent_dropout=0.2).remarks()
    assert [remark.place for remark in remarks] == ["model.norm", "model.recurrent_dropout"]
    assert all(remark.check == "step-by-step" and "position by position" in remark.message for remark in remarks)
