"""Every fault Pellucid can name, as one tree.

    PellucidError
    +-- UsageError        exit 2   the command line
    +-- RecipeError       exit 2   the recipe: a key, a type, a value, two options that exclude each other
    +-- DataError         exit 2   the data: a file, a row, a column, an image
    +-- SchemaError       exit 2   data at prediction that does not match what the model was trained on
    +-- ArtifactError     exit 3   a run, model or checkpoint that is damaged, hostile or from a newer version
    +-- BusyError         exit 4   a run folder owned by another process
    +-- ResourceError     exit 5   disk, memory, device, input and output
    +-- TrainingError     exit 6   training that failed its own checks: a loss that is not finite, divergence
    +-- Interrupted       exit 75  stopped by a signal, with a committed checkpoint

A fault carries a stable `code` (listed in `docs/errors.md`), the place it happened and, where there is one, a hint.
Anything else that reaches the top is a bug of ours and exits 1.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import ClassVar

LONGEST_QUOTE = 80
"""Characters of a user's value that a message repeats."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a fault is: a file, then a line and column in it, then a dotted path or a column name."""

    file: str | None = None
    line: int | None = None
    column: int | None = None
    path: str | None = None

    def __str__(self) -> str:
        position = [str(part) for part in (self.file and clean(self.file), self.line, self.column) if part is not None]
        words = [":".join(position)] if position else []
        if self.path:
            words.append(clean(self.path))
        return ": ".join(words)


class PellucidError(Exception):
    """A fault with a code, a place and a hint; `str` of it is the one line a user reads."""

    exit_code: ClassVar[int] = 1

    def __init__(self, code: str, message: str, *, place: Place = Place(), hint: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.place = place
        self.hint = hint

    def __str__(self) -> str:
        where = str(self.place)
        return f"{where}: {self.message}" if where else self.message

    def lines(self) -> str:
        """The message as the terminal shows it: one line, then at most one hint line."""
        text = f"error[{self.code}]: {self}"
        return f"{text}\n  hint: {self.hint}" if self.hint else text

    def as_json(self) -> dict[str, object]:
        """The message as `--json` shows it."""
        return {
            "code": self.code,
            "file": self.place.file,
            "line": self.place.line,
            "column": self.place.column,
            "path": self.place.path,
            "message": self.message,
            "hint": self.hint,
            "exit": self.exit_code,
        }


class UsageError(PellucidError):
    """The command line asks for something that does not exist or does not go together."""

    exit_code = 2


class RecipeError(PellucidError):
    """The recipe cannot be read, or says something that cannot be."""

    exit_code = 2


class DataError(PellucidError):
    """The data cannot be read, or cannot be learnt from as it is."""

    exit_code = 2


class SchemaError(PellucidError):
    """Data given for prediction does not match what the model was trained on."""

    exit_code = 2


class ArtifactError(PellucidError):
    """A run, model or checkpoint on disk is damaged, hostile or from a newer version."""

    exit_code = 3


class BusyError(PellucidError):
    """Another process owns the run folder."""

    exit_code = 4


class ResourceError(PellucidError):
    """Disk, memory, a device or the file system refused."""

    exit_code = 5


class TrainingError(PellucidError):
    """Training failed its own checks."""

    exit_code = 6


class Interrupted(PellucidError):
    """A signal stopped the run after its checkpoint was committed; `pellucid resume` goes on."""

    exit_code = 75


def clean(text: str) -> str:
    """`text` without control characters: they are shown as escapes, so a terminal never obeys a file name."""
    return "".join(char if unicodedata.category(char)[0] != "C" else repr(char)[1:-1] for char in text)


def quote(value: object) -> str:
    """A user's value for a message: quoted if text, control characters escaped, cut at 80 characters."""
    text = clean(value) if isinstance(value, str) else clean(repr(value))
    if len(text) > LONGEST_QUOTE:
        text = text[: LONGEST_QUOTE - 3] + "..."
    return f'"{text}"' if isinstance(value, str) else text


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known name closest to `word`, or None where none is close."""
    names = list(known)
    folded = {name.casefold(): name for name in names}
    if word.casefold() in folded:
        return folded[word.casefold()]
    found = get_close_matches(word, names, n=1, cutoff=0.6)
    return found[0] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint for an unknown name: the nearest known one, else all of them."""
    names = sorted(known)
    close = nearest(word, names)
    return f"did you mean '{close}'?" if close else f"one of: {', '.join(names)}"
