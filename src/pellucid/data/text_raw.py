"""Texts as read: rows of a table of which one column is the text, and the words and labels of tagged sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from pellucid.data.signature import Signature
from pellucid.data.table_raw import TableRaw, cell_fingerprint, join
from pellucid.data.text_long import Document, LongText
from pellucid.errors import DataError, Place
from pellucid.findings import Finding

if TYPE_CHECKING:
    import numpy as np

Shape = Literal["rows", "documents", "tagged"]
FILE, TEXT, FOLDER, LABEL, PART = "file", "text", "folder", "label", "split"
"""What the columns are called that no header names."""


@dataclass(frozen=True)
class TextRaw:
    """Texts with whatever else stands beside them."""

    shape: Shape
    """`rows`: a table; `documents`: running text; `tagged`: words with a label each."""
    table: TableRaw
    """Every column; for tagged sentences the words with a blank between them."""
    text: str = TEXT
    """The column of the texts; of pairs, of the sentences that are translated."""
    into: str = ""
    """Of pairs, the column of the sentences to write."""
    target: tuple[str, ...] = ()
    why: str = ""
    """Why this is the column of the texts."""
    confidence: float = 1.0
    words: Sequence[Sequence[str]] = ()
    labels: Sequence[Sequence[str]] = ()
    """Of tagged sentences; no labels where they are new."""
    filed: bool = False
    """Whether every text is a file of its own, named in the column `file`."""
    skipped: Mapping[str, str] = field(default_factory=dict)
    """Rows that were left out by `on_bad_row`: place -> reason."""
    coded: tuple[Sequence[np.ndarray], ...] = ()
    """The codes of the texts (and of the sentences to write), where they were looked up already."""
    findings: tuple[Finding, ...] = ()
    long: tuple[LongText, ...] = ()
    """Running text that stays in its files; the table has the beginning of each."""

    @property
    def rows(self) -> int:
        """Texts, documents or sentences."""
        return self.table.rows

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the content."""
        return self.table.fingerprint

    @property
    def documents(self) -> Sequence[Document]:
        """The whole texts, wherever they are."""
        return self.long or self.texts()

    def texts(self, column: str | None = None) -> list[str]:
        """The texts, empty where the cell is."""
        return self.table.frame[column or self.text].fill_null("").to_list()

    def names_of_rows(self, signature: Signature) -> dict[str, list[str | None]]:
        """File names and ids; nothing for running text, whose rows are windows of it."""
        if signature.target is not None and signature.target.kind == "next":
            return {}
        found = self.table.names_of_rows(signature)
        return {FILE: self.table.frame[FILE].to_list(), **found} if self.filed else found

    def place(self, row: int | None = None) -> Place:
        """Where a text is."""
        if row is not None and self.filed:
            return Place(self.table.frame[FILE][row])
        return self.table.place(row)

    def take(self, keep_N: np.ndarray) -> TextRaw:
        """The rows where `keep_N` (bool) is true."""
        import numpy as np

        index = np.flatnonzero(keep_N)
        words, labels = ([part[row] for row in index.tolist()] if part else part for part in (self.words, self.labels))
        long = tuple(self.long[row] for row in index.tolist()) if self.long else ()
        return replace(self, table=self.table.take(keep_N), words=words, labels=labels, long=long)


def of_columns(columns: Mapping[str, Sequence[str | None]], **fields: Any) -> TableRaw:
    """A table of text cells that are kept as they are; `fields` say where it is from.

    Raises: DataError where columns differ in length or there are no rows.
    """
    import numpy as np
    import polars as pl

    lengths = {name: len(cells) for name, cells in columns.items()}
    if len(set(lengths.values())) > 1:
        raise DataError("DATA-CELL", f"the columns have different lengths: {lengths}")
    if not next(iter(lengths.values()), 0):
        raise DataError("DATA-CSV-EMPTY", "there are no texts")
    frame = pl.DataFrame([pl.Series(name, cells, pl.String) for name, cells in columns.items()])
    line_N = fields.pop("line_N", None)
    line_N = np.arange(1, frame.height + 1) if line_N is None else np.array(line_N, np.int64)
    fields.setdefault("fingerprint", cell_fingerprint(frame))
    return TableRaw(frame, line_N, **{"unit": "row", **fields})


def joined(parts: list[TextRaw]) -> TextRaw:
    """Parts in files of their own as one; `table.file_N` says which is which."""
    if len(parts) == 1:
        return parts[0]
    shapes = {part.shape for part in parts}
    if len(shapes) > 1:
        raise DataError("DATA-SPLIT", f"the files of the split hold different things: {', '.join(sorted(shapes))}")
    tables = [part.table if part.table.files else replace(part.table, files=("",)) for part in parts]
    words = [row for part in parts for row in part.words]
    labels = [row for part in parts for row in part.labels]
    skipped = {place: reason for part in parts for place, reason in part.skipped.items()}
    long = tuple(text for part in parts for text in part.long)
    return replace(parts[0], table=join(tables), words=words, labels=labels, skipped=skipped, long=long)
