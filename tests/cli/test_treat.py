from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pellucid.documents import read_file
from pellucid.recipe import read_recipe

SICK = ("--set", "model.kind=mlp", "--set", f"model.widths={[12] * 8}", "--set", "model.activation=sigmoid",
        "--set", "method.epochs=40", "--set", "threads=1")  # fmt: skip


@pytest.fixture
def sick(mine: Path, tell: Callable) -> str:
    """A run of eight layers of sigmoids."""
    assert tell("train", "shop.csv", "-t", "left", *SICK, "-q", "--run", "sick").code == 0
    return "sick"


def test_a_treatment_is_proved_and_its_recipe_written(mine: Path, tell: Callable, sick: str):
    ended = tell("treat", sick, "vanishing-gradient", "-o", "better.yaml")
    assert ended.code == 0 and "model.activation.kind: sigmoid -> relu" in ended.out
    assert "unproved: --verify 5" in ended.out
    assert read_recipe(read_file(mine / "better.yaml")).model.dump()["activation"] == {"kind": "relu"}  # pyright: ignore[reportOptionalMemberAccess]
    assert tell("check", "better.yaml").code == 0
    proved = tell("treat", sick, "vanishing-gradient", "--verify", 3)
    assert proved.code == 0 and "likely: rectifier" in proved.out
    assert "3 pairs" in proved.err and "seed 0: training loss" in proved.err, "the arms are shown"
    assert tell("treat", sick, "vanishing-gradient", "--verify", 1, "-q").err == "", "and quietly, nothing"


def test_what_is_not_cured_ends_with_six(tell: Callable, mine: Path, sick: str):
    ended = tell("treat", sick, "vanishing-gradient", "--verify", 1, "-o", "better.yaml")
    assert ended.code == 6 and ended.out == "vanishing-gradient: not cured\n", "one pair proves nothing"
    assert "seed 0: training loss" in ended.err and "not cured: " in ended.err
    assert not (mine / "better.yaml").exists()
    value = tell("treat", sick, "vanishing-gradient", "--verify", 1, "--json").value
    assert value["recipe"] is None and len(value["verdicts"]) == 3 and value["verdicts"][0]["word"] == "not cured"
    assert value["finding"]["check"] == "vanishing-gradient" and value["run"] == sick


def test_a_wrong_name_or_folder_ends_with_two(tell: Callable, mine: Path, sick: str):
    wrong = tell("treat", sick, "vanishing")
    assert wrong.code == 2 and wrong.err.startswith("error[CLI-FINDING]") and "hint:" in wrong.err
    none = tell("treat", "nowhere")
    assert none.code == 2 and none.err.startswith("error[CLI-RUN]")
    assert tell("treat", sick, "--verify", 21).code == 2
