"""Text: tables with a column of it, folders, plain files, tagged sentences, pairs of sentences, or texts in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from annotated_types import Ge, Le

from pellucid.data.embedded import EMBEDDED
from pellucid.data.signature import Role, Signature
from pellucid.data.source import Data, Loaded, Raw
from pellucid.data.split import Split
from pellucid.data.splitting import ByColumn, ByFiles, ByGroup, ByTime
from pellucid.data.tokenizers import Tokenizer
from pellucid.errors import DataError

if TYPE_CHECKING:
    import numpy as np

    from pellucid.data.text_prepare import TextPreparation
    from pellucid.data.text_raw import TextRaw


class Text(Data):
    """Texts with classes, labels or numbers to learn, words with a label each, sentences to translate, or running text.

    The path names a CSV, TSV, JSON lines or Parquet file with a column of texts; a folder with one folder of .txt files
    for each class; a plain text or a folder of them, of which each token is learnt from those before; a CoNLL file; or
    an embedded set. Two columns of sentences are a translation.
    """

    kind: Literal["text"] = "text"
    text: str | None = None
    """The column of the texts. Planned: the one that is called so, or whose cells are the longest."""
    into: str | None = None
    """The column of sentences to write from the texts; where its cells have several words, `target` says the same."""
    tokenizer: Tokenizer | None = None
    """What texts are cut into. Planned: words for classes and labels, characters for running text."""
    length: Annotated[int, Ge(1), Le(2**16)] | None = None
    """Tokens of a text that are read, from its beginning. Planned: those of the longest, at most 512."""
    window: Annotated[int, Ge(2), Le(2**16)] | None = None
    """Tokens of running text that are read at once. Planned: 128."""

    @property
    def targets(self) -> tuple[str, ...]:
        """The target columns; that of the embedded set where none is given."""
        if self.target is None:
            known = self._embedded()
            return (EMBEDDED[known].target,) if known else ()
        return (self.target,) if isinstance(self.target, str) else self.target

    def read(self) -> TextRaw:
        """All texts of the path, and of the files of a `by_files` split; bad ones left out where that is allowed.

        Raises: DataError with file, line and reason at the first thing that cannot be used.
        """
        from pellucid.data.text_files import Reader, is_long
        from pellucid.data.text_raw import joined

        if self.path is None:
            message = "data.path is missing: the texts were handed over in memory and are not kept"
            raise DataError("DATA-FILE", message, hint="give data.path, or hand the texts over again")
        files = [self.path]
        if isinstance(self.split, ByFiles):
            files += [file for file in (self.split.valid, self.split.test) if file is not None]
        reader = Reader(next(iter(self.targets), None), self.on_bad_row != "error", long=is_long(files))
        return self._settled(joined([reader.read(file) for file in files]), self.targets)

    def read_rows(self, rows: Any) -> TextRaw:
        """Texts in memory: (texts, labels); texts alone, which are running text; a frame or mapping of columns.

        Lists of words in the place of texts are tagged sentences: (words, labels), or {"tokens": ..., "labels": ...}.
        """
        from pellucid.data.text_memory import LABEL_NAMES, from_memory

        raw = from_memory(rows, next(iter(self.targets), None))
        named = next((name for name in LABEL_NAMES if name in raw.table.names and name != self.into), None)
        return self._settled(raw, self.targets or ((named,) if named else ()))

    def inspect(self, raw: Raw) -> Signature:
        """Which column is the text and why, the target, and what looks dangerous.

        Raises: DataError for blank targets, and targets that teach nothing.
        """
        from pellucid.data import text_columns, text_findings
        from pellucid.data.text_load import row_hashes
        from pellucid.data.text_raw import TextRaw

        assert isinstance(raw, TextRaw)
        bad = text_columns.bad_targets(raw)
        if bad:
            raise min(bad, key=lambda cells: cells.rows[0]).error(raw.table)
        target = text_columns.target_of(raw)
        columns = text_columns.columns_of(raw, target.kind, self._roles(raw))
        findings = [*text_findings.left_out(raw), *text_findings.empty(raw)]
        if target.kind in ("classes", "labels", "values"):
            findings += text_findings.of_table(raw, columns, target)
        else:
            findings += text_findings.copies(raw, row_hashes(raw)) + text_findings.unread(raw, columns)
        source = self.path or "texts in memory"
        return Signature(
            "text", source, raw.rows, raw.fingerprint, target, columns, findings=tuple(findings), notes=self._notes()
        )

    def told(self, raw: Raw) -> dict[str, Any]:
        """How long the texts are, of how many words they are made, and some of them."""
        from pellucid.data import text_findings
        from pellucid.data.text_raw import TextRaw

        assert isinstance(raw, TextRaw)
        return {"texts": text_findings.told(raw)}

    def load(self, raw: Raw, signature: Signature, split: Split, seed: int) -> Loaded:
        """Splits first, then fits vocabularies, lengths and scales on the training part only."""
        from pellucid.data.text_load import Asked, load_rows, load_stream
        from pellucid.data.text_raw import TextRaw

        assert isinstance(raw, TextRaw) and signature.target is not None
        asked = Asked(self.tokenizer, self.length, self.window, self.augment)
        load = load_stream if signature.target.kind == "next" else load_rows
        return load(raw, signature, split, seed, asked)

    def restore(self, arrays: Mapping[str, np.ndarray], signature: Signature) -> TextPreparation:
        """The preparation that `arrays` was saved from."""
        from pellucid.data.text_prepare import restore

        return restore(arrays)

    def read_new(self, source: Any, signature: Signature, *, labelled: bool = False) -> TextRaw:
        """Texts for prediction: any path as for training, a plain text with one text a line, or texts in memory.

        Raises: SchemaError naming the column or label that is missing or unknown.
        """
        from pellucid.data.text_files import Reader
        from pellucid.data.text_memory import from_memory
        from pellucid.data.text_new import as_schema_error, fitted, require

        target = signature.target
        assert target is not None
        try:
            if isinstance(source, str | Path):
                steps, lines = target.kind == "steps", target.kind != "next"
                text = next(column.name for column in signature.columns if column.role == "input")
                reader = Reader(target.names[0], text=text, tagged=steps, labelled=labelled and steps, lines=lines)
                raw = reader.read(str(source))
            else:
                raw = from_memory(source, target.names[0])
        except DataError as fault:
            raise as_schema_error(fault) from None
        raw = fitted(raw, signature)
        return require(raw, signature) if labelled else raw

    def _embedded(self) -> str | None:
        known = self.path is not None and self.path in EMBEDDED and not Path(self.path).exists()
        return self.path if known else None

    def _settled(self, raw: TextRaw, targets: tuple[str, ...]) -> TextRaw:
        """With the columns told apart, and without bad rows where `on_bad_row` allows."""
        import numpy as np

        from pellucid.data.text_columns import bad_targets, settled
        from pellucid.data.text_raw import TEXT

        text, known = self.text, self._embedded()
        if (
            known
            and targets == (EMBEDDED[known].target,)
            and not {*targets} <= {*raw.table.names, *raw.target} - {TEXT}
        ):
            text, targets = TEXT, (TEXT,)  # a named set of running text has no column to predict
        raw = settled(raw, text, targets, self.into)
        if self.on_bad_row == "error":
            return raw
        total, skipped = raw.rows + len(raw.skipped), dict(raw.skipped)
        keep_N = np.ones(raw.rows, bool)
        for cells in bad_targets(raw):
            skipped |= {str(raw.place(row)): cells.message for row in cells.rows}
            keep_N[list(cells.rows)] = False
        if len(skipped) > self.on_bad_row.skip * total:
            where, reason = next(iter(skipped.items()))
            allowed = (
                f"{len(skipped)} of {total} rows cannot be used; data.on_bad_row allows {self.on_bad_row.skip:.2%}"
            )
            raise DataError("DATA-BAD-ROWS", f"{allowed}; the first: {where}: {reason}", place=raw.place())
        return replace(raw.take(keep_N), skipped=skipped)

    def _roles(self, raw: TextRaw) -> dict[str, Role]:
        """What the split makes of columns."""
        known = self._embedded()
        roles: dict[str, Role] = {}
        if isinstance(self.split, ByGroup):
            roles = {self.split.column: "group"}
        elif isinstance(self.split, ByTime):
            roles = {self.split.column: "time"}
        elif isinstance(self.split, ByColumn):
            roles = {self.split.column: "split"}
        elif known:
            roles = {EMBEDDED[known].split_column: "split"}
        return {name: role for name, role in roles.items() if name in raw.table.names}

    def _notes(self) -> dict[str, str]:
        known = self._embedded()
        if known is None:
            return {}
        return {"title": EMBEDDED[known].title, "licence": EMBEDDED[known].licence, "origin": EMBEDDED[known].origin}
