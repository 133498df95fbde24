"""What is to be predicted: classes, labels or values, and why it was taken for that."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from pellucid.data import cells as grammar
from pellucid.data.columns import ENOUGH_ROWS, BadCells, Told, frequent, values
from pellucid.data.signature import Column, Target
from pellucid.data.table_raw import TableRaw
from pellucid.errors import DataError, quote

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

MOST_NUMBER_CLASSES = 20
"""Different whole numbers up to which they are taken for classes."""


def blank_targets(raw: TableRaw, names: tuple[str, ...]) -> list[BadCells]:
    """Rows whose target is missing."""
    import numpy as np

    found: list[BadCells] = []
    for name in names:
        rows = np.flatnonzero(raw.column(name).is_null().to_numpy())
        if len(rows) == raw.rows:
            message = f'the target column "{name}" is empty in every row'
            raise DataError("DATA-TARGET-BLANK", message, place=raw.place(0))
        if len(rows):
            message = f'column "{name}": the target is blank'
            hint = "fill it, take the row out, or set data.on_bad_row: {skip: 0.01}"
            found.append(BadCells(name, tuple(rows.tolist()), "DATA-TARGET-BLANK", message, hint))
    return found


def find_target(raw: TableRaw, names: tuple[str, ...], columns: tuple[Column, ...], told: Mapping[str, Told]) -> Target:
    """The Target of a table without bad cells.

    Raises: DataError where there is no target, one class only, or columns that do not go together.
    """
    if not names:
        listed = ", ".join(quote(name) for name in raw.names[:30])
        hint = f"for example data.target: {raw.names[-1]}"
        message = f"data.target does not say what is to be predicted; the columns are {listed}"
        raise DataError("DATA-TARGET", message, place=raw.place(), hint=hint)
    chosen = [next(column for column in columns if column.name == name) for name in names]
    return _one(raw, chosen[0], told.get(names[0])) if len(names) == 1 else _several(raw, chosen)


def class_order(names: list[str]) -> list[str]:
    """Numbers sorted as numbers, then text alphabetically."""
    found = [(0, float(name), name) if _is_number(name) else (1, 0.0, name) for name in names]
    return [name for _, _, name in sorted(found)]


def class_names(cells: pl.Series) -> pl.Series:
    """Cells as class names: `1.0` is the class `1` where all of them are numbers."""
    return grammar.whole(cells) if bool(cells.drop_nulls().str.contains(grammar.NUMBER).all()) else cells


def target_codes(cells: pl.Series, target: Target) -> np.ndarray:
    """int64 code of each row's class; -1 where it is missing or no known class."""
    import numpy as np
    import polars as pl

    code = {name: at for at, name in enumerate(target.classes)}
    known = class_names(cells) if all(_is_number(name) for name in target.classes) else cells
    coded = known.replace_strict(list(code), list(code.values()), default=-1, return_dtype=pl.Int64)
    return coded.fill_null(-1).to_numpy().astype(np.int64)


def target_values(raw: TableRaw, target: Target) -> np.ndarray:
    """float64 value_ND of labels or values; NaN where missing or none."""
    import numpy as np

    columns: list[np.ndarray] = []
    for name in target.names:
        number = grammar.numbers(raw.frame[name])
        columns.append(
            np.where(np.isnan(number), grammar.booleans(raw.frame[name]), number) if target.kind == "labels" else number
        )
    return np.stack(columns, 1)


def _one(raw: TableRaw, column: Column, told: Told | None) -> Target:
    cells = raw.frame[column.name]
    _refuse_constant(raw, column)
    if column.type == "date":
        message = f'the target column "{column.name}" holds dates; a class or a number is predicted'
        raise DataError("DATA-TARGET", message, place=raw.place(), hint="add a column with the number of days")
    if column.type == "number" and told != "category":
        why = _why_values(cells, column, told)
        if why:
            return Target("values", (column.name,), why=why)
    elif column.type == "text" or (column.distinct > raw.rows / 2 and raw.rows >= ENOUGH_ROWS):
        message = f'the target column "{column.name}" has {column.distinct} different values in {raw.rows} rows'
        raise DataError(
            "DATA-TARGET", f"{message}: too many for classes", place=raw.place(), hint="is it the right column?"
        )
    counted = dict(frequent(class_names(cells)))
    classes = class_order(list(counted))
    what = {"number": "whole numbers", "boolean": "yes-or-no values"}.get(column.type, "names")
    why = f"{len(classes)} different {what}" + (", as data.columns says" if told else "")
    return Target("classes", (column.name,), tuple(classes), tuple(counted[name] for name in classes), why)


def _why_values(cells: pl.Series, column: Column, told: Told | None) -> str:
    """Why a number column is predicted as a value; empty where it is classes."""
    number = grammar.numbers(cells)
    if told == "number":
        return "as data.columns says"
    if (number % 1 != 0).any():
        return "its numbers have fractions"
    if column.distinct > MOST_NUMBER_CLASSES:
        return f"{column.distinct} different whole numbers: more than {MOST_NUMBER_CLASSES} are a quantity"
    few = column.distinct * 2 > len(cells) and column.distinct > 2
    return f"{column.distinct} different numbers in only {len(cells)} rows" if few else ""


def _several(raw: TableRaw, columns: list[Column]) -> Target:
    names = tuple(column.name for column in columns)
    found = {
        column.name: values(raw.frame[column.name], column.type)
        for column in columns
        if column.type in ("number", "boolean")
    }
    words = [column.name for column in columns if column.name not in found]
    if words:
        message = f"several targets are all 0/1 (labels) or all numbers (values), but {quote(words[0])} is neither"
        raise DataError("DATA-TARGET", message, place=raw.place(), hint="name one target column, or leave this one out")
    if all(((item == 0) | (item == 1)).all() for item in found.values()):
        counts = tuple(int(found[name].sum()) for name in names)
        return Target("labels", names, counts=counts, why=f"{len(names)} columns of 0 and 1: any of them may hold")
    for column in columns:
        _refuse_constant(raw, column)
        if column.type == "boolean":
            message = f'target "{column.name}" is yes or no while others are numbers'
            raise DataError("DATA-TARGET", message, place=raw.place(), hint="one run predicts one kind of target")
    return Target("values", names, why=f"{len(names)} columns of numbers")


def _refuse_constant(raw: TableRaw, column: Column) -> None:
    if column.distinct == 1:
        message = (
            f'the target column "{column.name}" says {quote(column.example)} in every row: there is nothing to learn'
        )
        raise DataError("DATA-TARGET-CONSTANT", message, place=raw.place())


def _is_number(name: str) -> bool:
    return re.match(grammar.NUMBER, name) is not None
