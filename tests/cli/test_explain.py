"""`pellucid explain`: one row, one layer, one unit, and the whole as a program."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Tell = Callable[..., Any]


def test_a_row_is_walked(tell: Tell, here: Path) -> None:
    ended = tell("explain", "runs/shop-0001", "--row", 3)
    assert ended.code == 0 and ended.out.startswith("row 3 of shop.csv")
    assert all(word in ended.out for word in ("layer by layer", "trunk.blocks.0.linear", "bias"))
    assert isinstance(tell("explain", "runs/shop-0001", "--row", 3, "--json").value, dict)


def test_a_unit_is_opened(tell: Tell, here: Path) -> None:
    ended = tell("explain", "runs/shop-0001", "--layer", "trunk.blocks.0.linear", "--unit", 1)
    assert "unit 1 of the 8 of trunk.blocks.0.linear" in ended.out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--row", 120], "rows are 0 to 119"),
        (["--layer", "trunk.blocks.0.linaer"], "did you mean 'trunk.blocks.0.linear'?"),
        (["--layer", "head", "--unit", 9], "head has no unit 9"),
        (["--twin"], "a twin cannot be written"),
    ],
)
def test_what_is_not_there(tell: Tell, refused: Callable[..., str], here: Path, words: list[object], says: str) -> None:
    assert says in refused(tell("explain", "runs/shop-0001", *words))


def test_a_twin(tell: Tell, mine: Path, small: tuple[str, ...]) -> None:
    assert tell("train", "iris", *small, "-q", "--no-report", "--run", "plain").code == 0
    program = tell("explain", "plain", "--twin").out
    compile(program, "twin", "exec")
    assert "import numpy" in program
    assert tell("explain", "plain", "--twin", "--json").value["program"].rstrip() == program.rstrip()


def test_words_and_analogies(tell: Tell, reading: Path) -> None:
    lines = tell("explain", "facts", "--word", "cat", "--near", 3).out.splitlines()
    told = tell("explain", "facts", "--word", "cat", "--near", 3, "--json").value["words"]
    assert [line.split()[0] for line in lines] == [one["word"] for one in told] and len(told) == 3
    assert all(f"{one['cosine']:.3f}" in line for one, line in zip(told, lines, strict=True))
    assert len(tell("explain", "facts", "--analogy", "cat dog red", "--json").value["words"]) == 7


@pytest.mark.parametrize(
    ("run", "words", "says"),
    [
        ("facts", ["--word", "catt"], "did you mean 'cat'?"),
        ("facts", ["--analogy", "cat dog"], "an analogy takes three words, and these are 2"),
        ("facts", ["--analogy", ""], "these are 0"),
        ("facts", ["--word", ""], "none of the"),
        ("sales", ["--word", "cat"], "reads no words"),
    ],
)
def test_words_that_are_not_known(
    run: str, words: list[object], says: str, tell: Tell, refused: Callable[..., str], reading: Path
) -> None:
    assert says in refused(tell("explain", run, *words))
