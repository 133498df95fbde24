from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from pellucid import jobs, runs
from pellucid.code import Code
from pellucid.errors import TrainingError
from pellucid.recipe import Recipe, recipe_of
from pellucid.record import Step, events_in
from pellucid.training.flight import LARGEST, YOUNG, Usual
from pellucid.training.layout import journal
from pellucid.training.replay import replay

torch.set_num_threads(1)
SMALL: dict[str, Any] = {"threads": 1, "precision": "float32", "method.epochs": 3}
HOT = {"optimizer.kind": "sgd", "optimizer.schedule": "constant", "optimizer.learning_rate": 1e30}
MLP = {"model.kind": "mlp", "model.widths": [8]}


def fail(source: str, folder: Path, code: Code | None = None, **settings: Any) -> dict[str, Any]:
    """The last line of the journal of a training that meets a number which is not finite."""
    recipe, _ = recipe_of(source, None, {**SMALL, **settings})
    with pytest.raises(TrainingError):
        jobs.train(recipe, run=folder, report=False, code=code)
    return journal(folder)[-1]


@pytest.mark.parametrize(
    ("source", "settings"),
    [
        ("iris", MLP | HOT),
        ("iris", MLP | HOT | {"method.accumulate": 2, "model.dropout": 0.3, "method.batch": 30}),
        ("words", MLP | HOT),
        ("digits", HOT | {"model": {"kind": "cnn", "channels": [4], "hidden": [], "dropout": 0.2}}),
        ("japanese_vowels", HOT | {"model": {"kind": "transformer", "width": 8, "heads": 2}}),
    ],
)
def test_a_loss_that_is_not_finite_is_recorded_and_happens_again(source: str, settings: dict[str, Any], tmp_path: Path):
    if source == "words":
        source = _table(tmp_path)
    said = fail(source, tmp_path / "run", **settings)
    (path,) = runs.recorded(tmp_path / "run")
    assert said["recorded"] == path.name and said["what"] in ("forward", "loss", "gradient", "update")
    done = replay(path)
    assert done.same and (done.bad is None) == (said["what"] == "update")
    if done.bad is not None:
        assert (done.bad.what, done.bad.place) == (said["what"], said["place"])
    assert (
        done.about["rows"] and done.about["recipe"]["model"]["kind"] == settings.get("model", {"kind": "mlp"})["kind"]
    )
    assert [step["step"] for step in done.about["steps"]] == list(range(1, done.step))


def _table(folder: Path) -> str:
    """A table with a column of words, whose rows are numbers and codes."""
    lines = ["word,size,y", *(f"{'abc'[n % 3]},{n * 37 % 11},{'yes' if n * 7 % 5 > 2 else 'no'}" for n in range(90))]
    (folder / "t.csv").write_text("\n".join(lines) + "\n")
    (folder / "t.yaml").write_text(f"data: {{path: {folder}/t.csv, target: y}}\n")
    return str(folder / "t.yaml")


class Root(nn.Module):
    """The root of the absolute value, whose slope at 0 has no bound."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.abs().sqrt()


def tower(width: int) -> nn.Module:
    first = nn.Linear(width, 4)
    nn.init.zeros_(first.weight)
    nn.init.zeros_(first.bias)
    return nn.Sequential(first, Root(), nn.Linear(4, 4))


def test_a_gradient_that_went_bad_is_traced_to_its_step(tmp_path: Path):
    code = Code({"tower": tower})
    said = fail("iris", tmp_path / "run", code, **{"model": {"kind": "foreign", "name": "tower"}})
    assert (said["what"], said["step"]) == ("gradient", 2) and said["place"].endswith("1")
    (path,) = runs.recorded(tmp_path / "run")
    assert path.name == "step-00000001.safetensors", "weights were bad at step 2 because of the gradient of step 1"
    done = replay(path, code.bind)
    assert done.same and done.bad is not None and done.bad.place == said["place"] and math.isfinite(done.loss)
    finding = next(one for one in runs.diagnose(tmp_path / "run") if one.check == "not-finite")
    assert said["place"] in finding.place or said["place"] in finding.message


def test_weights_that_went_bad_after_a_checkpoint_are_found_from_there(tmp_path: Path):
    settings = HOT | {"optimizer.learning_rate": 1e5, "model": {"kind": "cnn", "channels": [4], "hidden": []}}
    said = fail("digits", tmp_path / "run", **settings, **{"checkpoint.every": 3})
    assert said["what"] == "update" and "running_var" in said["place"]
    (path,) = runs.recorded(tmp_path / "run")
    assert replay(path).same


def test_a_loss_leaps_that_is_far_above_what_is_usual():
    usual = Usual()
    assert not any(usual.leaps(1.0 + 0.01 * (step % 3)) for step in range(YOUNG + 30))
    assert not Usual(count=YOUNG, mean=1.0, square=0.01).leaps(2.9)
    assert Usual(count=YOUNG, mean=1.0, square=0.01).leaps(3.5)
    assert not Usual(count=YOUNG - 1, mean=1.0, square=0.01).leaps(1e9)
    assert Usual(count=99, mean=-5.0, square=0.01).leaps(6.0) and not Usual(count=99, mean=-5.0, square=0.01).leaps(
        -1.0
    )


def test_a_leap_is_recorded_while_the_training_goes_on_unchanged(tmp_path: Path):
    x = [[n % 7 - 3.0, (n * 5) % 11 - 5.0] for n in range(400)]
    y = [a - b + n / 300 for n, (a, b) in enumerate(x)]
    y[201] = 4e4
    rows = {"a": [a for a, _ in x], "b": [b for _, b in x], "y": y}
    values = {"kind": "table", "target": "y", "split": {"kind": "hash", "valid": 0.1, "test": 0.0}}
    settings = {"threads": 1, "precision": "float32", "method": {"epochs": 2, "batch": 4}}
    recipe = Recipe.model_validate({"data": values, **settings, "model": {"kind": "mlp", "widths": [4]}})
    jobs.train(recipe, run=tmp_path / "run", rows=rows, report=False)
    (path,) = runs.recorded(tmp_path / "run")
    done = replay(path)
    assert done.same and done.bad is None and done.about["what"] == "leap" and 201 in done.about["rows"]
    plain = [event.loss for event in jobs.steps(recipe, rows=rows) if isinstance(event, Step)]
    written = events_in(tmp_path / "run/record.jsonl")
    assert plain == [event.loss for event in written if isinstance(event, Step)]


def test_a_large_network_is_not_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    assert LARGEST > 2**20
    monkeypatch.setattr("pellucid.training.flight.LARGEST", 10)
    said = fail("iris", tmp_path / "run", **MLP, **HOT)
    assert "recorded" not in said and said["what"] == "forward" and not runs.recorded(tmp_path / "run")
