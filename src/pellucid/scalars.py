"""The scalars of YAML 1.2's core schema, both ways: `read_plain` and `write_scalar`.

PyYAML's own rules are those of YAML 1.1, where `1e-3` is text, `no` is false, `010` is 8 and `12:30:00` is 45000.
"""

from __future__ import annotations

import json
import math
import re
from typing import TypeAlias

Scalar: TypeAlias = "bool | int | float | str | None"

SMALLEST_INT = -(2**63)
LARGEST_INT = 2**63 - 1

NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
"""Characters that no YAML text may hold: controls but tab and line ends, lone surrogates, non-characters."""

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INT = re.compile(r"[-+]?[0-9]+", re.ASCII)
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+", re.ASCII)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII)
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", re.ASCII)

_PLAIN = re.compile(r"(?:[^\W\d]|\.{0,2}/)(?:[\w./+\\-]| (?=[\w./+\\-]))*")
_OLD_WORDS = frozenset("y yes n no on off".split())
_ESCAPED = re.compile("[\x7f-\xa0\u2028\u2029\ufeff\ufffe\uffff]")


def read_plain(text: str) -> Scalar:
    """The value of an unquoted scalar.

    Raises: ValueError, with a message for people, for a number that is not finite or does not fit 64 bits.
    """
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        digits = text.lstrip("+-").lstrip("0") or "0"
        # int() itself refuses 5,000 digits with a message for programmers
        number = int(digits) if len(digits) <= 20 else LARGEST_INT + 2
        return whole(-number if text[0] == "-" else number)
    if _BASED.fullmatch(text):
        return whole(int(text[2:], 8 if text[1] == "o" else 16))
    if _FLOAT.fullmatch(text):
        return finite(float(text))
    if _NOT_FINITE.fullmatch(text):
        raise ValueError("numbers must be finite")
    return text


def whole(number: int) -> int:
    """`number`, if it fits 64 bits; else ValueError."""
    if not SMALLEST_INT <= number <= LARGEST_INT:
        raise ValueError("whole numbers must fit 64 bits")
    return number


def finite(number: float) -> float:
    """`number`, if it is finite; else ValueError."""
    if not math.isfinite(number):
        raise ValueError("numbers must be finite")
    return number


def write_scalar(value: Scalar) -> str:
    """Text that `read_plain`, or the reader of quoted text, turns into exactly `value`.

    Raises: ValueError for what no recipe may hold: NaN, infinity, more than 64 bits, NUL, lone surrogates.
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(whole(value))
    if isinstance(value, float):
        return repr(finite(value))
    return value if _stays_plain(value) else quoted(value)


def quoted(text: str) -> str:
    """`text` in double quotes; everything a reader could trip over is escaped."""
    if (problem := bad_text(text)) is not None:
        raise ValueError(problem)
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))


def bad_text(text: str) -> str | None:
    """Why `text` cannot be a value anywhere (no file system and no file format takes it), or None."""
    if "\0" in text:
        return "text must not hold a NUL character"
    if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
        return "text must not hold half of a surrogate pair"
    return None


def _stays_plain(text: str) -> bool:
    # y, no, on, ... are text to us, but not to a YAML 1.1 reader that a person may use on the same file
    if not _PLAIN.fullmatch(text) or text.casefold() in _OLD_WORDS:
        return False
    return text not in _WORDS
