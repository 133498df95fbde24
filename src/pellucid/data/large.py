"""Tables too large for memory: surveyed, split and prepared piece by piece, and kept in a file while they train.

What a column is, is decided by the first rows and held against all others; classes and categories are counted over
all of them. What is fitted (means, scales, fills, which categories are rare) comes from rows spread evenly over the
training part, `FITTED` at most.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from pellucid import forms
from pellucid.data.batch import Batch, Dataset, Rows
from pellucid.data.chunks import chunks, digest
from pellucid.data.columns import BadCells, misfits, values
from pellucid.data.delimited import BadRecord
from pellucid.data.prepare import TablePreparation, fit
from pellucid.data.rules import broken
from pellucid.data.signature import PARTS, Column, Signature, Target
from pellucid.data.source import Loaded
from pellucid.data.split import Split
from pellucid.data.splitting import Facts
from pellucid.data.stored import Records, Stored
from pellucid.data.table_raw import TableRaw
from pellucid.data.targets import blank_targets, class_names, class_order
from pellucid.errors import DataError, Place
from pellucid.findings import Finding

if TYPE_CHECKING:
    import polars as pl

LARGE = 16 * 2**20
"""Bytes of a CSV file from which it is read piece by piece."""
FITTED = 200_000
"""Training rows that means, scales and fills are taken from."""
NAMES = 20_000
"""Different names that are counted in one column; further ones are rare."""
SKIPPED_SHOWN = 20


@dataclass
class Survey:
    """What all rows of a large table say together."""

    rows: int = 0
    missing: Counter[str] = field(default_factory=Counter)
    low: dict[str, float] = field(default_factory=dict)
    high: dict[str, float] = field(default_factory=dict)
    names: dict[str, Counter[str]] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    left_out: int = 0
    """Rows that `on_bad_row` left out; `skipped` tells the first of them."""


@dataclass(frozen=True)
class LargeRaw:
    """A large table that was looked through once; its rows are read again when they are needed."""

    path: str
    read: Callable[[], Iterator[TableRaw]]
    """All usable rows, piece by piece, bad ones left out as is allowed."""
    first: TableRaw
    """The first rows, by which columns were understood."""
    survey: Survey
    fingerprint: str
    findings: tuple[Finding, ...] = ()

    @property
    def rows(self) -> int:
        """How many rows can be used."""
        return self.survey.rows

    def names_of_rows(self, signature: Signature) -> dict[str, list[str | None]]:
        """Nothing: new rows are predicted by the reader of small tables."""
        return {}


Judge = Callable[[TableRaw, tuple[Column, ...]], list[BadCells]]


def survey(
    path: str,
    columns: Callable[[TableRaw], tuple[Column, ...]],
    judge: Judge,
    *,
    delimiter: str | None,
    missing: tuple[str, ...],
    skip: float,
) -> LargeRaw:
    """Looks through a large table once. `columns` understands its first rows, `judge` finds cells that do not fit.

    Raises: DataError with file and line at the first row that cannot be used, or where more than the share `skip` of
    all rows cannot.
    """
    known: list[tuple[Column, ...]] = []
    firsts: list[TableRaw] = []
    found = Survey()

    def refuse(record: BadRecord) -> None:
        _skip(found, str(Place(path, record.line)), record.message)

    told = refuse if skip else None
    for piece in chunks(path, delimiter, missing, told):
        if not known:
            known.append(columns(piece))
            firsts.append(piece)
        _count(found, _usable(piece, known[0], judge, skip, found), known[0])
    if not known:
        raise DataError("DATA-CSV-EMPTY", "the file has a header and no rows", place=Place(path, 1))
    if found.left_out > skip * (found.rows + found.left_out):
        where, reason = next(iter(found.skipped.items()))
        share = f"{found.left_out:,} of {found.rows + found.left_out:,} rows cannot be used"
        message = f"{share}; data.on_bad_row allows {skip:.2%}; the first: {where}: {reason}"
        raise DataError("DATA-BAD-ROWS", message, place=Place(path))

    def read() -> Iterator[TableRaw]:
        nobody = Survey()
        silent = (lambda record: None) if skip else None
        for piece in chunks(path, delimiter, missing, silent):
            usable = _usable(piece, known[0], judge, skip, nobody)
            if usable.rows:
                yield usable

    return LargeRaw(path, read, firsts[0], found, digest(path))


def described(raw: LargeRaw, columns: tuple[Column, ...], target: Target) -> tuple[tuple[Column, ...], Target]:
    """Columns and target of the first rows with what all rows say: counts, ranges, categories, classes."""
    facts = raw.survey
    if target.kind == "classes":
        counted = facts.names[target.names[0]]
        names = _whole(counted)
        if len(names) >= NAMES:
            message = f'the target column "{target.names[0]}" holds {NAMES:,} different values or more'
            raise DataError("DATA-TARGET", f"{message}: too many for classes", place=Place(raw.path))
        classes = class_order(list(names))
        target = replace(target, classes=tuple(classes), counts=tuple(names[name] for name in classes))
    elif target.kind == "labels":
        target = replace(target, counts=())
    return tuple(_described(column, facts, target) for column in columns), target


def load(raw: LargeRaw, signature: Signature, split: Split, seed: int, augment: tuple[Any, ...]) -> Loaded:
    """Splits row by row, fits on rows spread over the training part, and prepares the training rows into a file."""
    aside: list[list[TableRaw]] = [[], [], []]
    every = max(1, raw.rows // FITTED)
    parts, counts, seen = Records(np.dtype(np.uint8)), np.zeros(3, np.int64), 0
    for piece in raw.read():
        part_N = split.assign(Facts(piece.hashes(), source=raw.path), seed).astype(np.uint8)
        parts.append(part_N)
        counts += np.bincount(part_N, minlength=3)
        spread_N = (np.arange(seen, seen + piece.rows) % every == 0) & (part_N == 0)
        for code, keep_N in ((0, spread_N), (1, part_N == 1), (2, part_N == 2)):
            if keep_N.any():
                aside[code].append(piece.take(keep_N))
        seen += piece.rows
    if not counts[0]:
        raise DataError("DATA-SPLIT", "the split leaves no row to train on", place=Place(raw.path))
    preparation, signature = fit(_joined(aside[0]), signature)
    aside[0].clear()
    train = _stored(raw, preparation, signature, parts, int(counts[0]))
    empty = train.part(0, 0)
    valid, test = (preparation.apply(_joined(rows), signature) if rows else empty for rows in (aside[1], aside[2]))
    form = forms.vector(preparation.width)
    dataset = Dataset(train, valid, test, form, preparation.categories, preparation.scale, augment)
    share = {name: int(count) for name, count in zip(PARTS, counts, strict=True)}
    return Loaded(dataset, preparation, signature, share)


def findings(raw: LargeRaw) -> tuple[Finding, ...]:
    """That the table was read in pieces, and the rows that were left out."""
    message = (
        f"{raw.rows:,} rows are read piece by piece; leaks and hazards were looked for in the first "
        f"{raw.first.rows:,}, means and scales come from at most {FITTED:,} training rows."
    )
    told = [Finding("large-table", "info", message, "")]
    if raw.survey.left_out:
        where, reason = next(iter(raw.survey.skipped.items()))
        count = raw.survey.left_out
        message = f"{count} rows were left out as data.on_bad_row allows; the first: {where}: {reason}."
        evidence: dict[str, float | int | str] = {"rows": count, "first places": "; ".join(raw.survey.skipped)}
        told.append(Finding("bad-rows", "warning", message, "", evidence, "Mend them at their source."))
    return tuple(told)


def _stored(raw: LargeRaw, preparation: TablePreparation, signature: Signature, parts: Records, count: int) -> Stored:
    """The training rows, prepared, in a file."""
    records: Records | None = None
    position = 0
    for piece in raw.read():
        part_N = parts.read(position, position + piece.rows)
        keep_N = np.flatnonzero(part_N == 0)
        if len(keep_N):
            batch = preparation.apply(piece.take(keep_N), signature)
            rows = _packed(batch, keep_N + position)
            if records is None:
                records = Records(rows.dtype)
            records.append(rows)
        position += piece.rows
    assert records is not None and records.count == count
    return Stored(count, records.read, _unpacked)


def _packed(batch: Batch, row_N: np.ndarray) -> np.ndarray:
    """A prepared piece as records."""
    number_BD = batch.input.number_BD if isinstance(batch.input, Rows) else batch.input
    assert isinstance(number_BD, torch.Tensor) and batch.target is not None
    fields: dict[str, np.ndarray] = {"number": number_BD.numpy(), "row": row_N.astype(np.int64)}
    if isinstance(batch.input, Rows):
        fields["code"] = batch.input.code_BK.numpy().astype(np.int32)
    coded = not batch.target.is_floating_point()
    fields["target"] = batch.target.numpy().astype(np.int32 if coded else np.float32)
    if batch.weight_B is not None:
        fields["weight"] = batch.weight_B.numpy()
    dtype = np.dtype([(name, value.dtype, value.shape[1:]) for name, value in fields.items()])
    packed = np.empty(len(row_N), dtype)
    for name, value in fields.items():
        packed[name] = value
    return packed


def _unpacked(rows: np.ndarray) -> Batch:
    """Records as a batch."""
    number_BD = torch.from_numpy(rows["number"].copy())
    names = rows.dtype.names or ()
    signal = Rows(number_BD, torch.from_numpy(rows["code"].astype(np.int64))) if "code" in names else number_BD
    target = rows["target"].astype(np.int64) if rows["target"].dtype.kind == "i" else rows["target"].copy()
    weight_B = torch.from_numpy(rows["weight"].copy()) if "weight" in names else None
    return Batch(signal, torch.from_numpy(target), weight_B, torch.from_numpy(rows["row"].copy()))


def _usable(piece: TableRaw, columns: tuple[Column, ...], judge: Judge, skip: float, found: Survey) -> TableRaw:
    """The rows that fit. Raises: DataError for the first that does not where none may be left out."""
    bad = judge(piece, columns)
    if not bad:
        return piece
    if not skip:
        raise min(bad, key=lambda cells: cells.rows[0]).error(piece)
    keep_N = np.ones(piece.rows, bool)
    for cells in bad:
        for row in cells.rows:
            if keep_N[row]:
                _skip(found, str(piece.place(row)), cells.message)
            keep_N[row] = False
    return piece.take(keep_N)


def judged(targets: tuple[str, ...], rules: tuple[str, ...]) -> Judge:
    """What finds the cells of a piece that do not fit its columns, blank targets, and rows that break a rule."""

    def judge(piece: TableRaw, columns: tuple[Column, ...]) -> list[BadCells]:
        used = [column for column in columns if column.role in ("input", "target", "weight")]
        bad = [cells for column in used for cells in misfits(piece, column)] + blank_targets(piece, targets)
        return bad or broken(piece, rules, columns)

    return judge


def _skip(found: Survey, where: str, reason: str) -> None:
    found.left_out += 1
    if len(found.skipped) < SKIPPED_SHOWN:
        found.skipped[where] = reason


def _count(found: Survey, piece: TableRaw, columns: tuple[Column, ...]) -> None:
    """Adds what a piece says to what all say."""
    found.rows += piece.rows
    for column in columns:
        cells = piece.frame[column.name]
        found.missing[column.name] += cells.null_count()
        if column.type in ("number", "date") and column.role in ("input", "target", "weight"):
            number = values(cells, column.type)
            number = number[number == number]
            if len(number):
                low, high = float(number.min()), float(number.max())
                found.low[column.name] = min(found.low.get(column.name, low), low)
                found.high[column.name] = max(found.high.get(column.name, high), high)
        if column.role == "target" or (column.type == "category" and column.role == "input"):
            _count_names(found.names.setdefault(column.name, Counter()), cells)


def _count_names(names: Counter[str], cells: pl.Series) -> None:
    table = cells.drop_nulls().value_counts()
    for name, count in zip(table[:, 0].to_list(), table[:, 1].to_list(), strict=True):
        if name in names or len(names) < NAMES:
            names[name] += count


def _whole(counted: Mapping[str, int]) -> Counter[str]:
    """Numbers that serve as names without their `.0`."""
    import polars as pl

    names = Counter[str]()
    for name, plain in zip(counted, class_names(pl.Series(list(counted), dtype=pl.String)).to_list(), strict=True):
        names[plain] += counted[name]
    return names


def _described(column: Column, facts: Survey, target: Target) -> Column:
    name = column.name
    column = replace(column, missing=facts.missing[name], low=facts.low.get(name), high=facts.high.get(name))
    if name == target.names[0] and target.kind == "classes":
        kind = "boolean" if column.type == "boolean" else "category"
        return replace(column, type=kind, categories=target.classes, distinct=len(target.classes))
    if column.type == "category" and column.role == "input":
        counted = facts.names[name]
        ordered = tuple(item for item, _ in sorted(_whole(counted).items(), key=lambda pair: (-pair[1], pair[0])))
        return replace(column, categories=ordered, distinct=len(ordered))
    return column


def _joined(pieces: list[TableRaw]) -> TableRaw:
    """Pieces of one file as one table."""
    import polars as pl

    frame = pl.concat([piece.frame for piece in pieces])
    return replace(pieces[0], frame=frame, line_N=np.concatenate([piece.line_N for piece in pieces]))


def is_large(path: str | None) -> bool:
    """Whether a path is a CSV file that is read piece by piece."""
    if path is None:
        return False
    file = Path(path)
    return file.suffix.lower() in (".csv", ".tsv", ".tab", ".txt") and file.is_file() and file.stat().st_size >= LARGE
