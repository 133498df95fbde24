"""The NumPy twin: equal to torch for every activation, loss and optimizer it writes, and polite about the others."""

from __future__ import annotations

import ast
import runpy
import subprocess
import sys
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pellucid.errors import UsageError
from pellucid.explain.twin import program
from pellucid.recipe import recipe_of
from pellucid.training import loop
from pellucid.training.session import Session, prepare

torch.set_num_threads(1)


def session(name: str = "iris", **settings: Any) -> Session:
    values = {"model.kind": "mlp", "model.widths": [7, 5], "method.batch": 16, "method.epochs": 10}
    values |= {key.replace("__", "."): value for key, value in settings.items()}
    return prepare(recipe_of(name, None, values)[0])


def run(text: str, folder: Path) -> dict[str, Any]:
    path = folder / "twin.py"
    path.write_text(text, encoding="utf-8")
    return runpy.run_path(str(path))


def doubled(made: Session) -> Session:
    """The session in float64, so that both sides round alike."""
    made.state.network.double()
    made.state.players.clear()
    for name in ("train", "valid", "test"):
        part = made.dataset.part(name)
        assert isinstance(part.input, torch.Tensor) and part.target is not None
        part.input = part.input.double()
        part.target = part.target.double() if part.target.is_floating_point() else part.target
        part.weight_B = None if part.weight_B is None else part.weight_B.double()
    return made


def apart(made: Session, folder: Path, steps: int = 10) -> float:
    """The largest difference of loss or weight between the real loop and the twin, over so many steps."""
    twin = run(program(made), folder)
    phase = next(iter(made.phases()))
    batches = list(islice(phase.batches.batches(0, 0), steps))
    largest = 0.0
    with np.errstate(all="raise", under="ignore"):
        for event, batch in zip(islice(loop.steps(made.state, made.phases()), len(batches)), batches, strict=True):
            assert isinstance(batch.input, torch.Tensor) and batch.target is not None
            weight = None if batch.weight_B is None else batch.weight_B.numpy()
            loss = twin["step"](batch.input.numpy(), batch.target.numpy(), weight, rate=event.learning_rate)
            largest = max(largest, abs(loss - event.loss))
            made.state.network.requires_grad_(True)
            for name, value in zip(twin["P"], made.state.network.parameters(), strict=True):
                largest = max(largest, float(np.abs(twin["P"][name] - value.detach().numpy()).max()))
    return largest


PLAIN = ["identity", "sigmoid", "tanh", "relu", "gelu", "swish"]
ACTIVATIONS = [*PLAIN, {"kind": "leaky_relu", "slope": 0.2}, {"kind": "elu", "alpha": 1.5}]


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_activations(activation: Any, tmp_path: Path):
    made = doubled(session(model__activation=activation, optimizer__learning_rate=0.02))
    assert apart(made, tmp_path) < 1e-9


@pytest.mark.parametrize(
    "optimizer",
    [
        {"kind": "sgd", "learning_rate": 0.1},
        {"kind": "sgd", "learning_rate": 0.1, "momentum": 0.9, "weight_decay": 0.1},
        {"kind": "sgd", "learning_rate": 0.1, "momentum": 0.8, "nesterov": True},
        {"kind": "adam", "learning_rate": 0.05, "weight_decay": 0.1, "betas": [0.8, 0.95]},
        {"kind": "adamw", "learning_rate": 0.05, "weight_decay": 0.5, "eps": 1e-6},
        {"kind": "adamw", "learning_rate": 0.05, "weight_decay": 0.0},
    ],
    ids=lambda optimizer: " ".join(map(str, optimizer.values())),
)
def test_optimizers(optimizer: dict[str, Any], tmp_path: Path):
    assert apart(doubled(session(optimizer=optimizer)), tmp_path) < 1e-9


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("iris", {"task": {"kind": "classification", "loss": {"kind": "cross_entropy", "label_smoothing": 0.1}}}),
        ("iris", {"task": {"kind": "classification", "class_weight": {"setosa": 3.0}}}),
        ("breast_cancer", {}),
        (
            "breast_cancer",
            {"task": {"kind": "classification", "loss": {"kind": "binary_cross_entropy", "label_smoothing": 0.2}}},
        ),
        ("diabetes", {}),
        ("digits", {"model__widths": [6]}),
        ("iris", {"model__widths": []}),
        ("iris", {"model__bias": False}),
    ],
)
def test_losses_and_shapes(name: str, settings: dict[str, Any], tmp_path: Path):
    assert apart(doubled(session(name, **settings)), tmp_path) < 1e-9


