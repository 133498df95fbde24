"""`pellucid doctor`: words, options, exit codes."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from pellucid.cli.app import run

SCRIPT = """
import sys
import torch
from torch import nn
from torch.nn import functional

net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3), nn.Softmax(1))
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(5):
    loss = functional.cross_entropy(net(torch.randn(16, 4)), torch.arange(16) % 3)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(sys.argv[1:])
sys.exit(int(sys.argv[1]) if sys.argv[1:] else 0)
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", sys.argv)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    (tmp_path / "train.py").write_text(SCRIPT, encoding="utf-8")
    return tmp_path


def test_findings_go_to_standard_error_and_files(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "--json", "told.json", "--html", "told.html", "train.py", "0", "--json", "-m"]) == 0
    out, err = capsys.readouterr()
    assert out == "['0', '--json', '-m']\n" and "severe[softmax-twice]" in err
    assert json.loads((folder / "told.json").read_text(encoding="utf-8"))["exit"] == 0
    assert "softmax-twice" in (folder / "told.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(("own", "code"), [("0", 6), ("3", 3)])
def test_a_finding_fails_only_what_ended_well(own: str, code: int) -> None:
    assert run(["doctor", "--fail-on", "severe", "train.py", own]) == code


def test_a_silenced_finding_fails_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    silent = ["--ignore", "softmax-twice=it is meant"]
    assert run(["doctor", "--fail-on", "severe", *silent, "train.py"]) == 0
    assert "reason:   it is meant" in capsys.readouterr().err


def test_everything_behind_a_module_is_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "--fail-on=warning", "-m", "train", "4", "--fail-on", "--", "x"]) == 4
    assert capsys.readouterr().out == "['4', '--fail-on', '--', 'x']\n"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "a script or -m MODULE is needed"),
        (["trian.py"], "did you mean 'train.py'?"),
        (["train"], "pellucid doctor -m train"),
        (["python", "train.py"], "leave it out"),
        (["."], "this is a folder"),
        (["--ignore", "softmax-twice", "train.py"], "a reason is needed"),
        (["--ignore", "softmax-twize=x", "train.py"], "did you mean 'softmax-twice'?"),
    ],
)
def test_what_cannot_be_run_is_said(given: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", *given]) == 2
    assert said in capsys.readouterr().err


def test_a_file_that_cannot_be_written_is_told_before_the_training(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "--html", "nowhere/told.html", "train.py"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and "nowhere/told.html: no file can be written here" in err


def test_options_behind_the_script_are_spoken_of(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "train.py", "0", "--html", "page.html"]) == 0
    assert "--html went to the script: options of the doctor stand before it" in capsys.readouterr().err


def test_a_cure_is_tried_where_that_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "--verify", "1", "train.py", "0"]) == 0
    out, err = capsys.readouterr()
    assert out == "['0']\n", "what the script prints again is not shown"
    assert "softmax-twice: as it is: run 1 of 1, loss" in err and "   logits: the loss gets what it is made for" in err
    assert "+net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3), nn.Identity())" in err
