"""Whether a path holds series to learn from, judged by its name and its first bytes alone."""

from __future__ import annotations

import re
from pathlib import Path

SUFFIX = ".ts"
"""Of the files of the UCR and UEA archives."""
LISTS = re.compile(rb'\s*\{[^\n]*"values"\s*:\s*\[')
"""How JSON lines of whole series begin."""
HEAD = 2**16
"""Bytes that are looked at."""


def is_series(path: Path) -> bool:
    """Whether this is a .ts file, a folder of them, or JSON lines of lists of values."""
    if path.is_dir():
        return any(path.glob(f"*{SUFFIX}"))
    return path.suffix.lower() == SUFFIX or holds_lists(path)


def holds_lists(path: Path) -> bool:
    """Whether a file begins as JSON lines of whole series do."""
    if path.suffix.lower() not in (".jsonl", ".ndjson", ".json") or not path.is_file():
        return False
    with path.open("rb") as stream:
        return LISTS.match(stream.read(HEAD)) is not None
