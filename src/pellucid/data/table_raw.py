"""A table as read: every cell is tidy text or missing, and every row knows the line where it starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b, sha256
from typing import TYPE_CHECKING, Literal

from pellucid.data.signature import Signature
from pellucid.errors import DataError, Place, clean, did_you_mean, quote
from pellucid.findings import Finding

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

MOST_COLUMNS = 100_000
CHUNK = 50_000
"""Rows that are held as Python text before they become columns."""


@dataclass(frozen=True)
class TableRaw:
    """Rows of one table, from one or several files, or from memory."""

    frame: pl.DataFrame
    """Every column is String; null is a missing cell."""
    line_N: np.ndarray
    """int64: line where the record starts, or its number, counted from 1."""
    fingerprint: str
    """SHA-256 over the bytes of the files, or over the cells of a frame."""
    files: tuple[str, ...] = ()
    """Paths as given; empty for rows in memory."""
    file_N: np.ndarray | None = None
    """uint8: which file each row came from; None where there is at most one."""
    unit: Literal["line", "row"] = "line"
    """What `line_N` counts: lines of a text file, or rows."""
    skipped: Mapping[str, str] = field(default_factory=dict)
    """Rows that were left out by `on_bad_row`: place -> reason."""
    findings: tuple[Finding, ...] = ()
    """What was noticed when reading rows for prediction."""

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self.frame.height

    @property
    def names(self) -> list[str]:
        """The columns, in file order."""
        return self.frame.columns

    def place(self, row: int | None = None) -> Place:
        """Where a row is; the table itself without one."""
        file = self.files[0 if self.file_N is None or row is None else int(self.file_N[row])] if self.files else None
        if row is None:
            return Place(file)
        number = int(self.line_N[row])
        return Place(file, number) if self.unit == "line" else Place(file, path=f"row {number}")

    def column(self, name: str) -> pl.Series:
        """The cells of one column.

        Raises: DataError with the nearest name where there is none.
        """
        if name not in self.frame.columns:
            hint = did_you_mean(name, self.names)
            raise DataError("DATA-COLUMN", f"there is no column {quote(name)}", place=self.place(), hint=hint)
        return self.frame[name]

    def names_of_rows(self, signature: Signature) -> dict[str, list[str | None]]:
        """The id columns that are here."""
        names = [column.name for column in signature.columns if column.role == "id" and column.name in self.names]
        return {name: self.frame[name].to_list() for name in names}

    def cells(self, row: int) -> dict[str, str]:
        """One row as it stood, missing cells left out."""
        return {name: cell for name, cell in self.frame.row(row, named=True).items() if cell is not None}

    def take(self, keep_N: np.ndarray) -> TableRaw:
        """The rows where `keep_N` (bool) is true, or at the positions it lists."""
        import numpy as np

        index = np.flatnonzero(keep_N) if keep_N.dtype == bool else keep_N
        file_N = None if self.file_N is None else self.file_N[index]
        return replace(self, frame=self.frame[index], line_N=self.line_N[index], file_N=file_N)

    def hashes(self, columns: list[str] | None = None) -> np.ndarray:
        """uint64 hash of each row over `columns` (all of them), whatever their order in the file."""
        import numpy as np

        joined = self._joined(sorted(columns if columns is not None else self.names))
        hashed = [blake2b(text.encode(), digest_size=8).digest() for text in joined]
        return np.frombuffer(b"".join(hashed), "<u8").astype(np.uint64)

    def chances(self, columns: list[str]) -> np.ndarray:
        """float64: for each row the probability that another one is equal to it in `columns`, were they independent."""
        import numpy as np
        import polars as pl

        if not columns:
            return np.ones(self.rows)
        shares = [pl.len().over(name) / self.rows for name in columns]
        return self.frame.select(pl.reduce(lambda one, other: one * other, shares)).to_series().to_numpy()

    def _joined(self, columns: list[str]) -> list[str]:
        import polars as pl

        if not columns:
            return [""] * self.rows
        cells = [pl.col(name).fill_null("\x00") for name in columns]
        return self.frame.select(pl.concat_str(cells, separator="\x1f")).to_series().to_list()


def cell_fingerprint(frame: pl.DataFrame) -> str:
    """SHA-256 over names and cells of a frame that has no file."""
    import numpy as np

    digest = sha256("\x1f".join(frame.columns).encode())
    raw = TableRaw(frame, np.arange(1, frame.height + 1), "")
    for text in raw._joined(frame.columns):
        digest.update(b"\x1e" + text.encode())
    return digest.hexdigest()


def tidy_name(name: str) -> str:
    """A column name on one line, without blanks around it."""
    return " ".join(name.split())


def check_names(names: list[str], place: Place) -> None:
    """Raises: DataError for an empty, unprintable or repeated column name, and for too many."""
    if len(names) > MOST_COLUMNS:
        raise DataError("DATA-CSV-COLUMNS", f"{len(names)} columns; at most {MOST_COLUMNS} are read", place=place)
    seen: dict[str, int] = {}
    for number, name in enumerate(names, 1):
        if not name:
            raise DataError("DATA-CSV-HEADER", f"column {number} of the header has no name", place=place)
        if clean(name) != name:
            message = f"column {number} of the header, {quote(name)}, holds a control character"
            raise DataError("DATA-CSV-HEADER", message, place=place)
        if name in seen:
            message = f"column {quote(name)} is in the header twice, as number {seen[name]} and {number}"
            raise DataError("DATA-CSV-HEADER", message, place=place, hint="give each column a name of its own")
        seen[name] = number


def join(parts: list[TableRaw]) -> TableRaw:
    """Tables with the same columns as one; the columns may stand in another order.

    Raises: DataError naming the first column that one of them lacks.
    """
    import numpy as np
    import polars as pl

    first = parts[0]
    for part in parts[1:]:
        for name in first.names:
            part.column(name)
        for name in part.names:
            first.column(name)
    frame = pl.concat([part.frame.select(first.names) for part in parts])
    digest = sha256("".join(part.fingerprint for part in parts).encode()).hexdigest()
    file_N = np.repeat(np.arange(len(parts), dtype=np.uint8), [part.rows for part in parts])
    files = tuple(part.files[0] for part in parts)
    line_N = np.concatenate([part.line_N for part in parts])
    skipped = {place: reason for part in parts for place, reason in part.skipped.items()}
    return TableRaw(frame, line_N, digest, files, file_N, first.unit, skipped)
