"""Which column of a table is the text, what is to be predicted from it, and what becomes of the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pellucid.data.columns import BadCells, misfits, understood
from pellucid.data.signature import Column, Role, Target, TargetKind
from pellucid.data.targets import blank_targets, class_order, find_target
from pellucid.data.text_guess import free_text, pair
from pellucid.data.text_raw import FILE, FOLDER, TextRaw
from pellucid.errors import DataError, quote

NAMES = ("text", "sentence", "review", "message", "source", "content", "body", "comment", "tweet", "document", "title")
"""What the column of the texts is often called."""
JUDGED_BY = 1000
"""Cells by which a column is taken for sentences or for something else."""
ALONE = "the text is learnt from alone"
READ = "; data: {kind: table} reads such columns"
POSITION, DOCUMENT = "position", "document"
"""What running text may be split by."""
FEWEST_DOCUMENTS = 20
"""Documents from which whole ones are set aside, rather than the end of each."""


def settled(raw: TextRaw, text: str | None, targets: tuple[str, ...], into: str | None) -> TextRaw:
    """`raw` with its columns told apart.

    Raises: DataError where a named column is not there, or there is no target and it is not clear that none is meant.
    """
    if raw.shape == "tagged":
        return raw
    if raw.filed or raw.shape == "documents":
        given = (*targets, *((into,) if into else ()))
        if given and given != raw.target:
            known = f"their folders, which are called {quote(FOLDER)}" if raw.target else "nothing beside the text"
            raise DataError("DATA-COLUMN", f"there is no column {quote(given[0])}: these files have {known}")
        return raw
    if text and targets == (text,):
        raw.table.column(text)
        return replace(raw, shape="documents", text=text, why="it is its own target")
    if not targets and not text and not into:
        found = pair({name: _cells(raw, name) for name in raw.table.names})
        if found is not None:
            text, into = found
            why = f"the names {quote(text)} and {quote(into)} make a pair: the second is written from the first"
            return replace(raw, text=text, into=into, target=(into,), why=why)
    targets = (into,) if into else targets
    for name in (*targets, *((text,) if text else ())):
        raw.table.column(name)
    name, why, confidence = (text, "as data.text says", 1.0) if text else find_text(raw, targets)
    found = replace(raw, text=name, why=raw.why or why, confidence=confidence, target=targets)
    if not targets:
        return _running(found)
    if into or (len(targets) == 1 and _is_sentence(raw, name, targets[0])):
        return replace(found, into=targets[0])
    return found


def find_text(raw: TextRaw, targets: tuple[str, ...]) -> tuple[str, str, float]:
    """The column that is the text, why, and how sure that is.

    Raises: DataError where there is no other column than the targets.
    """
    rest = [name for name in raw.table.names if name not in targets]
    if not rest:
        message = "there is no column of texts beside the target"
        raise DataError("DATA-COLUMN", message, place=raw.place(), hint=f"the columns are {', '.join(raw.table.names)}")
    if len(rest) == 1:
        return rest[0], "it is the only column beside the target" if targets else "it is the only column", 1.0
    sure = {name: free_text(_cells(raw, name)) for name in rest}
    named = next((name for word in NAMES for name in rest if name.casefold() == word), None)
    if named is not None:
        return named, "of its name", max(sure[named], 0.5)
    length = {name: sum(map(len, _cells(raw, name))) for name in rest}
    best = max(rest, key=lambda name: (sure[name] > 0, length[name], name))
    return best, "its cells are the longest", round(length[best] / max(sum(length.values()), 1), 4)


def bad_targets(raw: TextRaw) -> list[BadCells]:
    """Rows whose target is missing, or is no number where the others are."""
    if raw.shape != "rows" or raw.target == (FOLDER,):
        return []
    bad = blank_targets(raw.table, raw.target)
    return bad if raw.into else bad + [cells for name in raw.target for cells in misfits(raw.table, _target(raw, name))]


def target_of(raw: TextRaw) -> Target:
    """What is to be predicted.

    Raises: DataError where it teaches nothing.
    """
    if raw.shape == "documents":
        return Target(
            "next", (raw.text,), why="there is a text and no target: each token is predicted from those before"
        )
    if raw.into:
        return Target("sentence", (raw.into,), why=f'"{raw.into}" holds sentences: each is written from "{raw.text}"')
    if raw.shape == "tagged":
        counted: dict[str, int] = {}
        for row in raw.labels:
            for label in row:
                counted[label] = counted.get(label, 0) + 1
        classes = class_order(list(counted))
        if len(classes) < 2:
            message = f"every word has the label {quote(classes[0])}" if classes else "no word has a label"
            raise DataError("DATA-TARGET-CONSTANT" if classes else "DATA-TARGET", message, place=raw.place())
        counts = tuple(counted[name] for name in classes)
        return Target("steps", raw.target, tuple(classes), counts, "every word has a label")
    columns = tuple(_target(raw, name) for name in raw.target)
    return find_target(raw.table, raw.target, columns, {})


def columns_of(raw: TextRaw, kind: TargetKind, roles: Mapping[str, Role]) -> tuple[Column, ...]:
    """Every column and what it is for; of running text also what it is split by."""
    columns: list[Column] = []
    for name in raw.table.names:
        cells = raw.table.frame[name]
        if name == raw.text:
            texts, missing = cells.drop_nulls(), cells.null_count()
            example = str(texts[0])[:40] if len(texts) else ""
            why, sure = raw.why, raw.confidence
            found = Column(name, "text", "input", why, sure, missing, texts.n_unique(), example=example)
        elif name in raw.target:
            found = Column(name, "text", "target", "its sentences are written") if raw.into else _target(raw, name)
        elif raw.filed and name == FILE:
            found = Column(name, "text", "id", "it names the text", distinct=raw.rows)
        else:
            found = understood(name, cells, None, roles.get(name))
            if found.role == "input":
                found = replace(found, role="dropped", why=ALONE + READ, categories=())
            elif found.role == "dropped" and found.type == "text":
                found = replace(found, why=ALONE)
        columns.append(found)
    if kind == "next" and not any(column.role == "split" for column in columns):
        if raw.rows >= FEWEST_DOCUMENTS:
            columns.append(Column(DOCUMENT, "text", "group", "a document stays in one part", distinct=raw.rows))
        else:
            columns.append(Column(POSITION, "number", "time", "the end of each text judges", low=0.0, high=1.0))
    return tuple(columns)


def _target(raw: TextRaw, name: str) -> Column:
    found = understood(name, raw.table.frame[name], None, "target")
    return replace(found, type="category") if name == FOLDER and raw.filed else found


def _running(raw: TextRaw) -> TextRaw:
    """A table of texts without a target as documents."""
    others = [name for name in raw.table.names if name != raw.text]
    useful = [name for name in others if understood(name, raw.table.frame[name], None, None).role == "input"]
    if useful:
        listed = ", ".join(quote(name) for name in others[:20])
        message = f"data.target does not say what is to be predicted from {quote(raw.text)}; the columns are {listed}"
        hint = f"data.target: {useful[-1]}; without other columns the texts themselves are learnt"
        raise DataError("DATA-TARGET", message, place=raw.place(), hint=hint)
    return replace(raw, shape="documents")


def _is_sentence(raw: TextRaw, text: str, target: str) -> bool:
    cells = {name: _cells(raw, name) for name in (text, target)}
    return (text, target) in (("source", "target"), pair(cells)) or free_text(cells[target]) > 0


def _cells(raw: TextRaw, name: str) -> list[str]:
    return raw.table.frame[name].head(JUDGED_BY).drop_nulls().to_list()
