"""What is to be said about texts: empty ones, copies, those that were cut, and tokens that nobody learnt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.data.hazards import hazards
from pellucid.data.signature import Column, Target
from pellucid.data.text_guess import free_text
from pellucid.data.text_raw import FILE, TextRaw
from pellucid.data.vocabulary import UNKNOWN, WORD
from pellucid.errors import Place, quote
from pellucid.findings import Finding

if TYPE_CHECKING:
    from pellucid.data.text_stream import Piece
    from pellucid.findings import Severity

Evidence = dict[str, float | int | str]
EXAMPLES = 5
SAMPLES, SAMPLE = 3, 80
"""Texts that are shown, and characters of each."""


def empty(raw: TextRaw) -> list[Finding]:
    """Texts without a word."""
    rows = [row for row, text in enumerate(raw.texts()) if not text.strip()]
    if not rows:
        return []
    few = len(rows) > 1
    message = f"{len(rows)} text{'s are' if few else ' is'} empty; each is read as one unknown token."
    evidence: Evidence = {"texts": len(rows), "first place": str(raw.place(rows[0]))}
    return [Finding("empty-text", "warning", message, raw.text, evidence, "Fill them, or take them out.")]


def told(raw: TextRaw) -> dict[str, Any]:
    """Lengths, words and samples of texts; of running text its characters and lines."""
    texts = raw.texts()
    samples = [text[:SAMPLE] for text in texts[:SAMPLES]]
    if raw.shape == "documents":
        characters = sum(map(len, raw.documents))
        lines = sum(text.lines for text in raw.long) or sum(len(text.splitlines()) for text in texts)
        return {
            "characters": characters,
            "different": len(set[str]().union(*texts)),
            "lines": lines,
            "samples": samples,
        }
    columns = {raw.text: raw.words or [WORD.findall(text) for text in texts]}
    if raw.into:
        columns[raw.into] = [WORD.findall(text) for text in raw.texts(raw.into)]
    found: dict[str, Any] = {}
    for name, rows in columns.items():
        low, middle, high = (int(size) for size in np.quantile([len(row) for row in rows], (0, 0.5, 1), method="lower"))
        counted = Counter(word.lower() for row in rows for word in row)
        found[name] = {
            "words": {"shortest": low, "median": middle, "longest": high},
            "vocabulary": {"words": len(counted), "twice or more": sum(count > 1 for count in counted.values())},
            "most frequent": [word for word, _ in counted.most_common(EXAMPLES)],
        }
    return {**found, "samples": samples}


def of_table(raw: TextRaw, columns: Sequence[Column], target: Target) -> list[Finding]:
    """What is dangerous in a table of texts, and columns that nothing is learnt from.

    Files lie in the order of their folders, and a column says the part: their order was nobody's choice.
    """
    ordered = not raw.filed and all(column.role != "split" for column in columns)
    shown = tuple(column for column in columns if column.role in ("input", "target") and column.name != FILE)
    passed = {"mostly-missing"} | (set() if ordered else {"sorted-by-target"})  # empty texts are told of anyway
    found = [finding for finding in hazards(raw.table, shown, target) if finding.check not in passed]
    return [*found, *unread(raw, columns)]


def unread(raw: TextRaw, columns: Sequence[Column]) -> list[Finding]:
    """Columns beside the text that nothing is learnt from: a warning where they are sentences."""
    found: list[Finding] = []
    for column in columns:
        if column.role not in ("dropped", "id") or column.name == FILE:
            continue
        sentences = column.role == "dropped" and free_text(raw.table.frame[column.name].to_list()) > 0
        cure = "Nothing to do."
        if sentences:
            cure = f"data.text: {column.name} learns from it instead; data.into: {column.name} learns to write it."
        evidence: Evidence = {"distinct": column.distinct, "missing": column.missing}
        severity: Severity = "warning" if sentences else "info"
        message = f"is left out: {column.why}."
        found.append(Finding("column-left-out", severity, message, column.name, evidence, cure))
    return found


def copies(raw: TextRaw, row_N: np.ndarray) -> list[Finding]:
    """Texts that are there more than once."""
    _, counts = np.unique(row_N, return_counts=True)
    repeats = int((counts - 1).sum())
    if not repeats:
        return []
    share = repeats / raw.rows
    what = f"{repeats:,} text{'s repeat' if repeats > 1 else ' repeats'} an earlier one{_share(share)}"
    message = f"{what}; equal texts stay in one part."
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
    read = "all" if learnt is None or size <= learnt else f"at most {learnt:,}"
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


def cut(
    codes: Sequence[np.ndarray], length: int, place: Callable[[int], Place], column: str, *, new: bool = False
) -> list[Finding]:
    """Texts longer than what is kept of them; `new` ones are given to a model whose length is settled."""
    lengths = [len(code_N) for code_N in codes]
    rows = [row for row, size in enumerate(lengths) if size > length]
    if not rows:
        return []
    share = len(rows) / len(codes)
    lost = sum(lengths[row] - length for row in rows) / max(sum(lengths), 1)
    count = f"{len(rows):,} of {len(codes):,} texts{_share(share)}"
    message = f"{count} are longer than {length:,} tokens; the rest is not read."
    evidence: Evidence = {
        "texts": len(rows),
        "longest": max(lengths),
        "tokens lost": lost,
        "first": str(place(rows[0])),
    }
    cure = "The model reads no more of a text." if new else "data.length keeps more of them; training takes longer."
    return [Finding("text-cut", "warning" if share > 0.01 else "info", message, column, evidence, cure)]


def unknown(
    codes: Sequence[np.ndarray], tokens_of: Callable[[int], Sequence[str]], column: str, *, severity: Severity
) -> list[Finding]:
    """Tokens that have no code, how many, and which; a warning where a model meets them in new texts."""
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
    what = f"{total:,} of {every:,} tokens{_share(total / every)}, in {len(rows):,} texts,"
    message = f"{what} were not learnt, or too rare, such as {listed}."
    evidence: Evidence = {"tokens": total, "share": total / every, "texts": len(rows)}
    way = "; data.tokenizer: byte knows everything, but goes with no labels of words"
    cure = f"They are read as unknown{way if severity == 'info' else ''}."
    return [Finding("unknown-token", severity, message, column, evidence, cure)]


def _share(share: float) -> str:
    """A share behind a count, where it does not round to nothing."""
    return f" ({share:.1%})" if share >= 0.0005 else ""
