"""A script under watch prints what it prints and ends as it ends."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pellucid.doctor.script.launch import launch, plainly
from pellucid.doctor.script.watch import Outcome

BEGIN = "import sys\nprint(sys.argv, __name__, __file__, __spec__, sys.path[0])\n"
ENDS = {
    "pass": (0, ""),
    "sys.exit('no data')": (1, "no data\n"),
    "sys.exit(7)": (7, ""),
    "sys.exit()": (0, ""),
    "sys.excepthook = lambda *fault: print('mine', file=sys.stderr)\nraise KeyError('x')": (1, "mine\n"),
}


@pytest.fixture
def again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Puts back what running a script changes in a process."""
    monkeypatch.setattr(sys, "argv", sys.argv)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.mark.usefixtures("again")
@pytest.mark.parametrize("end", ENDS)
def test_a_script_ends_as_it_ends(end: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script, told = tmp_path / "train.py", []
    script.write_text(BEGIN + end, encoding="utf-8")
    code = launch(str(script), ["--epochs", "3", "--", "-x"], on_end=told.append)
    out, err = capsys.readouterr()
    argv = [str(script), "--epochs", "3", "--", "-x"]
    assert out == f"{argv} __main__ {script} None {tmp_path}\n"
    assert (code, err) == ENDS[end] and [one.code for one in told] == [code]
    assert not (tmp_path / "__pycache__").exists()


@pytest.mark.usefixtures("again")
def test_a_traceback_begins_in_the_script(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "train.py"
    script.write_text("def load():\n    raise ValueError('no data')\n\nload()\n", encoding="utf-8")
    assert plainly(str(script), []) == 1
    said = capsys.readouterr().err.splitlines()
    assert said[:2] == ["Traceback (most recent call last):", f'  File "{script}", line 4, in <module>']
    script.write_text("print('never'", encoding="utf-8")
    assert plainly(str(script), []) == 1
    assert capsys.readouterr().err.startswith(f'  File "{script}", line 1')


@pytest.mark.usefixtures("again")
def test_a_module_is_run_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "learns_here.py").write_text("import sys\nprint(sys.argv[1:], __name__)", encoding="utf-8")
    assert plainly("learns_here", ["a"], module=True) == 0
    assert capsys.readouterr().out == "['a'] __main__\n"
    assert plainly("learns_nowhere", [], module=True) == 1
    assert capsys.readouterr().err == f"{sys.executable}: No module named learns_nowhere\n"


@pytest.mark.usefixtures("again")
def test_a_fault_in_the_telling_stays_in_the_doctor(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def tell(outcome: Outcome) -> None:
        raise RuntimeError("no disk")

    script = tmp_path / "train.py"
    script.write_text("print('done')", encoding="utf-8")
    assert launch(str(script), [], on_end=tell) == 0
    assert "could not be told: RuntimeError: no disk" in capsys.readouterr().err


FORKS = """
import atexit, os, signal, torch
from torch.utils.data import DataLoader
from torch import nn

net = nn.Linear(2, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
workers = iter(DataLoader(torch.randn(64, 2), 8, num_workers=2, persistent_workers=True))
for x in workers:
    optimizer.zero_grad()
    net(x).square().mean().backward()
    optimizer.step()
for worker in workers._workers:
    os.kill(worker.pid, signal.SIGTERM)
    worker.join()
atexit.register(print, "bye")
if os.fork():
    os.wait()
    os.kill(os.getpid(), signal.SIGTERM)
"""


def test_workers_tell_nothing_and_a_termination_all(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(FORKS, encoding="utf-8")
    command = [sys.executable, "-m", "pellucid", "doctor", "train.py"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == -signal.SIGTERM
    assert done.stdout == "bye\n"  # of the child, which ends as it likes
    assert done.stderr.count("doctor: train.py: 8 steps watched") == 1
