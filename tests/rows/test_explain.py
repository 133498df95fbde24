"""Rows A2, A3, A12, A13 and C13: a unit, its offset, a pass and a network, each against numbers by hand."""

from __future__ import annotations

import math
import runpy
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from pellucid.data.signature import PARTS
from pellucid.explain import twin, walkthrough
from pellucid.nn.activation_parts import Activation
from pellucid.parts import concrete
from pellucid.recipe import recipe_of
from pellucid.training import loop
from pellucid.training.session import Session, prepare

torch.set_num_threads(1)

AT_ZERO = {
    "identity": 0.0,
    "sigmoid": 0.5,
    "tanh": 0.0,
    "relu": 0.0,
    "leaky_relu": 0.0,
    "elu": 0.0,
    "gelu": 0.0,
    "swish": 0.0,
}


def session(name: str = "iris", **settings: Any) -> Session:
    """A session of an embedded data set whose biases are not 0."""
    made = prepare(recipe_of(name, None, {key.replace("__", "."): value for key, value in settings.items()})[0])
    torch.manual_seed(1)
    with torch.no_grad():
        for module in made.state.network.modules():
            if isinstance(module, nn.Linear) and isinstance(module.bias, torch.Tensor):
                module.bias.normal_()
    return made


@pytest.mark.row("A2")
def test_any_unit_of_an_mlp_equals_its_sum_by_hand():
    made = session(model__kind="mlp", model__widths=[9, 6])
    weights = dict(made.state.network.named_parameters())
    for row in (0, 60, 149):
        x = walkthrough.find(made, row)[1].input
        assert isinstance(x, torch.Tensor)
        for layer, count in (("trunk.blocks.0.linear", 9), ("trunk.blocks.1.linear", 6), ("head", 3)):
            for number in range(count):
                unit = walkthrough.walk(made, row, layer=layer, unit=number)["unit"]
                total = math.fsum(term["value"] * term["weight"] for term in unit["contributions"]) + unit["bias"]
                assert abs(total - unit["tensor"]) <= 1e-6 and unit["equal"]
                told = {term["position"]: term["weight"] for term in unit["contributions"]}
                assert [told[at] for at in range(len(told))] == weights[f"{layer}.weight"][number].tolist()
                assert unit["bias"] == weights[f"{layer}.bias"][number].item()
                if layer == "trunk.blocks.0.linear":
                    assert unit["output"] == pytest.approx(max(total, 0.0), abs=1e-6)
                    told = {term["position"]: term["value"] for term in unit["contributions"]}
                    assert [told[at] for at in range(len(told))] == x[0].tolist()


@pytest.mark.row("A2")
def test_any_filter_equals_its_sum_by_hand():
    made = session("digits")
    for layer, number in (("trunk.blocks.0.conv", 0), ("trunk.blocks.3.conv", 63), ("bridge.1.linear", 100)):
        unit = walkthrough.walk(made, 8, layer=layer, unit=number)["unit"]
        total = math.fsum(term["value"] * term["weight"] for term in unit["contributions"]) + (unit["bias"] or 0.0)
        assert abs(total - unit["tensor"]) <= 1e-6 * max(1.0, abs(total)) and unit["equal"]


@pytest.mark.row("A3")
@pytest.mark.parametrize("kind", AT_ZERO)
@pytest.mark.parametrize("bias", [True, False])
def test_an_input_of_zeros_gives_activation_of_bias_or_of_zero(kind: str, bias: bool):
    made = session(model__kind="mlp", model__widths=[8], model__activation=kind, model__bias=bias)
    for part in PARTS:
        rows = made.dataset.part(part).input
        assert isinstance(rows, torch.Tensor)
        rows.zero_()
    module = concrete(Activation, {"kind": kind}).build()
    for number in range(8):
        unit = walkthrough.walk(made, 20, layer="trunk.blocks.0.linear", unit=number)["unit"]
        assert all(term["product"] == 0 for term in unit["contributions"])
        offset = unit["bias"] if bias else 0.0
        assert (unit["bias"] is None) is not bias and unit["tensor"] == offset
        assert unit["output"] == pytest.approx(module(torch.tensor(offset)).item() if bias else AT_ZERO[kind])