def test_labels(tmp_path: Path):
    rows = {f"x{place}": np.random.default_rng(place).normal(size=60).tolist() for place in range(3)}
    rows |= {"wet": [int(x > 0) for x in rows["x0"]], "cold": [int(x > 0.3) for x in rows["x1"]]}
    recipe = session().recipe
    from pellucid.data.table import Table

    model = {"model": recipe.model, "data": Table(target=("wet", "cold")), "method": recipe.method}
    recipe = type(recipe)(**model)  # pyright: ignore
    made = prepare(recipe, recipe.data.read_rows(rows))
    assert made.signature.target is not None and made.signature.target.kind == "labels"
    assert apart(doubled(made), tmp_path, 4) < 1e-9


def test_weights_read_back_exactly_and_the_program_proves_itself(tmp_path: Path):
    made = session(model__activation="gelu")
    text = program(made)
    twin = run(text, tmp_path)
    for name, value in zip(twin["P"], made.state.network.parameters(), strict=True):
        assert np.array_equal(twin["P"][name].astype(np.float32), value.detach().numpy())
    done = subprocess.run(
        [sys.executable, "-W", "error", str(tmp_path / "twin.py")], capture_output=True, text=True, check=True
    )
    assert float(done.stdout.split(":")[1]) < 1e-6 and not done.stderr


def test_the_program_is_short_and_imports_numpy_only():
    text = program(session(model__activation="tanh"))
    code = text.partition("# Weights")[0].splitlines()
    assert len([line for line in code if line.strip()]) <= 60
    imported = {name.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import) for name in node.names}
    assert imported == {"numpy"}
    assert {"forward", "loss", "backward", "step"} <= {
        node.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)
    }
    assert all(len(line) <= 120 for line in text.splitlines())


def test_what_is_left_out_of_the_training_is_said():
    changes = {"model__dropout": 0.25, "optimizer__clip": 1.0, "penalties": [{"kind": "l1", "alpha": 0.01}]}
    text = program(session(**changes))
    told = " ".join(text.split('"""')[1].split())
    for words in ("dropout of 0.25", "the schedule warmup", "clipping of the gradient at 1", "the penalty l1"):
        assert words in told
    quiet = program(session(optimizer={"kind": "sgd", "learning_rate": 0.1, "schedule": "constant"}))
    assert "Left out" not in quiet


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("digits", {"model": "cnn"}, "trunk.blocks.0 is a ConvBlock"),
        ("iris", {"model__norm": "batch"}, "trunk.blocks.0.norm is a BatchNorm1d"),
        ("iris", {"model__residual": True, "model__widths": [4]}, "trunk.blocks.0 adds its input"),
        ("iris", {"model__activation": "prelu"}, "trunk.blocks.0.activation is a PReLU"),
        ("penguins", {}, "intake is a TableIntake"),
        ("iris", {"optimizer": "rmsprop"}, "no optimizer rmsprop"),
        ("iris", {"task": {"kind": "classification", "loss": "focal"}}, "no loss focal"),
        ("iris", {"model__widths": [400, 400]}, "163,603 parameters"),
    ],
)
def test_what_cannot_be_written_is_named(name: str, settings: dict[str, Any], message: str):
    values = {key: value for key, value in settings.items()}
    made = prepare(recipe_of(name, None, {"model": "cnn"})[0]) if values.get("model") else session(name, **values)
    with pytest.raises(UsageError, match=message):
        program(made)


def test_words_of_the_data_cannot_end_the_docstring():
    made = session()
    made.loaded = type(made.loaded)(
        made.dataset, made.loaded.preparation, made.signature.replace(source='x"""\nprint(1)\\'), made.loaded.share
    )
    assert ast.get_docstring(ast.parse(program(made)))
