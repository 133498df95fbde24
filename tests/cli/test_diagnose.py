from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pellucid.cli.diagnose import told
from pellucid.findings import Finding

WHOLE = Finding(
    "dead-units",
    "severe",
    "60 % of the units of trunk.0 never answer.",
    "trunk.0",
    evidence={"dead": 0.61234567, "layer": "ReLU", "units": 64},
    cure="Lower the rate.",
    reference="a paper",
    why="A step pushed them below 0.",
    confidence="persistent",
    step=1200,
    explains=("cannot-fit", "learns-slowly"),
)


def test_a_finding_is_told_in_full():
    assert told("runs/one", [WHOLE, Finding("duplicate-rows", "info", "Two rows are equal.")]) == (
        "runs/one: 2 findings\n\n"
        "1. severe [dead-units] in trunk.0\n"
        "   60 % of the units of trunk.0 never answer.\n"
        "   seen:     dead 0.6123, layer ReLU, units 64; since step 1,200\n"
        "   why:      A step pushed them below 0.\n"
        "   do:       Lower the rate.\n"
        "   brings:   cannot-fit, learns-slowly\n"
        "   how sure: seen again and again, and it does harm\n"
        "   read:     a paper\n\n"
        "2. info [duplicate-rows]\n"
        "   Two rows are equal."
    )
    assert told("runs/one", []) == "runs/one: nothing found"


def test_a_sick_run_ends_with_six(mine: Path, tell: Callable, small: tuple[str, ...]):
    sick = ("--set", "model.kind=mlp", "--set", f"model.widths={[16] * 10}", "--set", "model.activation=sigmoid")
    trained = tell("train", "shop.csv", "-t", "left", *small, *sick, "--set", "method.epochs=40", "-q", "--run", "sick")
    assert trained.code == 0 and "severe[" in trained.err, "what is found is said at the end of the training"
    ended = tell("diagnose", "sick", "--json")
    assert ended.code == 6 and ended.value["run"] == "sick"
    first = ended.value["findings"][0]
    assert first["severity"] == "severe" and first["why"] and first["evidence"]
    plain = tell("diagnose", "sick")
    assert plain.code == 6 and f"1. severe [{first['check']}]" in plain.out
    every = {finding["check"] for finding in ended.value["findings"]}
    silent = [word for check in every for word in ("--ignore", check)]
    assert tell("diagnose", "sick", *silent).out == "sick: nothing found\n"
    page = (mine / "sick" / "report.html").read_text()
    assert 'id="diagnosis"' in page and first["check"] in page


def test_a_run_that_failed_points_to_its_diagnosis(mine: Path, tell: Callable, small: tuple[str, ...]):
    wild = ("--set", "optimizer.kind=sgd", "--set", "optimizer.learning_rate=1e30")
    failed = tell("train", "shop.csv", "-t", "left", *small, *wild, "-q", "--run", "wild")
    assert failed.code == 6 and "pellucid diagnose wild" in failed.err
    status = tell("status", "wild")
    assert status.code == 0 and "failed at step" in status.out
    assert tell("diagnose", "wild", "--json").code in (0, 6)


def test_a_folder_without_a_run_is_refused(here: Path, tell: Callable):
    ended = tell("diagnose", "nowhere")
    assert ended.code == 2 and "no run here" in ended.err


def test_a_step_that_failed_is_named_and_done_again(mine: Path, tell: Callable, small: tuple[str, ...]):
    hot = ("-s", "optimizer.kind=sgd", "-s", "optimizer.learning_rate=1e30", "-q", "--run", "hot")
    assert tell("train", "shop.csv", "-t", "left", *small, *hot).code == 6
    ended = tell("diagnose", "hot")
    assert ended.code == 6 and "not finite: hot/crash/step-00000002.safetensors" in ended.out
    assert ended.out.splitlines()[-1] == "do it again: pellucid diagnose hot/crash/step-00000002.safetensors --replay"
    again = tell("diagnose", "hot/crash/step-00000002.safetensors", "--replay")
    lines = again.out.splitlines()
    assert again.code == 0 and lines[1].startswith("step 2: loss ") and "first not finite: output of " in lines[1]
    assert lines[2].startswith("rows: ") and lines[-1] == "as recorded"
    value = tell("diagnose", "hot", "--replay", "--json").value
    assert value["same"] is True and value["bad"]["what"] == "forward" and value["rows"]
    assert tell("diagnose", "runs/shop-0001", "--replay").code == 2
    assert tell("diagnose", "hot", "--json").value["recorded"] == ["hot/crash/step-00000002.safetensors"]