@pytest.mark.row("A12")
def test_every_tensor_of_a_pass_is_visible_and_equal():
    made = session(model__kind="mlp", model__widths=[9, 6], model__activation="tanh", model__dropout=0.5)
    walked = walkthrough.walk(made, 42)
    assert [layer["name"] for layer in walked["layers"]] == [
        *(f"trunk.blocks.{block}.{name}" for block in (0, 1) for name in ("linear", "activation", "dropout")),
        "head",
    ]
    x = walkthrough.find(made, 42)[1].input
    assert isinstance(x, torch.Tensor)
    assert [item["value"] for item in walked["inputs"]["table"]] == x[0].tolist()
    weights = {name: value.detach().double() for name, value in made.state.network.named_parameters()}
    expected, x = [], x[0].double()
    for block in ("trunk.blocks.0.linear", "trunk.blocks.1.linear"):
        z = weights[f"{block}.weight"] @ x + weights[f"{block}.bias"]
        x = z.tanh()
        expected += [z, x, x]
    expected.append(weights["head.weight"] @ x + weights["head.bias"])
    for layer, by_hand in zip(walked["layers"], expected, strict=True):
        assert layer["size"] == len(by_hand) == len(layer["values"])
        assert layer["values"] == pytest.approx(by_hand.tolist(), abs=1e-6)
    told = [item["probability"] for item in walked["prediction"]["probabilities"]]
    assert told == pytest.approx(expected[-1].softmax(0).tolist(), abs=1e-6)
    assert all(layer["name"] in walkthrough.text(walked) for layer in walked["layers"])


@pytest.mark.row("A13")
@pytest.mark.parametrize(
    "optimizer", [{"kind": "sgd", "momentum": 0.9, "learning_rate": 0.05}, {"kind": "adamw", "learning_rate": 0.01}]
)
@pytest.mark.parametrize("name", ["iris", "breast_cancer", "diabetes"])
def test_the_numpy_twin_learns_as_torch_does(name: str, optimizer: dict[str, Any], tmp_path: Path):
    settings = {"model.kind": "mlp", "model.widths": [8, 8], "model.activation": "tanh", "method.batch": 16}
    made = prepare(recipe_of(name, None, {**settings, "optimizer": optimizer})[0])
    path = tmp_path / "twin.py"
    path.write_text(twin.program(made), encoding="utf-8")
    numpy_twin = runpy.run_path(str(path))
    batches = next(iter(made.phases())).batches.batches(0, 0)
    done = 0
    for event, batch in zip(islice(loop.steps(made.state, made.phases()), 10), batches, strict=False):
        assert isinstance(batch.input, torch.Tensor) and batch.target is not None
        loss = numpy_twin["step"](batch.input.numpy(), batch.target.numpy(), rate=event.learning_rate)
        assert loss == pytest.approx(event.loss, rel=0, abs=1e-6)
        for value, parameter in zip(numpy_twin["P"].values(), made.state.network.parameters(), strict=True):
            np.testing.assert_allclose(value, parameter.detach().numpy(), rtol=0, atol=1e-6)
        done += 1
    assert done >= 6


@pytest.mark.row("C13")
def test_the_gradient_of_a_weight_is_delta_times_input_with_the_numbers_of_the_row():
    made = session(model__kind="mlp", model__widths=[9], model__activation="sigmoid")
    network, task = made.state.network, made.recipe.task
    assert task is not None
    batch = walkthrough.find(made, 17)[1]
    task.losses(network(batch.input), batch).value_B.sum().backward()
    for layer in ("trunk.blocks.0.linear", "head"):
        gradient = network.get_parameter(f"{layer}.weight").grad
        assert gradient is not None
        for number in range(3):
            unit = walkthrough.walk(made, 17, layer=layer, unit=number)["unit"]
            for term in unit["contributions"]:
                assert term["gradient"] == unit["delta"] * term["value"]
                assert term["gradient"] == pytest.approx(gradient[number, term["position"]].item(), abs=1e-6)
    deltas = {layer["name"]: layer["largest_delta"] for layer in walkthrough.walk(made, 17)["layers"]}
    assert deltas["trunk.blocks.0.linear"] < deltas["head"]
