"""Texts in memory: lists, pairs of lists, frames and mappings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pellucid.data import frames
from pellucid.data.text_conll import LABELS, TOKENS, of_sentences
from pellucid.data.text_raw import LABEL, TEXT, TextRaw, of_columns
from pellucid.errors import DataError, Place, quote

LABEL_NAMES = ("label", "labels", "target", "class")
"""Columns of a mapping that are the target where no recipe names one."""


def from_memory(rows: Any, target: str | None) -> TextRaw:
    """Texts, (texts, labels), lists of words, (words, labels), a frame or a mapping of columns.

    `target` is what the labels of a pair are called. Raises: DataError naming the row that is no text.
    """
    texts, labels = rows if type(rows) is tuple and len(rows) == 2 and not isinstance(rows[0], str) else (rows, None)
    if isinstance(texts, Mapping):
        tokens = next((texts[name] for name in TOKENS if name in texts and _of_lists(texts[name])), None)
        if tokens is not None:
            name = next((name for name in LABELS if name in texts), None)
            return of_sentences(tokens, texts[name] if name else labels, target or name or LABEL)
    if isinstance(texts, Mapping) or _is_frame(texts):
        raw = TextRaw("rows", frames.from_memory(texts))
        if labels is None:
            return raw
        return TextRaw("rows", frames.add_columns(raw.table, (target or LABEL,), labels))
    if isinstance(texts, str) or not (isinstance(texts, Sequence) or np.ndim(texts) == 1):
        message = f"expected a list of texts, a frame or a mapping of columns, not {type(texts).__name__}"
        raise DataError("DATA-MEMORY", message, hint='["one text", "another"]')
    if _of_lists(texts):
        return of_sentences(texts, labels, target or LABEL)
    table = of_columns({TEXT: [_text(row, text) for row, text in enumerate(texts, 1)]})
    if labels is None:
        return TextRaw("documents", table, why="texts without labels")
    labels = labels.tolist() if isinstance(labels, np.ndarray) else labels
    return TextRaw("rows", frames.add_columns(table, (target or LABEL,), labels), why="it was given first")


def _of_lists(rows: Any) -> bool:
    """Whether the rows are lists of words rather than texts."""
    first = next(iter(rows), None)
    return isinstance(first, (list, tuple)) or (isinstance(first, np.ndarray) and first.ndim == 1)


def _is_frame(value: Any) -> bool:
    return type(value).__module__.split(".")[0] in ("polars", "pandas") and np.ndim(value) == 2


def _text(row: int, text: Any) -> str:
    if not isinstance(text, str):
        raise DataError("DATA-CELL", f"{quote(text)} is no text", place=Place(path=f"row {row}"))
    if any("\ud800" <= char <= "\udfff" for char in text):
        message = "half of a surrogate pair, which is no character"
        raise DataError("DATA-CELL", message, place=Place(path=f"row {row}"))
    return str(text)
