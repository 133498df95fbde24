"""`pellucid generate`: text as it is written."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Tell = Callable[..., Any]


def test_a_text_goes_on_from_its_prompt(tell: Tell, reading: Path) -> None:
    ended = tell("generate", "lines", "--prompt", "the cat ", "--length", 40)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("the cat ") and ended.out.endswith("\n") and len(ended.out) == len("the cat ") + 41
    assert tell("generate", "lines/model", "-p", "the cat ", "-n", 40).out == ended.out
    assert tell("generate", "lines", "-p", "the cat ", "-n", 40, "--seed", 1).out != ended.out
    assert tell("generate", "lines", "--length", 40).code == 0


def test_several_texts_are_those_of_the_next_seeds(tell: Tell, reading: Path) -> None:
    words = ("generate", "lines", "--prompt", "a ", "--length", 20, "--temperature", 0.8, "--top-k", 20)
    one, two = (tell(*words, "--seed", seed).out for seed in (7, 8))
    assert tell(*words, "--seed", 7, "--count", 2).out == f"{one}\n{two}"
    told = tell(*words, "--seed", 7, "--count", 2, "--json").value
    assert [f"a {text['text']}\n" for text in told["texts"]] == [one, two]
    assert (told["prompt"], told["findings"]) == ("a ", [])
    assert all(text["tokens"] == 20 and text["tokens_per_second"] > 0 for text in told["texts"])


def test_the_prompt_of_standard_input(tell: Tell, reading: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"the cat ")))
    ended = tell("generate", "lines", "--prompt", "-", "--length", 10)
    assert ended.out == tell("generate", "lines", "--prompt", "the cat ", "--length", 10).out


@pytest.mark.parametrize(
    ("run", "words", "says"),
    [
        ("lines", ["--length", 0], "length is at least 1"),
        ("lines", ["--top-p", 0], "top_p is above 0 and at most 1"),
        ("lines", ["--top-p", 3], "the option is called --top-p"),
        ("lines", ["--temperature", "warm"], "--temperature"),
        ("lines", ["--promt", "a"], "no such option: --promt"),
        ("lines", ["--count", 0], "--count"),
        ("lines", ["--prompt", "a\udcff"], "--prompt is not UTF-8"),
        ("sales", [], "it predicts forecasts"),
        ("nothing", [], "no run and no model here"),
    ],
)
def test_what_cannot_be(
    run: str, words: list[object], says: str, tell: Tell, refused: Callable[..., str], reading: Path
) -> None:
    assert says in refused(tell("generate", run, *words))


def test_standard_input_that_is_no_text(
    tell: Tell, refused: Callable[..., str], reading: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xff\xfe")))
    assert "standard input is not UTF-8" in refused(tell("generate", "lines", "--prompt", "-"))


def test_unknown_tokens_are_counted_on_standard_error(tell: Tell, reading: Path) -> None:
    ended = tell("generate", "lines", "--prompt", "cät ", "--length", 3)
    assert ended.code == 0 and ended.out.startswith("cät ") and "warning[unknown-token]: prompt: 1 of 4" in ended.err
    assert len(tell("generate", "lines", "--prompt", "cät ", "--length", 3, "--json").value["findings"]) == 1


def test_a_translation_is_the_whole_answer(tell: Tell, reading: Path) -> None:
    ended = tell("generate", "facts", "--prompt", "Is a cat old?")
    assert ended.code == 0 and "Is a cat" not in ended.out
    assert tell("generate", "facts", "--prompt", "Is a cat old?", "--json").value["texts"][0]["text"] in ended.out


ENDLESS = ["--length", "1000000", "--temperature", "0"]  # the most probable letters go round in circles


def interruptible() -> None:
    """Tests that run in the background of a shell ignore interrupts, and what they start would as well."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_it_streams_and_stops_at_once(reading: Path) -> None:
    command = [sys.executable, "-m", "pellucid", "generate", "lines", "--prompt", "the ", *ENDLESS]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        command,
        cwd=reading,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        preexec_fn=interruptible,
    )
    assert process.stdout is not None and process.stdout.read(5)[:4] == b"the "
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, b"")


def test_a_reader_that_has_seen_enough(reading: Path) -> None:
    command = [sys.executable, "-m", "pellucid", "generate", "lines", "--prompt", "the ", *ENDLESS]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, cwd=reading, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None and process.stderr is not None and process.stdout.read(5)
    process.stdout.close()
    assert (process.wait(60), process.stderr.read()) == (0, b"")
    process.stderr.close()
