from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from pellucid import jobs, treat
from pellucid.errors import ArtifactError, BusyError, SchemaError, UsageError
from pellucid.files import Lock
from pellucid.recipe import Recipe, recipe_of
from pellucid.training import checkpoint

torch.set_num_threads(1)
SICK = {"threads": 1, "precision": "float32", "model.kind": "mlp", "model.widths": [12] * 8,
        "model.activation": "sigmoid", "method.epochs": 30, "method.batch": 20}  # fmt: skip


def recipe(**settings: Any) -> Recipe:
    return recipe_of("iris", None, {**SICK, **settings})[0]


@pytest.fixture(scope="module")
def sick(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight layers of sigmoids."""
    folder = tmp_path_factory.mktemp("runs") / "sick"
    jobs.train(recipe(), run=folder, report=False)
    return folder


def test_a_cure_is_named_without_any_proof(sick: Path):
    treated = treat.treat(sick, "vanishing-gradient")
    assert treated.finding.check == "vanishing-gradient" and treated.verdicts == []
    assert treated.better == treated.options[0][1]
    assert treat.changes(treated).startswith("model.activation.kind: sigmoid -> relu: ")
    assert treat.treat(sick).finding.check == treated.finding.check, "the first that can be treated"


@pytest.mark.row("E1")
def test_a_cure_is_proved_by_trainings_side_by_side(sick: Path):
    said: list[str] = []
    treated = treat.treat(sick, "vanishing-gradient", seeds=3, tell=said.append)
    verdict = treated.verdicts[-1]
    assert verdict.treatment == "rectifier" and verdict.word == "likely", said
    assert treated.better is not None and treated.better.model is not None
    assert treated.better.model.dump()["activation"] == {"kind": "relu"}
    assert "3 pairs for each of at most" in said[0], "how long it takes is said first"
    assert sum("as it was: training" in line for line in said) == 3
    assert any("treatment 1 of at most" in line for line in said) and "likely" in said[-1]
    before, after = verdict.control, verdict.cure
    assert all(one.loss > other.loss and one.seed == other.seed for one, other in zip(before, after, strict=True))
    folders = {path.name for path in (sick / "trials").iterdir()}
    assert folders == {"control", "rectifier"} and (sick / "trials" / "control" / "2" / "run.json").exists()
    json.dumps(verdict.as_json())


def test_what_does_not_help_is_said_to_be_no_cure(sick: Path):
    said: list[str] = []
    treated = treat.treat(sick, "vanishing-gradient", seeds=1, tell=said.append)
    assert treated.better is None and {one.word for one in treated.verdicts} == {"not cured"}, "one pair is luck"
    assert len(treated.verdicts) == min(treat.TRIES, len(treated.options))
    assert all(one.luck == 0.5 or one.why for one in treated.verdicts) and "not cured: " in said[-1]


def test_cures_of_the_rate_go_on_from_before_the_fault(tmp_path: Path):
    folder = tmp_path / "wild"
    calm = {"model.widths": [8], "model.activation": "relu", "method.epochs": 6, "checkpoint.every": 3}
    jobs.train(recipe(**calm), run=folder, report=False)
    found = treat.Finding("diverges", "severe", "It is ill.", step=int(checkpoint.committed(folder)[0].name) + 1)
    locked = treat.read_recipe(treat.read_file(folder / "recipe.lock.yaml"))
    raw = locked.data.read()
    start = treat._before(folder, found, locked, raw)
    assert start is not None and start == checkpoint.committed(folder)[0]
    treated = treat.Treated(found, locked, treat.treatments(locked, found))
    with Lock(folder):
        treat._prove(folder, treated, treated.options[: treat.TRIES], 1, lambda line: None, every=False)
    names = {path.name for path in (folder / "trials").iterdir()}
    assert f"control-{int(start.name)}" in names, "what only moves weights starts there"
    assert {"control", "norm"} <= names or "warm_up" not in names, "what changes the network starts at the beginning"
    (start / "MANIFEST.json").write_bytes(b"{}")
    assert treat._before(folder, found, locked, raw) is None, "a damaged one is no start"
    early = treat.Finding("diverges", "severe", "It is ill.", step=1)
    assert treat._before(folder, early, locked, raw) is None


@pytest.mark.parametrize(
    ("check", "says"),
    [("vanishing-gradien", "vanishing-gradient"), ("nonsense", "one of: "), ("bad-values", "one of: ")],
)
def test_a_finding_that_is_not_there(sick: Path, check: str, says: str):
    with pytest.raises(UsageError) as fault:
        treat.treat(sick, check)
    assert fault.value.code == "CLI-FINDING" and says in str(fault.value.hint)


def test_a_run_without_findings(tmp_path: Path):
    folder = tmp_path / "well"
    jobs.train(
        recipe(**{"model.widths": [8], "model.activation": "relu", "method.epochs": 40}), run=folder, report=False
    )
    with pytest.raises(UsageError, match="nothing was found that needs a treatment"):
        treat.treat(folder)


def test_a_finding_that_no_recipe_cures(sick: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(treat, "treatments", lambda recipe, finding: [])
    with pytest.raises(UsageError, match="no change of a recipe cures vanishing-gradient"):
        treat.treat(sick, "vanishing-gradient")


def test_where_there_is_no_run_or_a_broken_one(tmp_path: Path, sick: Path):
    with pytest.raises(UsageError, match="no run here"):
        treat.treat(tmp_path)
    (tmp_path / "run.json").write_text('{"format": "something else"}')
    with pytest.raises(ArtifactError):
        treat.treat(tmp_path)


def test_one_owner_at_a_time(sick: Path):
    with Lock(sick), pytest.raises(BusyError):
        treat.treat(sick, "vanishing-gradient", seeds=1)


def test_other_data_is_no_trial(tmp_path: Path):
    table = tmp_path / "rows.csv"
    table.write_text("a,b\n" + "".join(f"{number},{number % 2}\n" for number in range(60)))
    folder = tmp_path / "run"
    given = recipe_of(str(table), "b", {**SICK, "method.epochs": 20})[0]
    jobs.train(given, run=folder, report=False)
    found = treat.Finding("vanishing-gradient", "severe", "It is ill.")
    table.write_text("a,b\n" + "".join(f"{2 * number},{number % 2}\n" for number in range(60)))
    locked = treat.read_recipe(treat.read_file(folder / "recipe.lock.yaml"))
    with pytest.raises(SchemaError, match="the data changed"):
        treat._before(folder, found, locked, locked.data.read())
