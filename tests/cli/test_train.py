"""`pellucid train`: from a table to a run folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

Tell = Callable[..., Any]


def test_a_table_becomes_a_run(start: Tell, shop: Path, tmp_path: Path, small: tuple[str, ...]) -> None:
    (tmp_path / "shop.csv").write_bytes((shop / "shop.csv").read_bytes())
    ended = start(tmp_path, "-m", "pellucid", "train", "shop.csv", "--target", "left", *small, "--json")
    assert ended.code == 0, ended.err
    assert ended.out.count("\n") == 1
    value = ended.value
    assert {"run", "metrics", "examples_per_second", "seconds", "findings"} <= value.keys()
    assert value["metrics"].keys() == {"train", "valid", "test"} and value["metrics"]["test"]["accuracy"] > 0
    assert value["run"] == "runs/shop-0001" and value["examples_per_second"] > 0 and value["seconds"] > 0
    assert "epoch 2/2" in ended.err and "stopped: all epochs are done" in ended.err
    held = {path.name for path in (tmp_path / "runs" / "shop-0001").iterdir()}
    assert held >= {
        "run.json", "recipe.yaml", "recipe.lock.yaml", "decisions.json", "signature.json", "record.jsonl",
        "journal.jsonl", "best.json", "checkpoints", "model", "report.json", "report.html",
    }  # fmt: skip
    model = {path.name for path in (tmp_path / "runs" / "shop-0001" / "model").iterdir()}
    assert {"MANIFEST.json", "model.json", "weights.safetensors", "preprocess.safetensors", "signature.json"} <= model


def test_it_says_how_it_ended(tell: Tell, mine: Path, small: tuple[str, ...]) -> None:
    ended = tell("train", "shop.csv", "-t", "left", *small)
    assert ended.code == 0
    score, run, report = ended.out.splitlines()
    assert score.startswith("accuracy: train 0.") and ", valid 0." in score and ", test 0." in score
    assert (run, report) == ("run: runs/shop-0003", "report: runs/shop-0003/report.html")
    assert "epoch 2/2" in ended.err


def test_a_quiet_run_in_a_folder_of_ones_own_without_a_report(tell: Tell, mine: Path, small: tuple[str, ...]) -> None:
    ended = tell("train", "shop.csv", "-t", "spent", *small, "--run", "there/it", "--no-report", "-q", "--seed", 7)
    assert ended.code == 0 and ended.err == ""
    assert ended.out.splitlines()[1:] == ["run: there/it"]
    assert not (mine / "there/it/report.html").exists()
    assert "seed: 7" in (mine / "there/it/recipe.lock.yaml").read_text()


def test_a_run_is_never_overwritten(
    tell: Tell, refused: Callable[..., str], mine: Path, small: tuple[str, ...]
) -> None:
    before = (mine / "runs/shop-0001/record.jsonl").read_bytes()
    refused(tell("train", "shop.csv", "-t", "left", *small, "--run", "runs/shop-0001"))
    assert (mine / "runs/shop-0001/record.jsonl").read_bytes() == before


def test_a_recipe_of_ones_own_code(tell: Tell, mine: Path) -> None:
    (mine / "net.py").write_text(
        "from torch import nn\n\n\ndef tower(width):\n    return nn.Sequential(nn.Linear(width, 4), nn.Tanh())\n"
    )
    recipe = "data: {path: shop.csv, target: left}\nmodel: {kind: foreign, name: tower}\nmethod: {epochs: 1}\n"
    (mine / "own.yaml").write_text(recipe)
    ended = tell("train", "own.yaml", "--code", "net.py", "-q", "--no-report", "--run", "own")
    assert ended.code == 0, ended.err
    assert (mine / "own/recipe.yaml").read_text() == recipe
    assert tell("evaluate", "own", "shop.csv", "--code", "net.py").code == 0
    assert tell("evaluate", "own", "shop.csv").code == 2


def test_findings_that_matter_are_told(tell: Tell, mine: Path, small: tuple[str, ...]) -> None:
    head, *lines = (mine / "shop.csv").read_text().splitlines()
    copied = [f"{head},copy", *(f"{line},{line.split(',')[-1]}" for line in lines)]
    (mine / "leaky.csv").write_text("\n".join(copied))
    ended = tell("train", "leaky.csv", "-t", "left", *small, "-q", "--no-report")
    assert ended.code == 0 and "copy" in ended.err


def test_a_split_without_a_test_part(tell: Tell, mine: Path, small: tuple[str, ...]) -> None:
    split = "data.split={kind: stratified, valid: 0.2, test: 0.0}"
    ended = tell("train", "shop.csv", "-t", "left", *small, "-s", split, "-q", "--no-report")
    assert ended.code == 0, ended.err
    assert ", valid 0." in ended.out and "test" not in ended.out


SICK = ("-s", "model.kind=mlp", "-s", "model.widths=[12,12,12,12,12,12,12,12,12,12]", "-s", "model.activation=sigmoid",
        "-s", "method.epochs=40", "-s", "method.batch=20", "-s", "threads=1", "--no-report")  # fmt: skip


def test_a_finding_is_shown_when_it_appears_and_again_at_the_end(tell: Tell, mine: Path) -> None:
    ended = tell("train", "shop.csv", "-t", "left", *SICK, "--run", "sick")
    assert ended.code == 0
    lines = ended.err.splitlines()
    (live,) = [at for at, line in enumerate(lines) if line.startswith("step ") and "severe[vanishing-gradient]" in line]
    end = next(at for at, line in enumerate(lines) if line.startswith("stopped: "))
    assert live < end and lines[live].split()[1] != "200:"
    assert any(line.startswith("severe[vanishing-gradient]: ") for line in lines[end:])
    assert lines[-1] == "next: pellucid diagnose sick, then pellucid treat sick --verify 3"


def test_findings_are_lines_of_json_in_the_stream(tell: Tell, mine: Path) -> None:
    ended = tell("train", "shop.csv", "-t", "left", *SICK, "--json")
    found = [json.loads(line) for line in ended.err.splitlines() if line.startswith("{")]
    assert "vanishing-gradient" in [line["finding"]["check"] for line in found]
    assert all(line["event"] == "found" and line["step"] >= 0 for line in found)
    assert ended.value["findings"] and ended.out.count("\n") == 1


def test_a_training_ends_at_a_severe_finding_where_that_is_asked(tell: Tell, refused: Callable[..., str], mine: Path):
    error = refused(tell("train", "shop.csv", "-t", "left", *SICK, "-q", "--run", "sick", "--fail-on", "severe"), 6)
    assert error.startswith("error[TRAIN-FINDING]: step ") and "vanishing-gradient" in error
    assert "pellucid resume" in error and not (mine / "sick/model").exists()
    assert tell("resume", "sick", "-q", "--no-report").code == 0
    assert (mine / "sick/model").is_dir()


def test_a_healthy_recipe_needs_no_healing(tell: Tell, mine: Path, small: tuple[str, ...]) -> None:
    ended = tell("train", "shop.csv", "-t", "left", *small, "--heal", "-q")
    assert ended.code == 0 and ended.out.splitlines()[-1] == "healing: nothing was needed"
    value = tell("train", "shop.csv", "-t", "left", *small, "--heal", "-q", "--json").value
    assert value["healing"] == {"word": "healthy", "tries": []} and value["metrics"]
    assert tell("train", "shop.csv", "-t", "left", *small, "--heal", "--no-report").code == 2
