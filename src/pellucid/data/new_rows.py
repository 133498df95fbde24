"""New rows against the signature a model was trained on: refused by name, or taken with what was noticed counted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pellucid.data.columns import BadCells, misfits, values
from pellucid.data.prepare import category_codes
from pellucid.data.signature import Column, Signature
from pellucid.data.table_raw import TableRaw
from pellucid.data.targets import target_codes, target_values
from pellucid.errors import SchemaError, nearest, quote
from pellucid.findings import Finding

if TYPE_CHECKING:
    import numpy as np

MARGIN = 0.5
"""How far outside the known values a value may lie, as a share of their width."""


def fit_schema(raw: TableRaw, signature: Signature) -> TableRaw:
    """`raw` with findings for what is unusual; other columns and the order of columns play no part.

    Raises: SchemaError naming a missing column with the nearest one there is, or line and column of a bad cell.
    """
    inputs = [column for column in signature.columns if column.role == "input"]
    lacking = [column for column in inputs if column.name not in raw.names]
    if lacking:
        first = lacking[0]
        others = f" (and {len(lacking) - 1} more)" if len(lacking) > 1 else ""
        free = [name for name in raw.names if all(name != column.name for column in signature.columns)]
        close = nearest(first.name, free)
        message = f"column {quote(first.name)} is missing{others}; the model needs {len(inputs)} columns"
        hint = f"is it '{close}'? rename it" if close else f"the columns here are: {', '.join(raw.names[:20])}"
        raise SchemaError("SCHEMA-MISSING", message, place=raw.place(), hint=hint)
    bad = [cells for column in inputs for cells in misfits(raw, replace(column, confidence=1.0))]
    if bad:
        raise _refusal(min(bad, key=lambda cells: cells.rows[0]), raw)
    findings = [*_unseen(raw, inputs), *_outside(raw, inputs), *_empty(raw, inputs), *_labels(raw, signature)]
    return replace(raw, findings=tuple(findings))


def require_target(raw: TableRaw, signature: Signature) -> None:
    """For evaluation: every row has a target that the model knows.

    Raises: SchemaError with line and column of the first one that is missing or unknown.
    """
    target = signature.target
    assert target is not None
    for name in target.names:
        if name not in raw.names:
            raise SchemaError("SCHEMA-MISSING", f"the target column {quote(name)} is missing", place=raw.place())
    for at, name in enumerate(target.names):
        row = _first_unknown(raw, signature, at)
        if row is not None:
            cell = raw.frame[name][row]
            known = f"one of {', '.join(target.classes[:10])}" if target.classes else "a number"
            said = "is blank" if cell is None else f"{quote(cell)} is not {known}"
            raise SchemaError("SCHEMA-TARGET", f'column "{name}": the target {said}', place=raw.place(row))


def _refusal(bad: BadCells, raw: TableRaw) -> SchemaError:
    others = len(bad.rows) - 1
    more = f"; {others} more rows" if others else ""
    hint = "the model was trained on numbers, dates or yes and no there; leave the cell empty if it is not known"
    return SchemaError("SCHEMA-TYPE", bad.message + more, place=raw.place(bad.rows[0]), hint=hint)


def _unseen(raw: TableRaw, inputs: list[Column]) -> list[Finding]:
    import numpy as np

    found: list[Finding] = []
    for column in inputs:
        if column.type != "category":
            continue
        filled = raw.frame[column.name].is_not_null().to_numpy()
        rows = np.flatnonzero((category_codes(raw.frame[column.name], column) == 0) & filled)
        if len(rows):
            first = raw.frame[column.name][int(rows[0])]
            message = f"{len(rows)} rows have a value that training did not know, or too rarely: {quote(first)} first."
            cure = "They are taken as unknown; train again when they become common."
            evidence: dict[str, float | int | str] = {"rows": len(rows), "first place": str(raw.place(int(rows[0])))}
            found.append(Finding("unseen-category", "warning", message, column.name, evidence, cure))
    return found


def _outside(raw: TableRaw, inputs: list[Column]) -> list[Finding]:
    found: list[Finding] = []
    for column in inputs:
        if column.type == "number":
            found += outside(column.name, values(raw.frame[column.name], "number"), (column.low, column.high))
    return found


def outside(name: str, value_N: np.ndarray, known: tuple[float | None, float | None]) -> list[Finding]:
    """A finding where values lie further outside of what was known than `MARGIN` of its width; NaN are passed by."""
    low, high = known
    if low is None or high is None:
        return []
    margin = MARGIN * (high - low)
    count = int(((value_N < low - margin) | (value_N > high + margin)).sum())
    if not count:
        return []
    said = f"{count} of {len(value_N)} rows hold" if count > 1 else f"1 of {len(value_N)} rows holds"
    message = f"{said} values far outside those the model was made with ({low:g} to {high:g})."
    evidence: dict[str, float | int | str] = {"rows": count, "low": low, "high": high}
    cure = "Networks guess there: check the unit; train again with such rows if they are right."
    return [Finding("outside-range", "warning", message, name, evidence, cure)]


def _empty(raw: TableRaw, inputs: list[Column]) -> list[Finding]:
    found: list[Finding] = []
    for column in inputs:
        gone = raw.frame[column.name].null_count()
        if gone == raw.rows and column.missing < raw.rows and raw.rows > 1:
            message = "every cell is missing; the model takes what was usual in training."
            found.append(Finding("empty-column", "warning", message, column.name, {"rows": gone}, "Check the source."))
        elif gone and not column.missing:
            message = f"{gone} cells are missing, and none was in training: the usual value stands for them."
            found.append(Finding("new-missing", "warning", message, column.name, {"rows": gone}, "Check the source."))
    return found


def _labels(raw: TableRaw, signature: Signature) -> list[Finding]:
    target = signature.target
    if target is None or any(name not in raw.names for name in target.names):
        return []
    for at, name in enumerate(target.names):
        row = _first_unknown(raw, signature, at)
        if row is not None and raw.frame[name].null_count() < raw.rows:
            message = f"the target of {raw.place(row)} is blank or unknown, so no scores can be given."
            return [Finding("unseen-label", "warning", message, name, {"first place": str(raw.place(row))})]
    return []


def _first_unknown(raw: TableRaw, signature: Signature, at: int) -> int | None:
    import numpy as np

    target = signature.target
    assert target is not None
    if target.kind == "classes":
        unknown = target_codes(raw.frame[target.names[0]], target) < 0
    else:
        unknown = np.isnan(target_values(raw, target)[:, at])
    return int(np.flatnonzero(unknown)[0]) if unknown.any() else None
