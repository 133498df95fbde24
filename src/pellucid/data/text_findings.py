"""What is to be said about texts: empty ones, copies, those that were cut, and tokens that nobody learnt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.text_raw import TextRaw
from pellucid.data.vocabulary import UNKNOWN
from pellucid.errors import Place, quote
from pellucid.findings import Finding

if TYPE_CHECKING:
    from pellucid.data.text_stream import Piece
    from pellucid.findings import Severity

Evidence = dict[str, float | int | str]
EXAMPLES = 5


def empty(raw: TextRaw) -> list[Finding]:
    """Texts without a word."""
    rows = [row for row, text in enumerate(raw.texts()) if not text.strip()]
    if not rows:
        return []
    few = len(rows) > 1
    message = f"{len(rows)} text{'s are' if few else ' is'} empty; each is read as one unknown token."
    evidence: Evidence = {"texts": len(rows), "first place": str(raw.place(rows[0]))}
    return [Finding("empty-text", "warning", message, raw.text, evidence, "Fill them, or take them out.")]


def copies(raw: TextRaw, row_N: np.ndarray) -> list[Finding]:
    """Texts that are there more than once."""
    _, counts = np.unique(row_N, return_counts=True)
    repeats = int((counts - 1).sum())
    if not repeats:
        return []
    share = repeats / raw.rows
    message = f"{repeats} texts ({share:.1%}) repeat an earlier one; equal texts stay in one part."
    severity: Severity = "warning" if share > 0.05 else "info"
    evidence: Evidence = {"texts": repeats, "share": share, "largest group": int(counts.max())}
    return [
        Finding("duplicate-texts", severity, message, raw.text, evidence, "Take true copies out: they count double.")
    ]


def left_out(raw: TextRaw) -> list[Finding]:
    """Rows that `on_bad_row` left out."""
    if not raw.skipped:
        return []
    where, reason = next(iter(raw.skipped.items()))
    count = len(raw.skipped)
    message = f"{count} rows were left out as data.on_bad_row allows; the first: {where}: {reason}."
    evidence: Evidence = {"rows": count, "first places": "; ".join(list(raw.skipped)[:20])}
    return [Finding("bad-rows", "warning", message, "", evidence, "Mend them at their source.")]


def long(raw: TextRaw, train: Sequence[Piece], learnt: int | None) -> Finding:
    """That the text stays in its files, and how much of it the vocabulary comes from."""
    characters, lines = sum(map(len, raw.long)), sum(text.lines for text in raw.long)
    size = sum(run.stop - run.start for run in train)
    read = "all" if learnt is None or size <= learnt else f"about {learnt:,}"
    message = (
        f"{characters:,} characters in {lines:,} lines are read piece by piece; "
        f"the vocabulary comes from {read} of the {size:,} that train."
    )
    return Finding("long-text", "info", message, raw.text, {"characters": characters, "lines": lines})


def judged(part: str, whole: Sequence[Piece], kept: Sequence[Piece]) -> Finding:
    """That not all that was set aside is judged by."""
    total, taken = (sum(run.stop - run.start for run in runs) for runs in (whole, kept))
    message = f"the {part} part judges by {taken:,} of its {total:,} characters; the rest is not read."
    cure = f"A smaller share for {part} in data.split leaves more to train on."
    return Finding("judged-by", "info", message, part, {"characters": taken, "set aside": total}, cure)


def cut(codes: Sequence[np.ndarray], length: int, place: Callable[[int], Place], column: str) -> list[Finding]:
    """Texts longer than what is kept of them."""
    lengths = [len(code_N) for code_N in codes]
    rows = [row for row, size in enumerate(lengths) if size > length]
    if not rows:
        return []
    share = len(rows) / len(codes)
    lost = sum(lengths[row] - length for row in rows) / max(sum(lengths), 1)
    message = f"{len(rows)} of {len(codes)} texts ({share:.1%}) are longer than {length} tokens; the rest is not read."
    evidence: Evidence = {
        "texts": len(rows),
        "longest": max(lengths),
        "tokens lost": lost,
        "first": str(place(rows[0])),
    }
    cure = "data.length keeps more of them; training takes longer then."
    return [Finding("text-cut", "warning" if share > 0.01 else "info", message, column, evidence, cure)]


def unknown(
    codes: Sequence[np.ndarray], tokens_of: Callable[[int], Sequence[str]], column: str, *, severity: Severity
) -> list[Finding]:
    """Tokens that have no code, how many, and which."""
    counts = np.array([int((code_N == UNKNOWN).sum()) for code_N in codes])
    rows = np.flatnonzero(counts)
    if not len(rows):
        return []
    found: Counter[str] = Counter()
    for row in rows[:1000].tolist():
        found.update(tokens_of(row))
    if not found:  # texts that are empty
        return []
    total, every = int(counts.sum()), sum(map(len, codes))
    listed = ", ".join(quote(token) for token, _ in found.most_common(EXAMPLES))
    what = f"{total} of {every} tokens ({total / every:.1%}), in {len(rows)} texts,"
    message = f"{what} were not learnt, or too rare, such as {listed}."
    evidence: Evidence = {"tokens": total, "share": total / every, "texts": len(rows)}
    cure = "They are read as unknown; data.tokenizer: byte knows everything."
    return [Finding("unknown-token", severity, message, column, evidence, cure)]
