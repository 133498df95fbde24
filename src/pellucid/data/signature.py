"""The signature of a data set: what each column was taken for and why, the target, and what looked dangerous.

It is plain values only, so `signature.json` of a run is this, and reading it needs neither NumPy nor torch.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from pellucid.findings import Finding

ColumnType = Literal["number", "category", "boolean", "date", "text", "pixels"]
Role = Literal["input", "target", "dropped", "group", "time", "split", "weight", "id"]
TargetKind = Literal["classes", "labels", "values", "mask", "boxes"]
Part = Literal["train", "valid", "test"]
PARTS: tuple[Part, Part, Part] = ("train", "valid", "test")


@dataclass(frozen=True)
class Column:
    """One column of a table, as it was understood."""

    name: str
    type: ColumnType
    role: Role
    why: str
    """Why it was taken for this type and given this role, in plain words."""
    confidence: float = 1.0
    """Share of filled cells that fit the type."""
    missing: int = 0
    distinct: int = 0
    categories: tuple[str, ...] = ()
    """The values of a category, most frequent first; index 0 of the encoding is kept for unknown and rare ones."""
    low: float | None = None
    high: float | None = None
    example: str = ""


@dataclass(frozen=True)
class Target:
    """What is to be predicted."""

    kind: TargetKind
    """`classes`: one of several; `labels`: any of several (0/1 columns); `values`: numbers; `mask`: a class for each
    pixel; `boxes`: a box and a class for each object."""
    names: tuple[str, ...]
    """The target columns, in order; one for classes."""
    classes: tuple[str, ...] = ()
    """Class names in the order of their codes (numbers sorted as numbers, text alphabetically)."""
    counts: tuple[int, ...] = ()
    """Rows of each class, positives of each label, pixels of each class of a mask, or boxes of each class."""
    why: str = ""
    marks: tuple[int, ...] = ()
    """What stands for each class in a mask file, a colour as red * 65536 + green * 256 + blue; empty: its code."""


@dataclass(frozen=True)
class Signature:
    """What a data set is: enough to plan a recipe, prepare new data the same way, and explain both."""

    kind: Literal["table", "images"]
    source: str
    """The path as given, or the name of an embedded data set."""
    rows: int
    fingerprint: str
    """SHA-256 over the content, in an order that does not depend on the file system."""
    target: Target | None
    columns: tuple[Column, ...] = ()
    """Of a table: every column of the file. Of images: none."""
    image: tuple[int, int, int] | None = None
    """Channels (of one frame), height and width to which every image is brought; None for tables."""
    frames: int = 1
    """Pictures in a clip; 1 for single images."""
    sizes: tuple[tuple[int, int, int], ...] = ()
    """(height, width, count) of the images found, most frequent first (at most 10)."""
    findings: tuple[Finding, ...] = ()
    notes: dict[str, str] = field(default_factory=dict)
    """Anything else a report should say, such as licence and origin of an embedded data set."""

    def inputs(self, kind: ColumnType) -> tuple[Column, ...]:
        """The input columns of one type, in file order."""
        return tuple(column for column in self.columns if column.role == "input" and column.type == kind)

    def as_json(self) -> dict[str, Any]:
        """The signature as plain values."""
        return asdict(self)

    def replace(self, **changes: Any) -> Signature:
        """A copy with some fields changed."""
        return replace(self, **changes)


def from_json(value: dict[str, Any]) -> Signature:
    """The signature that `as_json` gave."""
    target = value["target"]
    sequences = [name for name in ("names", "classes", "counts", "marks") if target and name in target]
    return Signature(
        **{
            **value,
            "target": target and Target(**{**target, **_tuples(target, *sequences)}),
            "columns": tuple(Column(**{**item, "categories": tuple(item["categories"])}) for item in value["columns"]),
            "image": value["image"] and tuple(value["image"]),
            "sizes": tuple(tuple(size) for size in value["sizes"]),
            "findings": tuple(Finding(**item) for item in value["findings"]),
        }
    )


def _tuples(value: dict[str, Any], *names: str) -> dict[str, tuple[Any, ...]]:
    return {name: tuple(value[name]) for name in names}
