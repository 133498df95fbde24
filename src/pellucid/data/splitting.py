"""The splits, and the checks that no part leaks into another.

A row's place is decided by its content and the seed, never by its position in the file: sorted files are harmless, rows
with equal content stay together, and rows that are added later do not move the ones that were there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Annotated, Literal

from annotated_types import Ge, Lt

from pellucid import seeds
from pellucid.data.signature import Signature
from pellucid.data.split import Split
from pellucid.errors import DataError, Place, quote

if TYPE_CHECKING:
    import numpy as np

Share = Annotated[float, Ge(0), Lt(0.9)]
PART_NAMES = {
    "train": 0,
    "training": 0,
    "valid": 1,
    "validation": 1,
    "val": 1,
    "dev": 1,
    "test": 2,
    "testing": 2,
}
"""What a cell of a split column may say, in any case."""
MOST_ASIDE = 100_000
"""Rows that choose, and rows that judge, at most: their scores are known to a tenth of a percent."""
FEW_ROWS = 50
"""A class with fewer rows than this in the smallest part is split exactly rather than by chance."""


def _no_column(name: str) -> np.ndarray:
    raise DataError("DATA-SPLIT", f"there is no column {quote(name)} to split by: this data has no columns")


@dataclass(frozen=True)
class Facts:
    """What a split may look at."""

    row_N: np.ndarray
    """uint64: hash of the content of each row."""
    class_N: np.ndarray | None = None
    """int64: code of the target class; None where the target is not classes."""
    text: Callable[[str], np.ndarray] = field(default=_no_column)
    """The cells of a column as text, None where missing. Raises: DataError for an unknown name."""
    number: Callable[[str], np.ndarray] = field(default=_no_column)
    """The cells of a number or date column as float64, NaN where missing."""
    file_N: np.ndarray | None = None
    """uint8: which of the files a row came from: 0 the path, 1 the valid file, 2 the test file of `by_files`."""
    source: str | None = None
    """The path, for messages."""


class Hash(Split):
    """By a keyed hash of the row: adding rows never moves the others."""

    kind: Literal["hash"] = "hash"
    valid: Share = 0.15
    """Share of the rows that choose the best weights."""
    test: Share = 0.15
    """Share of the rows that judge the result."""

    def assign(self, facts: Facts, seed: int) -> np.ndarray:
        """A row is test below `test`, valid below `test + valid`, of its position in [0, 1)."""
        import numpy as np

        position_N = positions(facts.row_N, seed)
        part_N = np.zeros(len(position_N), np.uint8)
        part_N[position_N < self.test + self.valid] = 1
        part_N[position_N < self.test] = 2
        return part_N


class Stratified(Split):
    """Exact shares of every class, in hash order inside the class; of all rows where the target is not classes."""

    kind: Literal["stratified"] = "stratified"
    valid: Share = 0.15
    """Share of each class that chooses the best weights."""
    test: Share = 0.15
    """Share of each class that judges the result."""

    def assign(self, facts: Facts, seed: int) -> np.ndarray:
        """Equal rows count as one unit of their size, in the class of the first of them."""
        import numpy as np

        _, first_U, unit_N = np.unique(facts.row_N, return_index=True, return_inverse=True)
        position_U = positions(facts.row_N[first_U], seed)
        class_N = np.zeros(len(unit_N), np.int64) if facts.class_N is None else facts.class_N
        return _deal(position_U, class_N[first_U], unit_N, self.valid, self.test)


class ByGroup(Split):
    """Whole groups (a patient, a customer, a site) go to one part, so none is met again when judging."""

    kind: Literal["by_group"] = "by_group"
    column: str
    """The column that names the group."""
    valid: Share = 0.15
    """Share of the rows, as near as whole groups allow."""
    test: Share = 0.15
    """Share of the rows, as near as whole groups allow."""

    def assign(self, facts: Facts, seed: int) -> np.ndarray:
        """Groups in the order of the hash of their name. Raises: DataError for blanks or too few groups."""
        import numpy as np

        cells = facts.text(self.column)
        _refuse_blanks(cells, self.column, facts)
        names, unit_N = np.unique(cells.astype(str), return_inverse=True)
        needed = 1 + (self.valid > 0) + (self.test > 0)
        if len(names) < needed:
            message = f'column "{self.column}" has {len(names)} groups; {needed} are needed to split by it'
            raise DataError("DATA-SPLIT", message, place=Place(facts.source))
        hashed = [blake2b(str(name).encode(), digest_size=8).digest() for name in names]
        position_U = positions(np.frombuffer(b"".join(hashed), "<u8"), seed)
        return _deal(position_U, np.zeros(len(names), np.int64), unit_N, self.valid, self.test)


class ByTime(Split):
    """The past trains, what follows chooses, the latest judges."""

    kind: Literal["by_time"] = "by_time"
    column: str = ""
    """A column of dates or numbers that says when; series know theirs."""
    valid: Share = 0.15
    """Share of the rows, just before the test part."""
    test: Share = 0.15
    """Share of the rows, the latest."""

    def assign(self, facts: Facts, seed: int) -> np.ndarray:
        """Cuts between two moments: rows of the same moment share a part. Raises: DataError for blanks."""
        import numpy as np

        when_N = facts.number(self.column)
        _refuse_blanks(when_N, self.column, facts)
        moment_U, unit_N, count_U = np.unique(when_N, return_inverse=True, return_counts=True)
        rows = len(when_N)
        after_U = rows - np.cumsum(count_U)
        part_U = np.zeros(len(moment_U), np.uint8)
        part_U[after_U < round((self.test + self.valid) * rows)] = 1
        part_U[after_U < round(self.test * rows)] = 2
        return part_U[unit_N]


class ByColumn(Split):
    """As a column of the table says: train, valid or test."""

    kind: Literal["by_column"] = "by_column"
    column: str
    """The column with the words train, valid (or validation, val, dev) and test."""
    valid: Share = 0.15
    """Share of the train rows, by hash, that choose, where the column names no valid rows."""

    def assign(self, facts: Facts, seed: int) -> np.ndarray:
        """Raises: DataError for a cell that names no part."""
        import numpy as np

        cells = facts.text(self.column)
        _refuse_blanks(cells, self.column, facts)
        names, unit_N = np.unique(cells.astype(str), return_inverse=True)
        for name in names:
            if name.casefold() not in PART_NAMES:
                message = f'column "{self.column}": {quote(str(name))} is not train, valid or test'
                raise DataError("DATA-SPLIT", message, place=Place(facts.source))
        part_U = np.array([PART_NAMES[name.casefold()] for name in names], np.uint8)
        return _fill(part_U[unit_N], facts, seed, self.valid, 0.0)


class ByFiles(Split):
    """The parts lie in files of their own: `path` trains."""

    kind: Literal["by_files"] = "by_files"
    valid: str | None = None
    """Path of the rows that choose; none given: `share` of the rows of the path, by hash."""
    test: str | None = None
    """Path of the rows that judge; none given: `share` of the rows of the path, by hash."""
    share: Share = 0.15
    """Size of a part that has no file."""

    def assign(self, facts: Facts, seed: int) -> np.ndarray:
        """A row belongs to the part of its file."""
        import numpy as np

        part_N = np.zeros(len(facts.row_N), np.uint8) if facts.file_N is None else facts.file_N.astype(np.uint8)
        valid = self.share if self.valid is None else 0.0
        return _fill(part_N, facts, seed, valid, self.share if self.test is None else 0.0)


def positions(row_N: np.ndarray, seed: int) -> np.ndarray:
    """float64 in [0, 1): where each hash falls in the stream `split` of this seed, by keyed BLAKE2."""
    import numpy as np

    secret = seeds.key(seed, "split").to_bytes(8, "little")
    data = np.ascontiguousarray(row_N.astype("<u8")).tobytes()
    hashed = [blake2b(data[at : at + 8], digest_size=8, key=secret).digest() for at in range(0, len(data), 8)]
    return (np.frombuffer(b"".join(hashed), "<u8") >> np.uint64(11)).astype(np.float64) / 2.0**53


def of_series(rows: int, horizon: int) -> ByTime:
    """The split of series that go on: a fifth judges, and before it a tenth of the rest, or what `horizon` needs."""
    return ByTime(valid=round(min(max(0.08, 1.5 * horizon / max(rows, 1)), 0.3), 4), test=0.2)


def choose_split(signature: Signature) -> tuple[Split, str]:
    """The split for data whose recipe names none, and why."""
    if signature.pieces:
        return _by_content(signature)
    clock = signature.clock
    if clock is not None and clock.horizon and all(column.role != "split" for column in signature.columns):
        return of_series(signature.length, clock.horizon), "what comes later judges: the last fifth of the rows"
    for column in signature.columns:
        if column.role == "split":
            return ByColumn(column=column.name), f'the column "{column.name}" says which row belongs where'
        if column.role == "group":
            return ByGroup(column=column.name), f'no "{column.name}" may be in two parts'
        if column.role == "time":
            if signature.kind == "text":
                return ByTime(column=column.name, valid=0.1, test=0.1), "running text: the end of each judges"
            return ByTime(column=column.name), f'"{column.name}" orders the rows: the latest judge'
    target = signature.target
    counts = target.counts if target and target.kind == "classes" else (signature.rows,)
    smallest = min(counts, default=0) * 0.15
    if smallest < FEW_ROWS:
        what = "the rarest class" if target and target.kind == "classes" else "the data"
        return Stratified(), f"{what} has about {smallest:.0f} rows in a part of 15 %: exact shares, not chance"
    return _by_content(signature)


def _by_content(signature: Signature) -> tuple[Split, str]:
    share = min(0.15, MOST_ASIDE / max(signature.rows, 1))
    return Hash(valid=share, test=share), "by row content: rows added later move no other row"


def _deal(position_U: np.ndarray, class_U: np.ndarray, unit_N: np.ndarray, valid: float, test: float) -> np.ndarray:
    """Exact shares of every class: its units in the order of their positions are test, then valid, then train."""
    import numpy as np

    size_U = np.bincount(unit_N, minlength=len(position_U))
    part_U = np.zeros(len(position_U), np.uint8)
    for code in np.unique(class_U):
        members = np.flatnonzero(class_U == code)
        members = members[np.argsort(position_U[members], kind="stable")]
        rows, enough = int(size_U[members].sum()), len(members) >= 1 + (valid > 0) + (test > 0)
        num_test = max(round(test * rows), int(enough and test > 0))
        num_valid = max(round(valid * rows), int(enough and valid > 0))
        start = np.cumsum(size_U[members]) - size_U[members]
        part = np.where(start < num_test, 2, np.where(start < num_test + num_valid, 1, 0))
        if enough and valid > 0 and not (part == 1).any():
            part[np.flatnonzero(part == 2)[-1] if (part == 2).sum() > 1 else np.flatnonzero(part == 0)[0]] = 1
        part[-1] = 0
        part_U[members] = part
    return part_U[unit_N]


def _fill(part_N: np.ndarray, facts: Facts, seed: int, valid: float, test: float) -> np.ndarray:
    """Draws a part that nobody named from the train rows, by hash."""
    import numpy as np

    train_N, position_N, part_N = part_N == 0, positions(facts.row_N, seed), part_N.copy()
    test = test if not (part_N == 2).any() else 0.0
    valid = valid if not (part_N == 1).any() else 0.0
    part_N[train_N & (position_N < test + valid)] = 1
    part_N[train_N & (position_N < test)] = 2
    return np.asarray(part_N, np.uint8)


def _refuse_blanks(cells: np.ndarray, column: str, facts: Facts) -> None:
    blank = [cell is None or cell != cell for cell in cells.tolist()]
    if any(blank):
        first = blank.index(True) + 1
        message = f'column "{column}": {sum(blank)} blank cells; the split needs all of them (first: row {first})'
        raise DataError("DATA-SPLIT", message, place=Place(facts.source))
