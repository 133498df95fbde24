from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from pellucid.errors import DataError
from pellucid.heal import MOST, heal
from pellucid.recipe import Recipe, recipe_of
from pellucid.training.layout import journal

torch.set_num_threads(1)
SMALL: dict[str, Any] = {"threads": 1, "precision": "float32", "model.kind": "mlp"}


def recipe(source: str, **settings: Any) -> Recipe:
    return recipe_of(source, None, {**SMALL, **settings})[0]


DEEP: dict[str, Any] = {"model.widths": [16] * 10, "model.activation": "sigmoid"}


def test_ten_layers_of_sigmoids_are_healed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    told: list[str] = []
    healed = heal(recipe("iris", **DEEP, **{"method.epochs": 40}), tell=told.append)
    assert healed.word == "healed" and healed.run is not None and healed.run.metrics["valid"]["accuracy"] > 0.6
    assert [one.cured for one in healed.tries] == [True]
    cured = healed.tries[0]
    assert cured.finding.check == "vanishing-gradient" and cured.verdicts[-1].word in ("likely", "verified")
    assert cured.run == Path("runs/iris-0001") and healed.folder == Path("runs/iris-0002")
    assert [line["code"] for line in journal(cured.run) if line["event"] == "failed"] == ["TRAIN-FINDING"]
    said = next(line for line in journal(healed.folder) if line["event"] == "healing")
    assert said["of"] == str(cured.run) and said["tried"] == [cured.said()]
    assert "vanishing-gradient" in cured.said() and cured.verdicts[-1].word in cured.said()
    assert healed.run.report is not None and "Treated before this training" in healed.run.report.read_text()
    assert any(line.startswith("healing 1 of at most 3: vanishing-gradient") for line in told)
    value = healed.as_json()
    assert value["healing"]["word"] == "healed" and value["healing"]["tries"][0]["cured"] is True
    assert value["run"] == "runs/iris-0002" and value["metrics"]


@pytest.mark.slow
@pytest.mark.covers("src/pellucid/heal.py", "src/pellucid/doctor", "src/pellucid/training", "src/pellucid/treat.py")
def test_ten_layers_of_sigmoids_on_digits_are_healed(tmp_path: Path):
    healed = heal(recipe("digits", **DEEP, **{"method.epochs": 30}), run=tmp_path / "run")
    assert healed.word == "healed" and healed.run is not None and healed.run.metrics["valid"]["accuracy"] > 0.85
    assert 1 <= len(healed.tries) <= MOST and healed.tries[0].finding.check == "vanishing-gradient"


def test_a_healthy_recipe_is_trained_once(tmp_path: Path):
    healed = heal(recipe("iris", **{"model.widths": [16], "method.epochs": 60}), run=tmp_path / "run")
    assert (healed.word, healed.tries, healed.folder) == ("healthy", [], tmp_path / "run")
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    assert not any(line["event"] == "healing" for line in journal(tmp_path / "run"))


def test_a_training_that_breaks_off_is_healed(tmp_path: Path):
    hot = {"optimizer": {"kind": "sgd", "learning_rate": 20.0, "schedule": "constant"}, "model.widths": [16]}
    healed = heal(recipe("diabetes", **hot, **{"method.epochs": 6}), run=tmp_path / "run")
    assert 1 <= len(healed.tries) <= MOST
    if healed.run is not None:
        assert healed.folder != tmp_path / "run" and (healed.folder / "model").is_dir()
    rates = [after for one in healed.tries if one.cured for path, _, after in one.verdicts[-1].changes
             if path == "optimizer.learning_rate"]  # fmt: skip
    assert rates and max(rates) < 20.0


def test_what_no_recipe_can_cure_ends_and_says_so(tmp_path: Path):
    lines = (f"{n * 37 % 101},{n * 61 % 89},{'ab'[hash_of(n)]}" for n in range(160))
    (tmp_path / "noise.csv").write_text("x,y,label\n" + "\n".join(lines) + "\n")
    deep = {"model.widths": [8] * 8, "model.activation": "sigmoid", "method.epochs": 40, "method.batch": 40}
    told: list[str] = []
    noise = recipe_of(str(tmp_path / "noise.csv"), "label", {**SMALL, **deep})[0]
    healed = heal(noise, run=tmp_path / "run", seeds=1, tell=told.append)
    assert healed.word == "not cured" and 1 <= len(healed.tries) <= MOST
    assert not any(one.cured for one in healed.tries) and healed.folder == tmp_path / "run"
    assert all("not cured by " in one.said() for one in healed.tries)
    assert healed.run is not None and (tmp_path / "run/model").is_dir(), "it was trained to its end all the same"


def hash_of(number: int) -> int:
    """0 or 1, without a pattern in the number."""
    return (number * 2654435761 % 2**32 >> 13) % 2


def test_what_cannot_be_trained_at_all_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError):
        heal(recipe("nothing.csv"))
    assert not list((tmp_path / "runs").iterdir())
