"""Text that a network writes, piece by piece: what follows a beginning, or the translation of a sentence."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from pellucid.data import text_findings
from pellucid.data.vocabulary import Vocabulary, vocabulary
from pellucid.errors import UsageError
from pellucid.findings import Finding
from pellucid.ship.bundle import Model
from pellucid.ship.predictor import MEANING, predict
from pellucid.tasks.writing import Sampling as Sampling
from pellucid.tasks.writing import sample

HALF = "\ufffd"
"""What bytes become that are no character, or not yet a whole one."""


@dataclass
class Text:
    """A text that is being written: its pieces are had by iterating, once."""

    pieces: Iterator[str]
    prompt: str
    continues: bool
    """Whether the text goes on from the prompt, rather than stand for it."""
    findings: list[Finding] = field(default_factory=list)
    """Tokens of the prompt that the model does not know, and how many."""
    text: str = ""
    """What was written so far."""
    tokens: int = 0
    seconds: float = 0.0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        began = time.perf_counter()
        try:
            piece = next(self.pieces)
        finally:
            self.seconds += time.perf_counter() - began
        self.text += piece
        return piece

    def counted(self, codes: Iterable[int]) -> Iterator[int]:
        """The codes, while they are counted."""
        for code in codes:
            self.tokens += 1
            yield code

    def as_json(self) -> dict[str, str | int | float]:
        """What `generate --json` says of it."""
        speed = self.tokens / self.seconds if self.seconds else 0.0
        return {"text": self.text, "tokens": self.tokens, "tokens_per_second": round(speed, 1)}


def write(model: Model, prompt: str, how: Sampling, *, length: int, seed: int) -> Text:
    """What a language model writes after `prompt`, or the translation of it.

    Raises: UsageError where the model does neither, or a value is out of range.
    """
    _check(how, length)
    answers = type(model.recipe.task).answers if model.recipe.task else ""
    if answers not in ("next", "sentence"):
        message = f"this run writes no text: it predicts {MEANING[answers]}"
        raise UsageError("CLI-USAGE", message, hint="runs of the tasks language and translation write")
    known = vocabulary(model.signature, "input")
    code_T = known.codes(prompt)
    found = text_findings.unknown([code_T], lambda _: known.unknown(prompt), "prompt", severity="warning")
    if answers == "sentence":
        return Text(_translated(model, prompt), prompt, continues=False, findings=found)
    text, before = Text(iter(()), prompt, continues=True, findings=found), code_T.tolist()
    codes = sample(model.network.eval(), before, how, count=length, seed=seed)
    text.pieces = flowing(text.counted(codes), known, before)
    return text


def flowing(codes: Iterable[int], vocabulary: Vocabulary, before: Sequence[int] = ()) -> Iterator[str]:
    """The text of `codes`, which follow those `before`, as they come.

    Bytes of a character that is not whole yet are held back until it is, or until the codes end.
    """
    known = list(before)
    start, told = 0, len(known)
    for code in codes:
        known.append(code)
        text = vocabulary.decode(known[start:])
        if not text.endswith(HALF):
            yield text[len(vocabulary.decode(known[start:told])) :]
            start, told = told, len(known)
    rest = vocabulary.decode(known[start:])[len(vocabulary.decode(known[start:told])) :]
    if rest:
        yield rest


def _translated(model: Model, prompt: str) -> Iterator[str]:
    """The whole of it at once: a search does not know its first word before it has ended."""
    column = next(column.name for column in model.signature.columns if column.role == "input")
    yield predict(model, {column: [prompt]})["prediction"][0]


def _check(how: Sampling, length: int) -> None:
    """Raises: UsageError naming the value that is out of range."""
    wanted = {
        "length": (length, length >= 1, "at least 1"),
        "temperature": (how.temperature, 0 <= how.temperature < float("inf"), "at least 0"),
        "top_k": (how.top_k, how.top_k >= 0, "0 (all) or more"),
        "top_p": (how.top_p, 0 < how.top_p <= 1, "above 0 and at most 1"),
        "repetition": (how.repetition, 0 < how.repetition < float("inf"), "above 0"),
    }
    for name, (value, fits, range_) in wanted.items():
        if not fits:
            hint = f"the option is called --{name.replace('_', '-')}"
            raise UsageError("CLI-USAGE", f"{name} is {range_}, and {value:g} was given", hint=hint)
