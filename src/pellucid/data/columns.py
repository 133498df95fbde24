"""What each column of a table is: its type with a confidence, its role, and why, each open to a person's word.

At least 99 % of the filled cells decide: 99 % numbers make a number column, and the cells of it that are none are
faults with a line, never quietly a category.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from pellucid.data import cells as grammar
from pellucid.data.signature import Column, ColumnType, Role
from pellucid.data.splitting import PART_NAMES
from pellucid.data.table_raw import TableRaw
from pellucid.errors import DataError, quote

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

Told = Literal["number", "category", "boolean", "date", "text", "drop", "group", "time", "weight", "id"]
"""What a person may say about a column: its type, or its role."""
ALMOST_ALL = 0.99
MOSTLY = 0.8
"""From this share on a column that is not quite numbers is refused rather than taken for words."""
FEW_NUMBERS = 8
"""Different numbers from which a mostly numeric column counts as numbers with faults."""
ENOUGH_ROWS = 20
"""Rows from which uniqueness says anything."""
TYPES: tuple[ColumnType, ...] = ("number", "category", "boolean", "date", "text")
ROLES: dict[str, Role] = {"drop": "dropped", "group": "group", "time": "time", "weight": "weight", "id": "id"}
SPLIT_NAMES = frozenset({"split", "part", "set", "subset", "fold"})
ID_NAME = re.compile(
    r"(^|[_\s.-])(id|uuid|guid|key|index|idx|row|rownum|nr|no)$|^unnamed|(?-i:[a-z]I[dD]$)", re.IGNORECASE
)
"""What columns that only name rows are called: "id", "row_id", "rowId", but not "paid"."""


@dataclass(frozen=True)
class BadCells:
    """Rows of which one column cannot be used."""

    column: str
    rows: tuple[int, ...]
    code: str
    message: str
    """About the first of the rows."""
    hint: str

    def error(self, raw: TableRaw) -> DataError:
        """The fault of the first row, and how many more there are."""
        more = len(self.rows) - 1
        rest = f"; {more} more row{'s' if more > 1 else ''}" if more else ""
        return DataError(self.code, self.message + rest, place=raw.place(self.rows[0]), hint=self.hint)


def understand(
    raw: TableRaw, targets: tuple[str, ...], told: Mapping[str, Told], roles: Mapping[str, Role]
) -> tuple[tuple[Column, ...], list[BadCells]]:
    """Every column, and the cells that do not fit. `roles` are those that the split gives.

    Raises: DataError for an unknown name, and where no input is left.
    """
    for name in (*targets, *told, *roles):
        raw.column(name)
    columns: list[Column] = []
    bad: list[BadCells] = []
    for name in raw.names:
        given: Role | None = "target" if name in targets else roles.get(name)
        column = understood(name, raw.frame[name], told.get(name), given)
        columns.append(column)
        if column.role in ("input", "target", "time", "weight"):
            bad += misfits(raw, column)
    return _keep_an_input(raw, columns), bad


def misfits(raw: TableRaw, column: Column) -> list[BadCells]:
    """The filled cells of a number, date or boolean column that are none."""
    import numpy as np

    cells = raw.frame[column.name]
    if column.type not in ("number", "date", "boolean"):
        return []
    rows = np.flatnonzero(np.isnan(values(cells, column.type)) & cells.is_not_null().to_numpy())
    if not len(rows):
        return []
    cell = str(cells[int(rows[0])])
    noun = {"number": "a number", "date": "a date (2024-12-31)", "boolean": "true or false"}[column.type]
    message = f'column "{column.name}": {quote(cell)} is not {noun}'
    if column.confidence < ALMOST_ALL:
        message += f", while {column.confidence:.0%} of its cells are"
    return [BadCells(column.name, tuple(rows.tolist()), "DATA-CSV-TYPE", message, _cure(column, cell))]


def values(cells: pl.Series, type_: ColumnType) -> np.ndarray:
    """float64 of a number, date or boolean column; NaN where missing or none."""
    if type_ == "number":
        return grammar.numbers(cells)
    return grammar.dates(cells) if type_ == "date" else grammar.booleans(cells)


def frequent(cells: pl.Series) -> tuple[tuple[str, int], ...]:
    """The different values with their counts, most frequent first, ties in alphabetical order."""
    table = cells.drop_nulls().value_counts()
    pairs = zip(table[:, 0].to_list(), table[:, 1].to_list(), strict=True)
    return tuple(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))


def _cure(column: Column, cell: str) -> str:
    if re.match(grammar.DECIMAL_COMMA, cell):
        return 'decimal comma? set data.decimal: ","'
    word = quote(cell[:20])[1:-1]
    return (
        f"mend the cell; or data.missing: [{word}] if it means no value; data.columns: {{{column.name}: category}} "
        "if it is a name; data.on_bad_row: {skip: 0.01} to leave such rows out"
    )


def understood(name: str, cells: pl.Series, told: Told | None, given: Role | None) -> Column:
    """One column, of which `told` and `given` say what is known already."""
    filled = cells.drop_nulls()
    distinct, missing = filled.n_unique(), cells.null_count()
    forced: ColumnType | None = next((item for item in TYPES if item == told), None)
    type_, confidence, why = _type(filled, distinct)
    if forced is not None:
        confidence = confidence if forced == type_ else _fit(filled, forced)
        type_, why = forced, "as data.columns says"
    role: Role = given or (ROLES[told] if told in ROLES else "input")
    if role == "input" and told is None and _names_parts(name, filled):
        role, why = "split", "its cells say train, valid and test"
    if told in ROLES:
        why = f"as data.columns says; its type: {why}"
    column = Column(
        name,
        type_,
        role,
        why,
        round(confidence, 4),
        missing,
        distinct,
        example=str(filled[0])[:40] if len(filled) else "",
    )
    if role == "input":
        column = _drop_useless(column, filled, forced is not None)
    if type_ in ("number", "date") and len(filled):
        number = values(filled, type_)
        number = number[number == number]
        if len(number):
            column = replace(column, low=float(number.min()), high=float(number.max()))
    if type_ == "category" and column.role in ("input", "target"):
        column = replace(column, categories=tuple(name for name, _ in frequent(_named(filled))))
    return column


def _type(filled: pl.Series, distinct: int) -> tuple[ColumnType, float, str]:
    """Type, share of the filled cells that fit it, and why."""
    if not len(filled):
        return "category", 1.0, "no cell is filled"
    for type_ in ("boolean", "number", "date"):
        share = _fit(filled, type_)
        if type_ == "boolean":
            words = set(filled.str.to_lowercase().unique().to_list())
            if any(words <= set(pair) for pair in grammar.BOOLEAN_PAIRS):
                return "boolean", 1.0, f"its cells say {' or '.join(sorted(words))}"
        elif share >= ALMOST_ALL:
            return (
                type_,
                share,
                f"{share:.4g} of the filled cells are {type_}s" if share < 1 else f"all cells are {type_}s",
            )
        elif (
            type_ == "number"
            and share >= MOSTLY
            and filled.filter(filled.str.contains(grammar.NUMBER)).n_unique() >= FEW_NUMBERS
        ):
            return "number", share, f"{share:.0%} of the filled cells are numbers"
    if _share(filled.str.contains(grammar.DECIMAL_COMMA)) >= MOSTLY:
        return "number", 0.0, "its cells look like numbers with a decimal comma"
    return _words(filled, distinct)


def _words(filled: pl.Series, distinct: int) -> tuple[ColumnType, float, str]:
    several = _share(filled.str.count_matches(r"\s+") >= 2)
    many = distinct > 0.5 * len(filled)
    if many and len(filled) >= ENOUGH_ROWS:
        if several > 0.5:
            return "text", several, f"most cells are sentences, {distinct} different ones"
        return "text", distinct / len(filled), f"{distinct} different values in {len(filled)} cells"
    return (
        "category",
        1 - distinct / max(len(filled), distinct + 1),
        f"{distinct} different values in {len(filled)} cells",
    )


def _fit(filled: pl.Series, type_: ColumnType) -> float:
    if type_ in ("category", "text") or not len(filled):
        return 1.0
    found = values(filled, type_)
    return float((found == found).mean())


def _share(mask: pl.Series) -> float:
    return float(mask.to_numpy().mean())


def _named(filled: pl.Series) -> pl.Series:
    """Numbers that serve as names lose their `.0`, so a column that turned to floats still matches."""
    return grammar.whole(filled) if bool(filled.str.contains(grammar.NUMBER).all()) else filled


def _drop_useless(column: Column, filled: pl.Series, forced: bool) -> Column:
    why = ""
    role: Role = "dropped"
    if not len(filled):
        why = "no cell is filled"
    elif column.distinct == 1 and not column.missing:
        why = f"every cell says {quote(column.example)}: nothing to learn from"
    elif column.type == "text":
        why = f"{column.why}; data: {{kind: text}} learns from it alone, data.columns: {{{column.name}: category}} so"
        if not forced and _is_id(column, filled):
            role = "id"
            why = "every row has a value of its own: it names the row and says nothing about new ones"
    elif column.type == "number" and not forced and _is_id(column, filled):
        role = "id"
        why = "it counts or names the rows: the network would learn the order of the file"
    return replace(column, role=role, why=why) if why else column


def _is_id(column: Column, filled: pl.Series) -> bool:
    import numpy as np

    if column.missing or column.distinct < len(filled) or len(filled) < ENOUGH_ROWS:
        return False
    if column.type == "text":
        return not bool(filled.str.contains(r"\s").any())
    number = grammar.numbers(filled)
    if not (number == np.round(number)).all():
        return False
    step = np.diff(number)
    counts_rows = bool((step == step[0]).all()) and number.min() in (0, 1)
    return counts_rows or ID_NAME.search(column.name) is not None


def _names_parts(name: str, filled: pl.Series) -> bool:
    """Whether a column says which part a row belongs to: learning from it would be learning the split."""
    if name.casefold() not in SPLIT_NAMES or not len(filled):
        return False
    parts = {PART_NAMES.get(cell.casefold()) for cell in filled.unique().to_list()}
    return None not in parts and {0, 2} <= parts


def _keep_an_input(raw: TableRaw, columns: list[Column]) -> tuple[Column, ...]:
    """Where nothing is left to learn from, numbers that were dropped for naming the rows come back."""
    if any(column.role == "input" for column in columns):
        return tuple(columns)
    back = [column.type == "number" and column.role == "id" and column.distinct > 1 for column in columns]
    if not any(back):
        dropped = "; ".join(f"{column.name} ({column.role}: {column.why})" for column in columns[:6])
        raise DataError("DATA-NO-INPUT", f"no column is left to learn from: {dropped}", place=raw.place())
    why = "it counts the rows, but there is nothing else to learn from"
    pairs = zip(columns, back, strict=True)
    return tuple(replace(column, role="input", why=why) if again else column for column, again in pairs)
