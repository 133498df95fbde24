"""The command line as a whole: help, version, and how whatever goes wrong is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Tell = Callable[..., Any]


VERBS = [
    "new", "check", "train", "resume", "predict", "evaluate", "explain", "explain-error", "status", "inspect", "report",
    "list", "describe", "schema",
]  # fmt: skip

IMPORTS = """
import sys
from pellucid.cli.app import run
assert run(sys.argv[1:]) == 0
print(sorted({'numpy', 'torch', 'polars', 'sklearn'} & set(sys.modules)), file=sys.stderr)
"""


def test_help_names_every_verb(tell: Tell) -> None:
    ended = tell("--help")
    assert (ended.code, ended.err) == (0, "")
    listed = [line.split()[0] for line in ended.out.partition("Commands:")[2].splitlines() if line.startswith("  ")]
    assert [word for word in listed if word in VERBS] == VERBS
    assert tell().out == tell("-h").out == ended.out


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_its_help(tell: Tell, verb: str) -> None:
    ended = tell(verb, "--help")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.lower().startswith(f"usage: pellucid {verb}") and "--help" in ended.out


@pytest.mark.parametrize("words", [("--help",), ("train", "--help"), ("predict", "--help"), ("explain-error", "BUG")])
def test_help_loads_nothing_heavy(start: Tell, tmp_path: Path, words: tuple[str, ...]) -> None:
    ended = start(tmp_path, "-c", IMPORTS, *words)
    assert (ended.code, ended.err) == (0, "[]\n")


def test_version(tell: Tell) -> None:
    from pellucid import __version__

    assert tell("--version").out == f"pellucid {__version__}\n"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["trian"], "no such command 'trian'"),
        (["train"], "missing argument 'source'"),
        (["train", "shop.csv", "--widht", "3"], "no such option: --widht"),
        (["train", "shop.csv", "more"], "unexpected extra argument"),
        (["train", "shop.csv", "--set"], "'--set' requires an argument"),
        (["train", "shop.csv", "--set", "widths"], "expected PATH=VALUE"),
        (["train", "shop.csv", "-t", "lift"], "did you mean 'left'?"),
        (["train", "shop.csv"], "the columns are"),
        (["train", "shop.csv", "-t", "left", "-s", "model.kind=mpl"], "did you mean 'mlp'?"),
        (["train", "shop.csv", "-t", "left", "-s", "model={kind: mlp, widht: 3}"], "did you mean 'widths'?"),
        (["train", "shop.csv", "-t", "left", "-s", "model.dropout=0.1"], "no kind is given"),
        (
            ["train", "shop.csv", "-t", "left", "-s", "task={kind: classification, metrics: [accurcy]}"],
            "did you mean 'accuracy'?",
        ),
        (["train", "shop.csv", "-t", "left", "--seed", "-1"], "greater than or equal to 0"),
        (["train", "nothing.csv", "-t", "left"], "no such file"),
        (["resume", "runs/nothing"], "no run here"),
        (["resume", "runs/shop-0001", "--epochs", "0"], "greater than or equal to 1"),
        (["report", "runs/shop-0001", "--format", "pdf"], "'pdf' is not one of 'path', 'text', 'json'"),
        (["list", "horses"], "'horses' is not one of 'runs', 'data', 'kinds'"),
        (["describe", "mpl"], "did you mean 'mlp'?"),
        (["explain-error", "DATA-FIEL"], "did you mean 'DATA-FILE'?"),
        (["status", "nothing"], "pellucid list"),
        (["predict", "nothing", "shop.csv"], "no run and no model here"),
        (["evaluate", "nothing", "shop.csv"], "no run and no model here"),
        (["explain", "nothing"], "no run here"),
        (["inspect", "nothing"], "no such file"),
        (["check", "nothing"], "no such file"),
        (["new", "nothing"], "no such file"),
    ],
)
def test_what_a_person_got_wrong_is_one_line(
    tell: Tell, refused: Callable[..., str], here: Path, words: list[str], says: str
) -> None:
    before = sorted(here.rglob("*"))
    assert says in refused(tell(*words))
    assert sorted(here.rglob("*")) == before


def test_a_refusal_is_one_object_with_json(tell: Tell, here: Path) -> None:
    for words in (["train", "shop.csv", "-t", "lift"], ["status", "nothing"], ["check", "shop.csv", "--widht"]):
        ended = tell(*words, "--json")
        assert ended.code == ended.value["exit"] == 2
        assert ended.out.count("\n") == 1 and ended.err.startswith(f"error[{ended.value['code']}]")


@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_a_bug_is_one_line_and_a_file(
    tell: Tell, mine: Path, monkeypatch: pytest.MonkeyPatch, flags: tuple[str, ...]
) -> None:
    def broken(run: Path) -> None:
        raise RuntimeError("the sky fell\non our heads")

    monkeypatch.setattr("pellucid.runs.status", broken)
    ended = tell("status", "runs/shop-0001", *flags)
    assert ended.code == 1
    line, hint = ended.err.splitlines()
    assert line == "error[BUG]: RuntimeError: the sky fell"
    (path,) = (mine / "crash").iterdir()
    assert str(path.relative_to(mine)) in hint
    assert "Traceback" in path.read_text() and "on our heads" in path.read_text()
    assert bool(ended.out) == bool(flags) and (not flags or ended.value["code"] == "BUG")


def test_a_bug_in_a_folder_that_cannot_be_written_is_told_as_well(
    tell: Tell, mine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(run: Path) -> None:
        raise RuntimeError("")

    monkeypatch.setattr("pellucid.runs.status", broken)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (mine / "crash").write_text("a file in the way")
    ended = tell("status", "runs/shop-0001")
    assert ended.code == 1 and str(tmp_path / "pellucid-crash") in ended.err
    (tmp_path / "pellucid-crash").rename(tmp_path / "elsewhere")
    (tmp_path / "pellucid-crash").write_text("another")
    ended = tell("status", "runs/shop-0001")
    assert ended.code == 1 and "could not be written" in ended.err and "Traceback" not in ended.err


def test_control_c_is_no_bug(tell: Tell, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(run: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("pellucid.runs.status", broken)
    assert tell("status", "runs/shop-0001").code == 130
