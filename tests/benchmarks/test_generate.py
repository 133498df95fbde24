"""Drawn programs: they can be written, say where their faults lie, and are admitted by what they learn alone."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

DOCTOR = Path(__file__).parents[2] / "benchmarks" / "doctor"
sys.path.append(str(DOCTOR))  # no package: its files import each other as scripts do

import compose  # noqa: E402
import drawn_data  # noqa: E402
import generate  # noqa: E402
import score  # noqa: E402
import sets  # noqa: E402
import yaml  # noqa: E402
from draft import Draft  # noqa: E402

KNOWN = yaml.safe_load(generate.DEV.read_text(encoding="utf-8"))["faults"]


def draft(word: str = "a") -> Draft:
    return compose.compose(Random(word), (drawn_data.clouds,))


@pytest.mark.parametrize("name", sorted(generate.FAULTS))
def test_a_fault_is_one_of_the_zoo_and_its_marks_stand_in_every_draft(name: str) -> None:
    assert name in KNOWN
    for number in range(12):
        drawn = generate.FAULTS[name].draw(Random(f"{name} {number}"))
        text = drawn.text()
        ast.parse(text)
        assert "options.healthy" in text
        assert drawn.layers or drawn.marks or drawn.more
        assert [mark for mark in drawn.marks if mark not in text] == []


def test_healthy_drafts_differ_and_do_not_ask_whether_they_are_healthy() -> None:
    texts = [compose.compose(Random(f"{number}")).text() for number in range(60)]
    for text in texts:
        ast.parse(text)
        assert "options.healthy" not in text and "pellucid" not in text
    assert len(set(texts)) == 60


def test_one_seed_draws_one_program() -> None:
    assert draft("same").text() == draft("same").text()


def test_four_strengths_differ_in_the_fault_alone() -> None:
    fault = generate.FAULTS["slow_adam"]
    texts = [fault.make(Random("one"), strength).text() for strength in fault.strengths]
    changed = {line for text in texts for line in text.splitlines()} - set(texts[0].splitlines())
    assert all(line.startswith("RATE = ") for line in changed) and len(changed) == 3


def test_a_drawn_strength_lies_between_the_second_and_the_fourth() -> None:
    for name, fault in generate.FAULTS.items():
        if fault.strengths:
            low, high = sorted((fault.strengths[1], fault.strengths[3]))
            drawn = [compose.drawn_rate(Random(f"{name}{number}"), low, high) for number in range(20)]
            assert all(0.95 * low <= one <= 1.05 * high for one in drawn)


def test_a_change_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="stands on 0 lines"):
        draft().change("step", "no such line", "")


@pytest.mark.parametrize(
    ("share", "looks", "admitted"),
    [(0.8, [], True), (0.7, [], False), (0.8, [2.0, 1.0, 1.05], True), (0.8, [2.0, 1.0, 1.5], False)],
)
def test_healthy_is_what_learns_and_does_not_overfit(share: float, looks: list[float], admitted: bool) -> None:
    data = draft().data
    told = data.floor + share * (data.ceiling - data.floor)
    assert generate.learns(draft(), told, looks) is admitted
    assert not generate.learns(draft(), None, looks)


def test_the_entry_has_the_causes_of_dev_and_places_of_its_own() -> None:
    drawn = generate.FAULTS["dead_by_bias"].draw(Random("x"))
    about = generate.entry("dead_by_bias", drawn, KNOWN)
    assert about["causes"] == KNOWN["dead_by_bias"]["causes"] and about["layers"] == drawn.layers


def test_a_drawn_program_runs_and_its_truth_is_read(tmp_path: Path) -> None:
    drawn = generate.FAULTS["relu_on_logits"].draw(Random("run"))
    drawn.settings["EPOCHS"] = "1"
    (tmp_path / "programs").mkdir()
    program = tmp_path / "programs" / "relu_on_logits_0.py"
    program.write_text(drawn.text(), encoding="utf-8")
    about = {**generate.entry("relu_on_logits", drawn, KNOWN), "strength": 3.0, "twin": 0.9}
    (tmp_path / "zoo.yaml").write_text(yaml.safe_dump({"faults": {program.stem: about}, "healthy": {}}), "utf-8")
    truth = score.read_truths(tmp_path / "zoo.yaml")[program.stem]
    assert (truth.fault, truth.strength, truth.twin) == ("relu_on_logits", 3.0, 0.9)
    assert truth.lines and truth.layers
    done = subprocess.run([sys.executable, program, "--seed", "1"], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1].startswith('{"score": 0.')


def test_the_curve_has_a_line_for_each_strength() -> None:
    truths = {
        f"slow_{number}": score.Truth(
            f"slow_{number}", "faults", frozenset({"rate-too-low"}), fault="slow", strength=10.0**-number, twin=0.9
        )
        for number in (1, 2)
    }
    said = {"check": "rate-too-low", "severity": "severe"}
    runs = [
        score.Outcome("slow_1", 1, True, (), 0.89),
        score.Outcome("slow_2", 1, True, (said,), 0.2),
    ]
    assert sets.curve(truths, runs).splitlines()[2:] == [
        "| slow | 0.1 | 0/1 | 0/1 | 0/1 |",
        "| slow | 0.01 | 1/1 | 1/1 | 1/1 |",
    ]


def test_a_run_is_logged_once_below_the_others(tmp_path: Path) -> None:
    file = tmp_path / "doctor.md"
    file.write_text("# The doctor\n", encoding="utf-8")
    for seed in ("abc", "def"):
        assert not sets.logged(file, seed)
        sets.log(file, f"| 2026-01-01 | 1234567 | {seed} |")
    with file.open("a", encoding="utf-8") as more:
        more.write("\nWords below.\n")
    sets.log(file, "| 2026-01-02 | 1234568 | ghi |")
    lines = file.read_text(encoding="utf-8").splitlines()
    assert [line.split(" | ")[-1] for line in lines if line.startswith("| 2026")] == ["abc |", "def |", "ghi |"]
    assert lines[-1] == "Words below." and sets.logged(file, "abc")
