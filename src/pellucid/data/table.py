"""Tables: CSV and TSV, JSON lines, Parquet, an embedded set, or a frame in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import field_validator

from pellucid import forms
from pellucid.data.columns import BadCells, Told, understand
from pellucid.data.embedded import EMBEDDED
from pellucid.data.rules import broken, parse
from pellucid.data.signature import Column, ColumnType, Role, Signature
from pellucid.data.source import Data, Loaded, Raw
from pellucid.data.split import Split
from pellucid.data.splitting import ByColumn, ByFiles, ByGroup, ByTime, Facts, Hash
from pellucid.data.table_raw import TableRaw, join
from pellucid.errors import DataError, Place, quote
from pellucid.findings import Finding

if TYPE_CHECKING:
    import numpy as np

    from pellucid.data.large import LargeRaw
    from pellucid.data.prepare import TablePreparation


class Table(Data):
    """Rows and named columns: a CSV, TSV, JSON lines or Parquet file, an embedded set, or a frame in memory."""

    kind: Literal["table"] = "table"
    columns: dict[str, Told] = {}
    """What columns are, where the guess is wrong: a type, or drop, group, time, weight or id."""
    rules: tuple[str, ...] = ()
    """What must hold in every row, such as `age >= 0`, `start <= end` or `state in {open, closed}`."""
    missing: tuple[str, ...] = ()
    """Further words that mean a missing cell, such as `unknown` or `-999`."""
    delimiter: Literal[",", ";", "\t", "|"] | None = None
    """What stands between cells; none given: what the header has most of."""
    decimal: Literal[".", ","] = "."
    """What stands before the fraction of a number."""

    @field_validator("rules")
    @classmethod
    def _rules_can_be_read(cls, rules: tuple[str, ...]) -> tuple[str, ...]:
        for rule in rules:
            parse(rule)
        return rules

    @property
    def targets(self) -> tuple[str, ...]:
        """The target columns; that of the embedded set where none is given."""
        if self.target is None:
            return (EMBEDDED[self.path].target,) if self.path is not None and self._is_embedded() else ()
        return (self.target,) if isinstance(self.target, str) else self.target

    def read(self) -> TableRaw | LargeRaw:
        """All rows of the path, and of the files of a `by_files` split; bad rows left out where that is allowed.

        A large CSV file is only looked through: its rows are read again when they are needed.

        Raises: DataError with file, line and column at the first thing that cannot be used.
        """
        if self.path is None:
            message = "data.path is missing: the rows were handed over in memory and are not kept"
            raise DataError("DATA-FILE", message, hint="give data.path, or hand the frame over again")
        if self.targets and self._in_pieces():
            return self._surveyed(self.path)
        files = [self.path]
        if isinstance(self.split, ByFiles):
            files += [file for file in (self.split.valid, self.split.test) if file is not None]
        parts = [self._read_file(file) for file in files]
        raw = parts[0] if len(parts) == 1 else join(parts)
        return self._without_bad(raw)

    def from_frame(self, frame: Any, target: Any = None) -> TableRaw:
        """Rows in memory: a pandas or polars frame, a mapping of columns, or a two-dimensional array.

        `target`, where given, is one column (or a frame of columns) that is added under the names of `data.target`.
        Raises: DataError naming the row and column of what is no plain value.
        """
        from pellucid.data.frames import add_columns, from_memory

        raw = from_memory(frame, self.missing)
        if target is not None:
            raw = add_columns(raw, self.targets, target)
        return self._without_bad(raw)

    def read_rows(self, rows: Any) -> TableRaw:
        """`from_frame` of a frame, a mapping or an array, or of a pair (inputs, target)."""
        return self.from_frame(*rows) if type(rows) is tuple else self.from_frame(rows)

    def inspect(self, raw: Raw) -> Signature:
        """What every column is and why, the target, and what looks dangerous.

        Raises: DataError for cells that do not fit, blank targets, broken rules, and targets that teach nothing.
        """
        from pellucid.data.hazards import hazards
        from pellucid.data.targets import find_target

        if not isinstance(raw, TableRaw):
            return self._inspect_large(raw)
        if not self.targets:
            find_target(raw, (), (), {})
        columns, bad = self._understand(raw)
        if bad:
            raise min(bad, key=lambda cells: cells.rows[0]).error(raw)
        target = find_target(raw, self.targets, columns, self.columns)
        columns = tuple(
            column if column.name != target.names[0] or target.kind != "classes" else _as_target(column, target.classes)
            for column in columns
        )
        findings = (*_skipped(raw), *hazards(raw, columns, target))
        source = self.path or "rows in memory"
        return Signature(
            "table", source, raw.rows, raw.fingerprint, target, columns, findings=findings, notes=self._notes()
        )

    def facts(self, raw: Raw, signature: Signature) -> Facts:
        """What a split may look at."""
        from pellucid.data.columns import values
        from pellucid.data.targets import target_codes

        assert isinstance(raw, TableRaw)
        target = signature.target
        types: dict[str, ColumnType] = {column.name: column.type for column in signature.columns}
        class_N = None
        if target is not None and target.kind == "classes":
            class_N = target_codes(raw.frame[target.names[0]], target)

        def number(name: str) -> np.ndarray:
            cells = raw.column(name)
            if types[name] not in ("number", "date"):
                message = f'column "{name}" holds neither numbers nor dates; it orders nothing'
                raise DataError("DATA-SPLIT", message, place=raw.place(), hint="dates are written 2024-12-31")
            return values(cells, types[name])

        return Facts(
            raw.hashes(), class_N, lambda name: raw.column(name).to_numpy(), number, self._part_of(raw), self.path
        )

    def load(self, raw: Raw, signature: Signature, split: Split, seed: int) -> Loaded:
        """Splits first, then fits the preparation on the train rows only."""
        import numpy as np
        import torch

        from pellucid.data.batch import Dataset
        from pellucid.data.prepare import fit
        from pellucid.data.signature import PARTS

        if not isinstance(raw, TableRaw):
            from pellucid.data import large

            assert isinstance(raw, large.LargeRaw)
            return large.load(raw, signature, split, seed, self.augment)
        facts = self.facts(raw, signature)
        part_N = split.assign(facts, seed)
        findings = _split_findings(raw, signature, facts, part_N, split)
        preparation, signature = fit(raw.take(part_N == 0), signature)
        whole = preparation.apply(raw, signature)
        train, valid, test = (whole.take(torch.from_numpy(np.flatnonzero(part_N == code))) for code in range(3))
        dataset = Dataset(
            train,
            valid,
            test,
            forms.vector(preparation.width),
            preparation.categories,
            preparation.scale,
            self.augment,
        )
        share = {name: int((part_N == code).sum()) for code, name in enumerate(PARTS)}
        return Loaded(dataset, preparation, signature.replace(findings=(*signature.findings, *findings)), share)

    def restore(self, arrays: Mapping[str, np.ndarray], signature: Signature) -> TablePreparation:
        """The preparation that `arrays` was saved from."""
        from pellucid.data.prepare import restore

        return restore(arrays, signature)

    def read_new(self, source: Any, signature: Signature, *, labelled: bool = False) -> TableRaw:
        """Rows for prediction, from a path or from memory: columns in any order, others are passed by.

        With `labelled` every row must have a target that is known; `source` may then be a pair (inputs, target).
        Raises: SchemaError naming the column that is missing, or line and column of a cell that does not fit.
        """
        from pellucid.data.frames import add_columns, from_memory
        from pellucid.data.new_rows import fit_schema, require_target

        if isinstance(source, str | Path):
            raw = self._read_file(str(source), strict=True)
        else:
            inputs, target = source if type(source) is tuple else (source, None)
            raw = from_memory(inputs, self.missing)
            if target is not None and signature.target is not None:
                raw = add_columns(raw, signature.target.names, target)
        if labelled:
            require_target(raw, signature)
        return fit_schema(raw, signature)

    def _in_pieces(self) -> bool:
        """Whether the rows are too many to be held at once, and nothing that was asked for needs all of them."""
        from pellucid.data.chunks import chunks
        from pellucid.data.large import is_large

        if self.decimal != "." or not (self.split is None or isinstance(self.split, Hash)) or not is_large(self.path):
            return False
        assert self.path is not None
        first = next(chunks(self.path, self.delimiter, self.missing), None)
        if first is None:
            return False
        columns, bad = self._understand(first)  # a column that splits the rows is looked at as a whole
        return bool(bad) or not any(column.role in ("split", "group", "time") for column in columns)

    def _surveyed(self, path: str) -> LargeRaw:
        from pellucid.data import large

        def columns(first: TableRaw) -> tuple[Column, ...]:
            return self._understand(first)[0]

        skip = 0.0 if self.on_bad_row == "error" else self.on_bad_row.skip
        judge = large.judged(self.targets, self.rules)
        return large.survey(path, columns, judge, delimiter=self.delimiter, missing=self.missing, skip=skip)

    def _inspect_large(self, raw: Raw) -> Signature:
        from pellucid.data import large
        from pellucid.data.hazards import hazards
        from pellucid.data.targets import find_target

        assert isinstance(raw, large.LargeRaw)
        columns = self._understand(raw.first)[0]
        target = find_target(raw.first, self.targets, columns, self.columns)
        told = hazards(raw.first, columns, target)
        columns, target = large.described(raw, columns, target)
        findings = (*large.findings(raw), *told)
        facts = (raw.path, raw.rows, raw.fingerprint, target, columns)
        return Signature("table", *facts, pieces=True, findings=findings)

    def _is_embedded(self) -> bool:
        return self.path in EMBEDDED and EMBEDDED[self.path].kind == "table" and not Path(self.path).exists()

    def _read_file(self, path: str, *, strict: bool = False) -> TableRaw:
        """`strict` refuses bad rows whatever `on_bad_row` says: a prediction has one row for each that was given."""
        from pellucid.data.reading import read_table

        refused: dict[str, str] = {}
        raw = read_table(path, self.delimiter, self.missing, None if strict or self.on_bad_row == "error" else refused)
        return _with_points(raw) if self.decimal == "," else raw

    def _roles(self) -> dict[str, Role]:
        """What the split makes of columns."""
        if isinstance(self.split, ByGroup):
            return {self.split.column: "group"}
        if isinstance(self.split, ByTime):
            return {self.split.column: "time"}
        if isinstance(self.split, ByColumn):
            return {self.split.column: "split"}
        if self.path is not None and self._is_embedded():
            own = EMBEDDED[self.path].split_column
            return {} if own in self.columns else {own: "split"}
        return {}

    def _understand(self, raw: TableRaw) -> tuple[tuple[Column, ...], list[BadCells]]:
        from pellucid.data.targets import blank_targets

        columns, bad = understand(raw, self.targets, self.columns, self._roles())
        bad += blank_targets(raw, self.targets)
        bad += _bad_weights(raw, columns)
        # Rules count with cells: they are looked at once all cells are what they should be.
        return columns, bad or broken(raw, self.rules, columns)

    def _without_bad(self, raw: TableRaw) -> TableRaw:
        """Leaves bad rows out as `on_bad_row` allows."""
        import numpy as np

        if self.on_bad_row == "error":
            return raw
        total = raw.rows + len(raw.skipped)
        skipped = dict(raw.skipped)
        while bad := self._understand(raw)[1]:
            keep_N = np.ones(raw.rows, bool)
            for cells in bad:
                for row in cells.rows:
                    skipped[str(raw.place(row))] = cells.message if row == cells.rows[0] else f'column "{cells.column}"'
                keep_N[list(cells.rows)] = False
            if len(skipped) > self.on_bad_row.skip * total or not keep_N.any():
                break
            raw = raw.take(keep_N)
        if len(skipped) > self.on_bad_row.skip * total:
            where, reason = next(iter(skipped.items()))
            message = (
                f"{len(skipped)} of {total} rows cannot be used; data.on_bad_row allows {self.on_bad_row.skip:.2%}"
            )
            raise DataError("DATA-BAD-ROWS", f"{message}; the first: {where}: {reason}", place=raw.place())
        return replace(raw, skipped=skipped)

    def _part_of(self, raw: TableRaw) -> np.ndarray | None:
        """uint8: part of each row by its file."""
        import numpy as np

        if raw.file_N is None or not isinstance(self.split, ByFiles):
            return None
        order = [0] + [code for code, file in ((1, self.split.valid), (2, self.split.test)) if file is not None]
        return np.array(order, np.uint8)[raw.file_N]

    def _notes(self) -> dict[str, str]:
        if self.path is None or not self._is_embedded():
            return {}
        known = EMBEDDED[self.path]
        return {"title": known.title, "licence": known.licence, "origin": known.origin}


def _as_target(column: Column, classes: tuple[str, ...]) -> Column:
    return replace(column, type="boolean" if column.type == "boolean" else "category", categories=classes)


def _with_points(raw: TableRaw) -> TableRaw:
    """Decimal commas as decimal points, in the columns where most cells are such numbers."""
    import polars as pl

    from pellucid.data.cells import DECIMAL_COMMA, NUMBER

    columns: list[pl.Series] = []
    for cells in raw.frame.get_columns():
        fits = cells.str.contains(DECIMAL_COMMA) | cells.str.contains(NUMBER)
        mostly = bool(fits.sum() * 2 > max(1, len(cells) - cells.null_count()))
        columns.append(cells.str.replace(r"^(-?[0-9]+),([0-9]+)$", "${1}.${2}") if mostly else cells)
    return replace(raw, frame=pl.DataFrame(columns))


def _bad_weights(raw: TableRaw, columns: tuple[Column, ...]) -> list[BadCells]:
    import numpy as np

    from pellucid.data.cells import numbers

    found: list[BadCells] = []
    for column in columns:
        if column.role != "weight":
            continue
        weight_N = numbers(raw.frame[column.name])
        rows = np.flatnonzero(~(weight_N >= 0))
        if len(rows):
            cell = raw.frame[column.name][int(rows[0])]
            message = f'column "{column.name}": {quote(cell)} is not a weight (a number from 0 on)'
            hint = "mend the cell; or data.on_bad_row: {skip: 0.01}"
            found.append(BadCells(column.name, tuple(rows.tolist()), "DATA-WEIGHT", message, hint))
        elif not weight_N.sum():
            raise DataError("DATA-WEIGHT", f'column "{column.name}": all weights are 0', place=Place(raw.place().file))
    return found


def _skipped(raw: TableRaw) -> tuple[Finding, ...]:
    if not raw.skipped:
        return ()
    where, reason = next(iter(raw.skipped.items()))
    count = len(raw.skipped)
    message = f"{count} rows were left out as data.on_bad_row allows; the first: {where}: {reason}."
    evidence: dict[str, float | int | str] = {"rows": count, "first places": "; ".join(list(raw.skipped)[:20])}
    return (Finding("bad-rows", "warning", message, "", evidence, "Mend them at their source."),)


def _split_findings(
    raw: TableRaw, signature: Signature, facts: Facts, part_N: np.ndarray, split: Split
) -> tuple[Finding, ...]:
    from pellucid.data.leaks import check_parts, shared_groups, shared_rows, shared_time

    classes = signature.target.classes if signature.target is not None else ()
    found = [*check_parts(part_N, facts, classes, split)]
    learnt = [column.name for column in signature.columns if column.role in ("input", "target")]
    found += shared_rows(raw.hashes(learnt), part_N, lambda: raw.chances(learnt))
    for column in signature.columns:
        if column.role == "group":
            found += shared_groups(column.name, facts.text(column.name), part_N)
        if column.role == "time":
            found += shared_time(column.name, facts.number(column.name), part_N)
    return tuple(found)
