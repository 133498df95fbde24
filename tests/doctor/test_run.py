from __future__ import annotations

import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from pellucid import jobs
from pellucid.doctor import run
from pellucid.doctor.history import History
from pellucid.errors import TrainingError, UsageError
from pellucid.recipe import recipe_of

torch.set_num_threads(1)
SMALL = {"threads": 1, "precision": "float32", "model.kind": "mlp", "model.widths": [8], "method.epochs": 2}
Train = Callable[..., Path]


@pytest.fixture(scope="module")
def train(tmp_path_factory: pytest.TempPathFactory) -> Train:
    """`train(**settings)`: the folder of a run, whether or not it came to its end."""

    def go(source: str = "iris", **settings: Any) -> Path:
        recipe, _ = recipe_of(source, None, {**SMALL, **settings})
        folder = tmp_path_factory.mktemp("runs") / "one"
        try:
            jobs.train(recipe, run=folder, report=False)
        except TrainingError:
            assert not (folder / "model").exists()
        return folder

    return go


def facts(history: History, kind: str) -> list[tuple[str, dict[str, Any]]]:
    return [(fact.place, fact.values) for fact in history.seen(kind)]


def test_a_history_is_read_from_the_files_alone(train: Train):
    folder = train(**{"model.dropout": 0.25, "model.norm": "batch", "method.batch": 40, "optimizer.clip": 0.05})
    history = run.history(folder)
    assert [layer.kind for layer in history.layers] == ["Linear", "BatchNorm1d", "ReLU", "Dropout", "Linear"]
    assert [(one.layer, one.shape) for one in history.weights] == [
        ("trunk.blocks.0.linear", (8, 4)), ("head", (3, 8))
    ]  # fmt: skip
    assert [update.step for update in history.updates] == list(range(1, len(history.updates) + 1))
    assert history.planned == len(history.updates) and len(history.looks) == 2 and not history.broken
    assert [reading.step for reading in history.readings][:4] == [1, 2, 3, 4]
    assert history.constant == pytest.approx(math.log(3), rel=1e-3) and history.asked == "classes"
    assert history.optimizer["kind"] == "adamw" and history.optimizer["clip"] == 0.05 and history.source == "run"
    assert facts(history, "dropout") == [("trunk.blocks.0.dropout", {"share": 0.25})]
    assert facts(history, "batch-norm-small") == [("trunk.blocks.0.norm", {"batch": 40})]
    ((_, clipped),) = facts(history, "clipped")
    assert clipped["share"] == 1.0 and clipped["before"] > clipped["after"] == 0.05
    ((place, start),) = facts(history, "start")
    assert place == "head" and start["deviation"] > 0 and start["previous"] > 0


@pytest.mark.parametrize(
    ("source", "asked"), [("breast_cancer", "binary"), ("diabetes", "values"), ("japanese_vowels", "classes")]
)
def test_what_is_asked_decides_what_the_best_constant_is(train: Train, source: str, asked: str):
    history = run.history(train(source, **{"method.epochs": 1}))
    assert history.asked == asked and history.constant is not None and history.constant > 0
    assert bool(facts(history, "input")) == (source == "japanese_vowels"), "how long the sequences are"


def test_weights_that_begin_alike_are_a_fact(train: Train):
    history = run.history(train(**{"model.init.kind": "zeros"}))
    ((place, values),) = facts(history, "constant-weights")
    assert place == "trunk.blocks.0.linear.weight" and values == {"rows": 8, "zero": 1}


def test_a_training_that_failed_says_where(train: Train):
    folder = train(**{"optimizer.kind": "sgd", "optimizer.learning_rate": 1e30})
    history = run.history(folder)
    assert history.broken and math.isnan(history.updates[-1].loss)
    ((place, values),) = facts(history, "not-finite")
    assert place.startswith(("trunk", "head")) and values == {"what": "forward"}
    assert history.readings, "what was read before it failed is there"


@pytest.mark.parametrize(
    ("what", "place", "fact"),
    [
        ("input", "0", ("", "input")),
        ("weight", "trunk.0.weight", ("trunk.0", "forward")),
        ("update", "trunk.0.bias", ("trunk.0", "forward")),
        ("forward", "head", ("head", "forward")),
        ("gradient", "trunk.1", ("trunk.1", "gradient")),
        ("loss", "", ("", "loss")),
    ],
)
def test_the_first_bad_tensor_is_understood(what: str, place: str, fact: tuple[str, str]):
    (found,) = run._not_finite({"step": 3, "what": what, "place": place})
    assert (found.place, found.values["what"], found.step) == (*fact, 3)
    assert list(run._not_finite({"step": 3})) == []


@pytest.fixture(scope="module")
def sick(train: Train) -> Path:
    """A run of ten layers of sigmoids."""
    return train(**{"model.widths": [16] * 10, "model.activation": "sigmoid", "method.epochs": 40})


def test_findings_about_data_join_those_about_the_training(sick: Path):
    found = run.findings(sick)
    checks = [finding.check for finding in found]
    assert checks.index("duplicate-rows") > 0 and found[0].severity != "info"
    least = [finding.severity == "info" for finding in found]
    assert least == sorted(least)
    assert "duplicate-rows" not in [finding.check for finding in run.findings(sick, ("duplicate-rows",))]
    assert "duplicate-rows" not in [finding.check for finding in run.diagnosed(sick)]


@pytest.mark.row("E1")
def test_ten_layers_of_sigmoids_let_the_gradient_vanish(sick: Path, train: Train):
    first = run.findings(sick)[0]
    assert first.check == "vanishing-gradient" and first.severity == "severe" and first.place.startswith("trunk")
    assert first.message and first.why and first.cure and first.evidence
    healthy = train(**{"model.widths": [16] * 3, "method.epochs": 40})
    assert "vanishing-gradient" not in [finding.check for finding in run.findings(healthy)]


def test_a_run_that_was_killed_is_diagnosed(train: Train):
    folder = train()
    record = folder / "record.jsonl"
    lines = record.read_bytes()
    record.write_bytes(lines[: lines.index(b'"step":4') + 20])
    assert [update.step for update in run.history(folder).updates] == [1, 2, 3]
    os.remove(record)
    assert run.history(folder).updates == [] and run.findings(folder)


def test_where_no_run_is_it_says_so(tmp_path: Path):
    with pytest.raises(UsageError):
        run.history(tmp_path)


def test_numbers_that_are_not_finite_come_back(train: Train):
    folder = train()
    path = folder / "record.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for line in lines:
        if line["event"] == "evaluated":
            line["loss"] = None
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert all(math.isnan(look.loss) for look in run.history(folder).looks)


def test_what_the_recipe_silences_does_not_speak(train: Train):
    settings = {"model.widths": [16] * 10, "model.activation": "sigmoid", "method.epochs": 40}
    folder = train(**settings, **{"doctor.ignore": {"vanishing-gradient": "it is what is shown"}})
    assert run.silenced(folder) == {"vanishing-gradient": "it is what is shown"}
    assert "vanishing-gradient" not in [finding.check for finding in run.findings(folder)]
    assert '"vanishing-gradient"' not in (folder / "record.jsonl").read_text()
