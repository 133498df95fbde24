"""Rows of the checklist about faults: each is made on purpose, found, and where the row says so cured with proof."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import pellucid
from pellucid import treat
from pellucid.doctor import run as doctor
from pellucid.doctor.checks.fit import turning_point
from pellucid.doctor.verify import Verdict
from pellucid.errors import TrainingError
from pellucid.findings import Finding
from pellucid.recipe import Recipe
from pellucid.seeds import generator

torch.set_num_threads(1)
PROGRAMS = Path(__file__).parents[1] / "faults" / "programs"
Train = Callable[..., Path]


@pytest.fixture
def train(tmp_path: Path) -> Train:
    """`train(data, **fields)`: the folder of a run of that recipe, also of one that broke off."""
    made: list[Path] = []

    def trained(data: Any = "digits", rows: Any = None, **fields: Any) -> Path:
        recipe = Recipe.model_validate({"data": data, "threads": 1, "precision": "float32", **fields})
        made.append(tmp_path / f"run{len(made)}")
        try:
            pellucid.train(recipe, rows=rows, run=made[-1], report=False)
        except TrainingError:
            assert not (made[-1] / "model").exists()
        return made[-1]

    return trained


def mlp(*widths: int, activation: str = "relu", **more: Any) -> dict[str, Any]:
    return {"kind": "mlp", "widths": list(widths), "activation": activation, **more}


def sgd(rate: float) -> dict[str, Any]:
    return {"kind": "sgd", "learning_rate": rate, "schedule": "constant"}


def adam(rate: float, **more: Any) -> dict[str, Any]:
    return {"kind": "adamw", "learning_rate": rate, "schedule": "constant", **more}


def found(folder: Path, check: str) -> Finding:
    """The finding of a check about a run."""
    findings = doctor.diagnosed(folder)
    (one, *_) = [finding for finding in findings if finding.check == check] or [None]
    assert one is not None, [finding.check for finding in findings]
    return one


def checks(folder: Path) -> list[str]:
    return [finding.check for finding in doctor.diagnosed(folder)]


def gains(verdict: Verdict) -> list[float]:
    """By how much the cured arm of each pair is lower."""
    name = "loss" if verdict.judged == "training loss" else "valid"
    return [getattr(one, name) - getattr(other, name) for one, other in zip(verdict.control, verdict.cure, strict=True)]


@pytest.mark.row("A1")
def test_one_unit_on_xor_is_told_to_get_a_hidden_layer(train: Train):
    rows = {"a": [0, 0, 1, 1] * 3, "b": [0, 1, 0, 1] * 3, "y": ["no", "yes", "yes", "no"] * 3}
    rows["part"] = [part for part in ("train", "valid", "test") for _ in range(4)]
    data = {"kind": "table", "target": "y", "split": {"kind": "by_column", "column": "part"}}
    lines = {"model": mlp(), "method": {"epochs": 300, "batch": 4}}
    first = doctor.diagnosed(train(data, rows, optimizer=sgd(2.0), **lines))[0]
    assert first.check == "no-hidden-layer" and "not linearly separable: add a hidden layer" in first.message
    rows["y"] = ["no", "no", "no", "yes"] * 3
    assert "no-hidden-layer" not in checks(train(data, rows, optimizer=sgd(2.0), **lines))


@pytest.mark.row("A11")
def test_a_stack_without_activations_is_one_linear_map(train: Train):
    folder = train("iris", model=mlp(16, 16, 16, activation="identity"), method={"epochs": 10})
    assert found(folder, "missing-activation").evidence["layers"] == 4
    model = pellucid.load(folder).model.network
    with torch.no_grad():
        matrices = [param.double() for name, param in model.named_parameters() if name.endswith("weight")]
        biases = [param.double() for name, param in model.named_parameters() if name.endswith("bias")]
        x_BD = torch.randn(50, 4, generator=generator(0, "x"))
        product, shift = torch.eye(4, dtype=torch.float64), torch.zeros(4, dtype=torch.float64)
        for matrix, bias in zip(matrices, biases, strict=True):
            product, shift = matrix @ product, matrix @ shift + bias
        once = x_BD.double() @ product.T + shift
        stack = model.head(model.trunk(x_BD))
    assert (stack.double() - once).abs().max() <= 1e-6 * once.abs().max()


@pytest.mark.row("B13")
def test_start_weights_for_another_activation_are_told_with_the_variance_of_each_layer(train: Train):
    wrong = train(
        model=mlp(*[256] * 8, activation="tanh", init={"kind": "he", "gain": math.sqrt(2)}), method={"epochs": 1}
    )
    finding = found(wrong, "init-mismatch")
    assert "Variance of the outputs, layer by layer:" in finding.message and "He" in finding.message
    assert finding.evidence["layers"] == 8
    right = train(model=mlp(*[256] * 8, activation="tanh"), method={"epochs": 1})
    assert "init-mismatch" not in checks(right)


@pytest.mark.row("B14")
def test_outputs_that_grow_without_bound_are_told_and_a_norm_layer_is_proved(train: Train, tmp_path: Path):
    random = np.random.default_rng(0)
    x_ND = random.normal(size=(400, 4))
    y_N = np.where(x_ND[:, 0] + 0.3 * random.normal(size=400) > 0, "a", "b")
    lines = [",".join([*map(repr, x_D.tolist()), y]) for x_D, y in zip(x_ND, y_N, strict=True)]
    (tmp_path / "noisy.csv").write_text("\n".join(["a,b,c,d,y", *lines]) + "\n")
    folder = train(
        {"kind": "table", "path": str(tmp_path / "noisy.csv"), "target": "y"},
        model=mlp(*[32] * 10),
        method={"epochs": 400, "batch": 400},
        evaluate={"every": 50},
        optimizer=adam(4e-4, weight_decay=0.0, betas=[0.9, 0.9], eps=1e-30),  # steps of one size, however flat it is
    )
    assert float(found(folder, "growing-outputs").evidence["growth"]) > 1.5
    assert cured(folder, "growing-outputs").treatment in ("more_decay", "norm")


@pytest.mark.row("C2")
def test_softmax_twice_is_caught_with_its_floor(tmp_path: Path):
    said = examined("softmax_twice", tmp_path)
    first = said["findings"][0]
    assert first["check"] == "softmax-twice" and first["evidence"]["floor"] == pytest.approx(
        math.log(1 + (first["evidence"]["classes"] - 1) / math.e), abs=1e-6
    )
    assert said["findings"] and not examined("softmax_twice", tmp_path, "--healthy")["findings"]


def examined(program: str, folder: Path, *more: str) -> dict[str, Any]:
    """What `pellucid doctor` writes of a program of the zoo."""
    out = folder / "findings.json"
    command = [sys.executable, "-m", "pellucid", "doctor", "--json", str(out)]
    subprocess.run([*command, str(PROGRAMS / f"{program}.py"), "--seed", "1", *more], check=True, capture_output=True)
    return json.loads(out.read_text())


@pytest.mark.row("D1")
@pytest.mark.parametrize(
    ("activation", "init", "stays"),
    [
        ("relu", {"kind": "he"}, True),
        ("tanh", {"kind": "xavier"}, True),
        ("relu", {"kind": "xavier", "gain": 1.0}, False),
        ("tanh", {"kind": "normal", "std": 0.01}, False),
    ],
)
def test_variance_over_twenty_layers(train: Train, activation: str, init: dict[str, Any], stays: bool):
    widths = [512] * 20
    history = doctor.history(
        train(model=mlp(*widths, activation=activation, init=init), method={"epochs": 1, "batch": 512})
    )
    deviation = {
        name: numbers["deviation"] for name, numbers in history.readings[0].layers.items() if "deviation" in numbers
    }
    outputs = [value**2 for name, value in deviation.items() if name.endswith("activation")]
    assert len(outputs) == 20
    later = outputs[2:]  # tanh squashes inputs of any size in its first layers: what follows is what it settles at
    ratio = max(later) / min(later)
    assert ratio <= 2 if stays else ratio > 2, ratio


@pytest.mark.row("D2")
def test_weights_that_are_too_small_are_found_and_cured(train: Train):
    folder = train(model=mlp(*[64] * 5, init={"kind": "normal", "std": 1e-3}), method={"epochs": 8})
    assert {"output-scale", "vanishing-gradient"} <= set(checks(folder))
    verdict = cured(folder, "output-scale")
    assert verdict.treatment == "fitting_start"


def cured(folder: Path, check: str) -> Verdict:
    """The verdict about the treatment that was proved on five pairs."""
    treated = treat.treat(folder, check, seeds=5)
    assert treated.better is not None, [(one.treatment, one.why) for one in treated.verdicts]
    verdict = treated.verdicts[-1]
    assert verdict.word == "verified" and verdict.luck <= 1 / 32 and min(gains(verdict)) > 0
    return verdict


@pytest.mark.row("E1")
def test_ten_layers_of_sigmoids_and_their_cures_by_measured_effect(train: Train):
    folder = train(model=mlp(*[32] * 10, activation="sigmoid"), method={"epochs": 8})
    finding = doctor.diagnosed(folder)[0]
    assert finding.check == "vanishing-gradient" and 0 < float(finding.evidence["ratio"]) <= 0.25**5
    treated = treat.treat(folder, "vanishing-gradient", seeds=3, every=True)
    tried = [verdict.treatment for verdict in treated.verdicts]
    assert {"rectifier", "norm", "shortcuts", "unit_variance"} <= set(tried)
    means = [sum(gains(verdict)) / 3 for verdict in treated.verdicts if verdict.word != "not cured"]
    assert means == sorted(means, reverse=True) and len(means) >= 2
    assert treated.better is not None and "rectifier" in tried[: len(means)]


@pytest.mark.row("E2")
def test_a_recurrent_net_whose_weights_blow_signals_up(tmp_path: Path):
    sick, well = (examined("exploding_rnn", tmp_path, *more) for more in ((), ("--healthy",)))
    first = sick["findings"][0]
    assert first["check"] in ("exploding-gradient", "init-mismatch", "output-scale") and first["severity"] == "severe"
    assert "clip" in " ".join(finding["cure"] for finding in sick["findings"])
    assert not [finding for finding in well["findings"] if finding["severity"] != "info"]


@pytest.mark.row("E3")
def test_how_many_outputs_are_at_the_flat_ends_is_told_by_layer(train: Train):
    folder = train(model=mlp(*[64] * 8, activation="tanh", init={"kind": "normal", "std": 3.0}), method={"epochs": 6})
    finding = found(folder, "saturated-units")
    assert finding.place == "trunk.blocks.0.activation" and float(finding.evidence["saturated"]) > 0.5
    shares = doctor.history(folder).values("saturated", "layers")
    assert len(shares) == 8 and all(0 <= share <= 1 for each in shares.values() for share in each)
    verdict = cured(folder, "saturated-units")
    assert verdict.treatment == "fitting_start"


@pytest.mark.row("E4")
def test_units_that_are_dead_for_the_whole_set_are_counted(train: Train):
    folder = train(model=mlp(64, 64), method={"epochs": 8}, optimizer=sgd(3.0))
    finding = found(folder, "dead-units")
    predictor = pellucid.load(folder)
    layer = predictor.model.network.get_submodule(finding.place)
    silent: list[torch.Tensor] = []
    hook = layer.register_forward_hook(lambda module, inputs, output: silent.append((output <= 0).all(0)))
    predictor.predict("digits")
    hook.remove()
    dead = torch.stack(silent).all(0).float().mean()
    assert float(finding.evidence["dead"]) == pytest.approx(float(dead), abs=0.05)


@pytest.mark.row("E4")
def test_units_that_are_dead_from_the_start_are_told_with_a_cure(tmp_path: Path):
    first = examined("dead_by_bias", tmp_path)["findings"][0]
    assert first["check"] == "dead-units" and first["evidence"]["dead"] > 0.9 and first["step"] <= 20
    assert "LeakyReLU" in first["cure"] and "kaiming" in first["cure"]


@pytest.mark.row("E5")
@pytest.mark.parametrize(("rate", "check"), [(3.0, "rate-too-high"), (1e-6, "rate-too-low")])
def test_a_rate_at_either_end_is_found_and_the_suggested_one_is_better(train: Train, rate: float, check: str):
    folder = train(model=mlp(64, 64), method={"epochs": 8}, optimizer=sgd(rate))
    suggested = float(found(folder, check).evidence["suggested"])
    verdict = cured(folder, check)
    assert verdict.changes == (("optimizer.learning_rate", rate, suggested),)


@pytest.mark.row("E6")
@pytest.mark.parametrize(
    ("activation", "init", "check"),
    [
        ("tanh", {"kind": "zeros"}, "same-weights"),
        ("tanh", {"kind": "constant", "value": 0.1}, "same-weights"),
        ("tanh", {"kind": "normal", "std": 3.0}, "saturated-units"),
        ("relu", {"kind": "normal", "std": 1e-3}, "output-scale"),
    ],
)
def test_four_ways_to_start_badly(train: Train, activation: str, init: dict[str, Any], check: str):
    folder = train(model=mlp(*[64] * 6, activation=activation, init=init), method={"epochs": 6})
    first = doctor.diagnosed(folder)[0]
    assert first.check == check and first.severity == "severe"
    assert ("exactly 0" in first.message) == (init["kind"] == "zeros")


@pytest.mark.row("E7")
@pytest.mark.parametrize("turn", [6, 15, 30])
def test_where_overfitting_begins_is_told_within_two_epochs(turn: int):
    for seed in range(20):
        noise = 0.01 * torch.randn(60, generator=generator(seed, "noise"), dtype=torch.float64)
        curve = [0.5 + (0.02 if epoch > turn else 0.01) * abs(epoch - turn) for epoch in range(60)]
        told = turning_point([value + float(one) for value, one in zip(curve, noise, strict=True)])
        assert abs(told - turn) <= 2, (seed, told)


@pytest.mark.row("E8")
def test_too_small_too_regularised_and_too_short_are_three_findings(train: Train):
    small = train(model=mlp(2), method={"epochs": 150}, optimizer=adam(0.03))
    held = train(model=mlp(64, 64), method={"epochs": 10}, optimizer=adam(1e-3, weight_decay=100.0))
    short = train(model=mlp(64), method={"epochs": 4}, optimizer=adam(3e-4))
    names = ("cannot-fit", "over-regularised", "too-few-steps")
    told = [[name for name in names if name in checks(folder)] for folder in (small, held, short)]
    assert told == [["cannot-fit"], ["over-regularised"], ["too-few-steps"]]


@pytest.mark.row("E9")
def test_a_plateau_at_chance_is_told_as_the_prior(train: Train):
    folder = train(model=mlp(*[64] * 6, activation="tanh", init={"kind": "zeros"}), method={"epochs": 6})
    finding = found(folder, "predicts-the-prior")
    assert finding.evidence["loss"] == pytest.approx(finding.evidence["constant"], rel=0.02)


@pytest.mark.row("E10")
def test_how_far_each_layer_moves_in_a_step_is_read(train: Train):
    folder = train(model=mlp(*[16] * 10, activation="sigmoid"), method={"epochs": 10})
    updates = doctor.history(folder).values("update")
    moved = {name: each for name, each in updates.items() if name.endswith("weight")}
    assert len(moved) == 11 and all(len(each) >= 5 for each in moved.values())
    first = found(folder, "vanishing-gradient")
    assert first.place.startswith("trunk.blocks.") and float(first.evidence["ratio"]) < 0.03
    healthy = doctor.history(train(model=mlp(64, 64), method={"epochs": 10})).values("update")
    assert all(1e-4 < sorted(each)[len(each) // 2] < 3e-2 for name, each in healthy.items() if name.endswith("weight"))


@pytest.mark.row("E15")
def test_more_hidden_layers_are_not_always_better(train: Train):
    lines = {"method": {"epochs": 6}, "optimizer": adam(1e-3)}
    runs = [train(model=mlp(*[32] * depth, activation="tanh"), **lines) for depth in (1, 4, 32)]
    one, four, many = (doctor.history(folder).looks[-1].loss for folder in runs)
    assert four < 0.8 * one and many > 2 * four, (one, four, many)
