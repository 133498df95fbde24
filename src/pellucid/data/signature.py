"""The signature of a data set: what each column was taken for and why, the target, and what looked dangerous.

It is plain values only, so `signature.json` of a run is this, and reading it needs neither NumPy nor torch.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from pellucid.findings import Finding

ColumnType = Literal["number", "category", "boolean", "date", "text", "pixels"]
Role = Literal["input", "target", "dropped", "group", "time", "split", "weight", "id"]
TargetKind = Literal["classes", "labels", "values", "mask", "boxes", "steps", "next", "sentence", "future"]
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
    pixel; `boxes`: a box and a class for each object; `steps`: a class for each position of a sequence; `next`: the
    token that follows; `sentence`: another sequence of tokens; `future`: the values that follow."""
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
class Clock:
    """What is known of the time of series."""

    time: str
    """The column that says when; empty where rows only follow one another."""
    series: str
    """The column that says which series; empty for one series."""
    step: str
    """The time between two rows, such as "30 minutes" or "1 month"; empty where it is not even or not known."""
    channels: tuple[str, ...]
    """Columns that the network reads of the past."""
    known: tuple[str, ...] = ()
    """Columns that are known of the future too."""
    horizon: int = 0
    """Rows to forecast; 0 where nothing is."""
    window: int = 0
    """Rows of the past that are read."""
    season: int = 1
    """Rows after which the series repeats itself, roughly; 1: it does not."""
    zone: str = ""
    """The offset from UTC, such as +01:00, at which stamps are read; empty where they name none."""


@dataclass(frozen=True)
class Signature:
    """What a data set is: enough to plan a recipe, prepare new data the same way, and explain both."""

    kind: Literal["table", "images", "text", "series", "audio"]
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
    length: int = 0
    """Positions of the longest sequence, after cutting; 0 where there are no sequences."""
    clock: Clock | None = None
    """Of series: what is known of their time and of what is to be forecast. Of sound: its steps and mels."""
    rate: int = 0
    """Samples a second to which every sound is brought; 0 where there are none."""
    vocabulary: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The tokenizers as plain values: `input`, and `target` for sentences (see `data.vocabulary`)."""
    pieces: bool = False
    """Whether the rows are too many to be held at once: then each is dealt to a part by itself."""
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
            "clock": value.get("clock") and Clock(**{**value["clock"], **_tuples(value["clock"], "channels", "known")}),
            "findings": tuple(Finding(**item) for item in value["findings"]),
        }
    )


def _tuples(value: dict[str, Any], *names: str) -> dict[str, tuple[Any, ...]]:
    return {name: tuple(value[name]) for name in names}
