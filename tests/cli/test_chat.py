"""`pellucid chat`: questions in, answers out."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Tell = Callable[..., Any]


def test_one_question(tell: Tell, reading: Path) -> None:
    ended = tell("chat", "facts", "--ask", "Is a cat old?")
    assert ended.code == 0 and len(ended.out.splitlines()) == 1
    assert "known" in ended.err and "likeness" in ended.err
    told = tell("chat", "facts", "--ask", "Is a cat old?", "--json").value
    assert list(told) == ["answer", "known", "cosine", "threshold"] and told["answer"] + "\n" == ended.out
    assert told["known"] == (told["cosine"] >= told["threshold"])


def test_a_line_for_each_question_until_the_end(tell: Tell, reading: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = b"Is a cat old?\n\n  \nIs a dog red?\n\xff\xfe what"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
    ended = tell("chat", "facts")
    assert ended.code == 0 and len(ended.out.splitlines()) == 3
    assert ended.out.splitlines()[0] + "\n" == tell("chat", "facts", "--ask", "Is a cat old?").out


def test_what_cannot_be(tell: Tell, refused: Callable[..., str], reading: Path) -> None:
    assert "answers no questions: it predicts how likely texts are" in refused(tell("chat", "lines", "--ask", "a"))
    assert "no run here" in refused(tell("chat", "facts/model", "--ask", "a"))
    ended = tell("chat", "facts", "--json")
    assert ended.code == 2 and "--ask" in ended.err
