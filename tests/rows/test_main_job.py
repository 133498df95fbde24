"""Rows of the checklist about the main job: data in, network out, the way a user asks for it."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import cross_val_score
from torch import nn

import pellucid
from pellucid import record
from pellucid.errors import DataError, RecipeError
from pellucid.sklearn import NeuralClassifier
from pellucid.training.run import Writer, events
from pellucid.training.session import Session, prepare

EXAMPLES = Path(__file__).parents[2] / "examples"


def session(data: dict[str, Any], rows: Any = None, **more: Any) -> Session:
    recipe = pellucid.Recipe.model_validate({"data": data, "threads": 1, **more})
    return prepare(recipe, None if rows is None else recipe.data.read_rows(rows))


def columns(path: Path, names: str, rows: list[list[Any]]) -> str:
    path.write_text("\n".join([names, *(",".join(map(str, row)) for row in rows)]) + "\n")
    return str(path)


@pytest.mark.row("A5")
@pytest.mark.parametrize("own", [False, True])
def test_an_animal_from_two_lengths_has_a_decision_map(own: bool, tmp_path: Path):
    path, target = str(EXAMPLES / "animals.csv"), "animal"
    if own:
        random = np.random.default_rng(0)
        rows = [[*random.normal((0, 3) if place % 2 else (2, 0)).round(3), "ab"[place % 2]] for place in range(60)]
        path, target = columns(tmp_path / "own.csv", "height,breadth,plant", rows), "plant"
    recipe = pellucid.Recipe.model_validate({"data": {"path": path, "target": target}, "method": {"epochs": 60}})
    run = pellucid.train(recipe, run=tmp_path / "run")
    assert run.metrics["test"]["accuracy"] >= 0.8
    drawn = json.loads((tmp_path / "run" / "report.json").read_text())["landscape"]
    expected = ["height", "breadth"] if own else ["ear_length_cm", "nose_width_cm"]
    assert [axis["name"] for axis in drawn["axes"]] == expected and all(axis["units"] for axis in drawn["axes"])
    assert len(drawn["grid"]) == drawn["side"] and {code for row in drawn["grid"] for code in row} >= {0, 1}


@pytest.mark.row("A6")
def test_breast_cancer_is_told_in_five_folds():
    data = load_breast_cancer()
    scores = cross_val_score(NeuralClassifier(widths=(32,), epochs=30), data.data, data.target, cv=5)
    assert scores.mean() >= 0.95 and scores.min() >= 0.9


@pytest.mark.row("A7")
@pytest.mark.parametrize(
    ("kind", "task", "units", "loss"),
    [("two", "classification", 1, "binary_cross_entropy"), ("three", "classification", 3, "cross_entropy"),
     ("value", "regression", 1, "mse")],
)  # fmt: skip
def test_layer_sizes_and_the_output_unit_come_from_the_csv(kind: str, task: str, units: int, loss: str, tmp_path: Path):
    random = np.random.default_rng(0)
    target = {"two": lambda place: "ny"[place % 2], "three": lambda place: "abc"[place % 3],
              "value": lambda place: round(random.normal(), 3)}[kind]  # fmt: skip
    rows = [[*random.normal(size=4).round(3), target(place)] for place in range(60)]
    path = columns(tmp_path / "rows.csv", "a,b,c,d,y", rows)
    made = session({"path": path, "target": "y"})
    linear = [module for module in made.state.network.modules() if isinstance(module, nn.Linear)]
    assert linear[0].in_features == 4 and linear[-1].out_features == units
    assert made.recipe.task is not None and made.recipe.task.loss is not None
    assert (made.recipe.task.dump()["kind"], made.recipe.task.loss.dump()["kind"]) == (task, loss)
    said = {decision.path for decision in made.decisions}
    assert {"task", "task.loss", "model.widths"} <= said
    wrong = "regression" if task == "classification" else "classification"
    with pytest.raises(RecipeError) as fault:
        session({"path": path, "target": "y"}, task=wrong)
    assert fault.value.hint is not None and f"task: {task}" in fault.value.hint


@pytest.mark.row("A15")
def test_a_dense_network_on_pictures_explodes_in_parameters():
    pictures = np.random.default_rng(0).integers(0, 255, (12, 224, 224, 3), dtype=np.uint8)
    data = {"kind": "images", "size": [224, 224]}
    counts: dict[str, int] = {}
    for kind, fields in (("mlp", {"widths": [128, 128, 128]}), ("cnn", {"channels": [32, 64, 128], "hidden": []})):
        model = {"kind": kind, **fields}
        made = session(data, (pictures, [place % 2 for place in range(12)]), model=model, precision="float32")
        trunk = [layer for layer in made.layers if layer.name.startswith("trunk")]
        counts[kind] = sum(layer.parameters for layer in trunk)
    assert counts["mlp"] == 224 * 224 * 3 * 128 + 128 + 2 * (128 * 128 + 128) == 19_300_736
    assert counts["cnn"] == 9 * (3 * 32 + 32 * 64 + 64 * 128) + 2 * (32 + 64 + 128) == 93_472


@pytest.mark.row("C3")
def test_words_are_classes_and_a_missing_one_is_told_or_refused():
    names, parts = ["oak", "elm", "ash"], ["train"] * 6 + ["valid"] * 2 + ["test"] * 3
    rows = {"x": [float(place) for place in range(11)], "part": parts}
    data = {"kind": "table", "target": "tree", "split": {"kind": "by_column", "column": "part"}}
    made = session(data, rows | {"tree": [names[place % 3] for place in range(6)] + ["oak", "elm"] + names})
    assert made.signature.target is not None and made.signature.target.classes == ("ash", "elm", "oak")
    assert made.dataset.train.target is not None and made.dataset.train.target.tolist() == [2, 1, 0, 2, 1, 0]
    assert made.layers[-1].output == "3"
    (missing,) = [finding for finding in made.signature.findings if finding.check == "class-missing"]
    assert "ash" in missing.message
    list(events(made, Writer(None)))
    with pytest.raises(DataError) as fault:
        session(data, rows | {"tree": ["oak", "elm"] * 4 + names})
    assert fault.value.code == "DATA-SPLIT-CLASS" and "ash" in fault.value.message


@pytest.mark.row("F2")
def test_the_split_is_stratified_and_seeded_and_the_gap_is_reported(tmp_path: Path):
    random = np.random.default_rng(0)
    rows = {"a": random.normal(size=100).tolist(), "b": random.normal(size=100).tolist(), "y": ["n"] * 80 + ["p"] * 20}
    data = {"kind": "table", "target": "y"}

    def parts(seed: int) -> list[list[int]]:
        held = session(data, rows, seed=seed).dataset
        found: list[list[int]] = []
        for part in (held.train, held.valid, held.test):
            assert part.target is not None and part.row_B is not None
            assert part.target.float().mean().item() == pytest.approx(0.2, abs=1e-6)
            found.append(part.row_B.tolist())
        return found

    first = parts(0)
    assert [len(part) for part in first] == [70, 15, 15] and sorted(row for part in first for row in part) == list(
        range(100)
    )
    assert parts(0) == first and parts(1) != first
    recipe = pellucid.Recipe.model_validate({"data": data, "method": {"epochs": 40}})
    run = pellucid.train(recipe, rows=rows, run=tmp_path / "run")
    assert {"train", "valid", "test"} == run.metrics.keys()
    told = json.loads((tmp_path / "run" / "report.json").read_text())["training"]
    assert len(told["train_loss"]) == len(told["valid_loss"]) == 40 and told["words"]
    assert any("sorted" in finding.check for finding in run.findings)


@pytest.mark.row("F4")
def test_more_relevant_columns_raise_the_accuracy():
    random = np.random.default_rng(0)
    x_ND = random.normal(size=(800, 6))
    truth = ["no" if value < 0 else "yes" for value in x_ND.sum(1)]
    names = [f"x{place}" for place in range(6)]
    rows = {name: x_ND[:, place].tolist() for place, name in enumerate(names)} | {"y": truth}
    model, optimizer = {"kind": "mlp", "widths": [16]}, {"kind": "adam", "learning_rate": 0.01}
    curve: list[float] = []
    for kept in (1, 3, 6):
        data = {"kind": "table", "target": "y", "columns": dict.fromkeys(names[kept:], "drop")}
        scores: list[float] = []
        for seed in range(3):
            made = session(data, rows, model=model, method={"epochs": 10}, optimizer=optimizer, seed=seed)
            tested = [event for event in events(made, Writer(None)) if isinstance(event, record.Tested)]
            scores.append(next(event for event in tested if event.part == "test").metrics["accuracy"])
        curve.append(sum(scores) / len(scores))
    assert curve[0] + 0.05 < curve[1] < curve[2] - 0.05


@pytest.mark.row("P3")
@pytest.mark.parametrize(("rare", "warned"), [(20, True), (200, False)])
def test_an_imbalance_warns_about_accuracy(rare: int, warned: bool):
    random = np.random.default_rng(0)
    rows = {"x": random.normal(size=400).tolist(), "y": ["rare" if place < rare else "common" for place in range(400)]}
    rows = {name: [cells[place] for place in random.permutation(400)] for name, cells in rows.items()}
    found = [one.message for one in session({"kind": "table", "target": "y"}, rows).signature.findings]
    assert any("accuracy misleads" in message for message in found) is warned


@pytest.mark.row("B11")
def test_an_own_activation_trains_and_stands_in_the_layer_table(tmp_path: Path):
    code = pellucid.Code({"bent": lambda x: x + torch.sin(x)})
    model = {"kind": "mlp", "widths": [8], "activation": {"kind": "own", "name": "bent"}}
    optimizer = {"kind": "adam", "learning_rate": 0.02}
    settings = {"data": "iris", "model": model, "method": {"epochs": 20}, "optimizer": optimizer}
    recipe = pellucid.Recipe.model_validate(settings)
    run = pellucid.train(recipe, code=code, run=tmp_path / "run")
    assert run.metrics["test"]["accuracy"] > 0.8
    assert "bent (own)" in (tmp_path / "run" / "report.json").read_text()
    rough = pellucid.Code({"bent": lambda x: x.sign()})
    with pytest.raises(RecipeError, match="gradient"):
        pellucid.train(recipe, code=rough, run=tmp_path / "rough")
    with pytest.raises(RecipeError, match="no function"):
        pellucid.train(recipe, run=tmp_path / "without")


@pytest.mark.row("B1")
def test_training_through_a_step_is_refused_by_recipe_unless_straight_through():
    model: dict[str, Any] = {"kind": "mlp", "widths": [8], "activation": "threshold"}
    with pytest.raises(RecipeError, match="gradient 0 everywhere") as fault:
        session({"path": "iris"}, model=model)
    assert fault.value.hint is not None and "straight_through: true" in fault.value.hint
    model["activation"] = {"kind": "threshold", "straight_through": True}
    happened = list(events(session({"path": "iris"}, model=model, method={"epochs": 3}), Writer(None)))
    assert all(math.isfinite(event.loss) for event in happened if isinstance(event, record.Step))
