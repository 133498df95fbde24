from __future__ import annotations

import json
import random
import sys
from pathlib import Path

import numpy
import pytest
import torch

from pellucid.doctor.script import trial
from pellucid.doctor.script.trial import Command
from pellucid.findings import Finding

SCRIPT = """
import sys
import torch
from torch import nn

torch.manual_seed(3)
x = torch.randn(64, 4)
y = (x[:, 0] > 0).long()
net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2), nn.Softmax(dim=1))
optimizer = torch.optim.SGD(net.parameters(), lr=0.3)
for step in range(120):
    optimizer.zero_grad()
    nn.functional.cross_entropy(net(x), y).backward()
    optimizer.step()
print("this is the script's own")
if "fail" in sys.argv:
    sys.exit(3)
"""
ILL = Finding("softmax-twice", "severe", "It is ill.", step=0)


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "argv", sys.argv)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    path = tmp_path / "train.py"
    path.write_text(SCRIPT)
    return path


def ran(
    script: Path, *words: str, seed: int = 0, control: bool = True, steps: int = 1000
) -> tuple[trial.Arm, list[float]]:
    """One run in this process."""
    asked, told = script.with_name("asked.json"), script.with_name("told.json")
    command = Command(str(script), list(words))._asdict()
    order = {"command": command, "shim": {"kind": "logits"}, "seed": seed, "control": control, "steps": steps}
    asked.write_text(json.dumps(order))
    told.unlink(missing_ok=True)
    trial.main(asked, told)
    return trial.read(told.read_text(), seed), json.loads(told.read_text())["losses"]


def test_arms_are_paired_and_seeds_differ(script: Path, capsys: pytest.CaptureFixture[str]):
    control, plain = ran(script)
    again, same = ran(script)
    _, others = ran(script, seed=1)
    assert plain == same and control == again and others[0] != plain[0]
    cure, losses = ran(script, control=False)
    assert losses[0] == pytest.approx(plain[0]), "the same weights, the same rows, the same units"
    assert "softmax-twice" in control.checks and "softmax-twice" not in cure.checks and cure.loss < control.loss
    assert control.start == plain[0] and len(plain) == 120
    assert "script's own" in capsys.readouterr().out


def test_a_run_ends_after_enough_steps_and_a_failed_one_is_the_worst(script: Path):
    _, losses = ran(script, steps=30)
    assert len(losses) == 30
    failed, _ = ran(script, "fail")
    assert failed.loss == failed.valid == float("inf")
    assert trial.read("", 4) == trial.Arm(4, float("inf"), float("inf"), ())


def test_every_seed_that_is_set_is_shifted():
    def drawn() -> tuple[float, float, float]:
        torch.manual_seed(1)
        random.seed(a=1)
        numpy.random.seed(1)
        return float(torch.rand(())), random.random(), float(numpy.random.rand())

    state, own = torch.get_rng_state(), random.getstate()
    plain = drawn()
    with trial.seeded(0):
        assert drawn() == plain
    with trial.seeded(2):
        unset = float(torch.rand(()))
        assert all(one != other for one, other in zip(drawn(), plain, strict=True))
    with trial.seeded(2):
        assert float(torch.rand(())) == unset, "what is never set is set at the start"
    assert drawn() == plain
    torch.set_rng_state(state)
    random.setstate(own)


def test_a_cure_is_proved_in_processes_of_its_own(script: Path, capfd: pytest.CaptureFixture[str]):
    said: list[str] = []
    kept: list[trial.Verdict] = []
    command = Command(str(script), [])
    (verdict,) = trial.prove(command, ILL, seeds=1, seconds=2.0, tell=said.append, into=kept)
    assert kept == [verdict] and verdict.treatment == "logits" and verdict.changes[0][0].startswith("the loss gets")
    assert verdict.control[0].loss > verdict.cure[0].loss and verdict.word == "not cured", "one pair is luck"
    assert said[0].startswith("softmax-twice: 1 pair of runs") and "as it is: run 1 of 1" in said[1]
    assert capfd.readouterr().out == "", "the script prints nothing again"
    assert trial.prove(command, Finding("memory-grows", "severe", ""), seeds=1) == []


def test_what_needs_an_edit_is_shown_and_consequences_are_left_alone(script: Path):
    found = [
        Finding("memory-grows", "severe", "", evidence={"line": "train.py:12"}, cure="Use loss.item().",
                explains=("softmax-twice",)),
        ILL,
        Finding("unused", "info", ""),
    ]  # fmt: skip
    told = trial.proofs(Command(str(script), []), found, seeds=1)
    assert [one["finding"] for one in told] == ["memory-grows"] and told[0]["verdicts"] == []
    assert told[0]["said"] == ["memory-grows: a cure that takes an edit, unverified", "   Use loss.item()."]


def test_a_script_that_fails_is_not_cured_and_the_edit_is_shown(script: Path):
    script.write_text("import torch\nfrom torch import nn\nnn.Softmax(dim=1)\nraise SystemExit(3)\n")
    ill = Finding("softmax-twice", "severe", "", evidence={"line": "train.py:3"})
    said: list[str] = []
    (told,) = trial.proofs(Command(str(script), [], code=3), [ill], seeds=1, tell=said.append)
    assert told["verdicts"][0]["word"] == "not cured" and told["verdicts"][0]["control"][0]["loss"] is None
    assert "   -nn.Softmax(dim=1)" in told["said"] and told["diff"][-2:] == ["+nn.Identity()", " raise SystemExit(3)"]
    json.dumps(told, allow_nan=False)


def test_a_script_that_only_ends_well_once_gets_no_verdict(script: Path):
    script.write_text("import torch\nfrom torch import nn\nnn.Softmax(dim=1)\ninput()\n")
    ill = Finding("softmax-twice", "severe", "", evidence={"line": "train.py:3"})
    (told,) = trial.proofs(Command(str(script), []), [ill], seeds=1)
    assert not told["verdicts"] and "fails when it is run again: EOFError" in told["said"][0]


def test_a_script_runs_again_where_it_was_run(script: Path, tmp_path: Path):
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "data.txt").write_text("0")
    script.write_text("import os\nopen('data.txt').close()\nos.chdir('..')\n")
    command = Command(str(script), [], folder=str(tmp_path / "here"))
    trial.run(command, {"kind": "logits"}, 0, control=True, steps=10)  # it does not raise Broke


def test_an_interruption_of_the_proofs_is_told(script: Path):
    def stop(line: str) -> None:
        raise KeyboardInterrupt

    ill = Finding("memory-grows", "severe", "", cure="Use loss.item().")
    told = trial.proofs(Command(str(script), []), [ILL, ill], seeds=1, tell=stop)
    assert [one["interrupted"] for one in told] == [True, False]
    assert told[0]["said"][0] == "softmax-twice: interrupted before a cure was proved" and not told[1]["verdicts"]
