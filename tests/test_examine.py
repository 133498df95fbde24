"""The job of examining: scripts, and loops of one's own."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional

import pellucid
from pellucid.errors import UsageError
from pellucid.examine import Examined, Proving, Watching, examine, silenced

SCRIPT = """
import torch
from torch import nn
from torch.nn import functional

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3), nn.Softmax(1))
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(12):
    loss = functional.cross_entropy(net(torch.randn(16, 4)), torch.arange(16) % 3)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
"""


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "argv", sys.argv)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    (tmp_path / "train.py").write_text(SCRIPT, encoding="utf-8")
    return tmp_path / "train.py"


def train(net: nn.Module, optimizer: torch.optim.Optimizer, steps: int = 12) -> None:
    for _ in range(steps):
        loss = functional.cross_entropy(net(torch.randn(16, 4)), torch.arange(16) % 3)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def faulty() -> tuple[nn.Module, torch.optim.Optimizer]:
    net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3), nn.Softmax(1))
    return net, torch.optim.SGD(net.parameters(), lr=0.1)


def test_a_script_is_examined(script: Path) -> None:
    told: list[Examined] = []
    assert examine(str(script), [], on_end=told.append) == 0
    (seen,) = told
    assert seen.findings[0].check == "softmax-twice" and seen.fails("severe") and not seen.fails(None)
    assert "train.py:10" in seen.lines()[2]
    assert json.loads(seen.json())["steps"] == 12 and "softmax-twice" in seen.page()


def test_what_is_silenced_does_not_count(script: Path) -> None:
    told: list[Examined] = []
    examine(str(script), [], ignore={"softmax-twice": "it is meant"}, on_end=told.append)
    assert not told[0].fails("severe") and told[0].told["silenced"][0]["reason"] == "it is meant"


def test_only_the_first_of_several_processes_tells(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    told: list[Examined] = []
    assert examine(str(script), [], on_end=told.append) == 0 and told == []


def test_a_check_is_silenced_by_its_name_and_with_a_reason() -> None:
    with pytest.raises(UsageError, match="no such check"):
        silenced({"softmax-twize": "x"})
    with pytest.raises(UsageError, match="a reason is needed"):
        silenced({"softmax-twice": " "})


def test_a_loop_is_watched_until_it_is_over() -> None:
    net, optimizer = faulty()
    with pellucid.watch(net, optimizer) as seen:
        train(net, optimizer)
        assert [one.check for one in seen.findings()] == [one.check for one in seen.findings()] != []
    train(net, optimizer)
    assert "12 steps watched" in repr(seen) and "softmax-twice" in repr(seen)
    shown = seen._repr_html_()
    assert shown.startswith('<div class="pellucid">') and "softmax-twice" in shown and "<html" not in shown


def test_networks_made_before_and_after_are_named_alike() -> None:
    net, optimizer = faulty()
    with pellucid.watch(net, optimizer) as before:
        train(net, optimizer)
    with pellucid.watch() as after:
        train(*faulty())
    names = [[layer["name"] for layer in one._examined().told["history"]["layers"]] for one in (before, after)]
    assert names[0] == names[1] == ["0", "1", "2", "3"]


def test_a_watch_ends_the_one_before() -> None:
    original = functional.cross_entropy
    first = pellucid.watch(*faulty())
    second = pellucid.watch(ignore={"softmax-twice": "it is meant"})
    train(*faulty())
    second.stop()
    second.stop()
    assert functional.cross_entropy is original
    assert isinstance(first, Watching) and "no training step was seen" in repr(first)
    assert "12 steps watched" in repr(second) and "it is meant" in repr(second)


def test_cures_are_tried_once_the_script_is_over(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Examined] = []
    said: list[str] = []
    proving = Proving(1, said.append)
    assert examine(str(script), [], proving=proving, on_end=told.append) == 0
    (proof,) = told[0].told["proofs"]
    assert proof["finding"] == "softmax-twice" and proof["verdicts"][0]["treatment"] == "logits"
    assert json.loads(told[0].json())["proofs"] == json.loads(json.dumps([proof]))
    assert proof["said"][0] in told[0].lines()
    assert "1 pair of runs" in said[0], "how long it takes is said first"
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(UsageError, match="several processes"):
        examine(str(script), [], proving=proving, on_end=told.append)
