"""The abstract Data Part: where data comes from, how it is split and prepared."""

from __future__ import annotations

import csv
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Protocol

from annotated_types import Ge, Gt, Le
from pydantic import field_validator

from pellucid.data.audio_guess import is_audio
from pellucid.data.augment import Augment
from pellucid.data.series_guess import is_series
from pellucid.data.signature import Signature
from pellucid.data.split import Split
from pellucid.data.text_guess import is_text
from pellucid.errors import DataError
from pellucid.findings import Finding
from pellucid.parts import Part

if TYPE_CHECKING:
    import numpy as np

    from pellucid.data.batch import Batch, Dataset, Scale

PATH_COLUMNS = ("path", "file", "filename", "image")
"""Names of the column of a CSV file that says where an image is."""
COCO_FILES = ("annotations.json", "_annotations.coco.json", "instances*.json", "*.coco.json")
"""Names under which boxes are described in the COCO form."""
TABLE_KEYS = frozenset({"columns", "rules", "missing", "delimiter", "decimal"})
TEXT_KEYS = frozenset({"text", "into", "tokenizer"})
SERIES_KEYS = frozenset({"time", "series", "wide", "known", "horizon", "season", "gaps"})
AUDIO_KEYS = frozenset({"rate", "seconds", "mels", "window_ms", "hop_ms"})
"""Fields that only one kind of data has."""
IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"})


class Raw(Protocol):
    """Data as read, before anything is decided about it; each kind of Data has its own."""

    @property
    def rows(self) -> int:
        """How many there are."""
        ...

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the content, in an order that does not depend on the file system."""
        ...

    def names_of_rows(self, signature: Signature) -> dict[str, list[str | None]]:
        """The columns that only name the rows (ids, file names), for the output of predictions."""
        ...

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was noticed when reading rows for prediction: values never seen in training, and how many."""
        ...


class Preparation(Protocol):
    """What was fitted on the training part: it turns new raw data into a Batch the same way."""

    @property
    def scale(self) -> Scale | None:
        """How target values were standardised; None where the target is not values."""
        ...

    def apply(self, raw: Raw, signature: Signature) -> Batch:
        """Prepares rows; the target is None where `raw` has no target."""
        ...

    def arrays(self) -> dict[str, np.ndarray]:
        """The fitted numbers (means, scales, fills), for `preprocess.safetensors`."""
        ...

    def names(self) -> Sequence[str]:
        """Names of the prepared inputs of a table, in order (numbers first, then categories); empty for images."""
        ...


@dataclass(frozen=True)
class Loaded:
    """Data ready for training, and how it was made."""

    dataset: Dataset
    preparation: Preparation
    signature: Signature
    """With the findings that only the split could show (a class missing from a part, rows shared)."""
    share: dict[str, int]
    """Rows in train, valid and test."""
    chosen: Mapping[str, tuple[Any, str]] = field(default_factory=dict)
    """Fields of the Data that were open: the value each was given, and why."""


class SkipBadRows(Part):
    """Leave out rows that cannot be used, count them, and say so; refuse when there are too many."""

    skip: Annotated[float, Gt(0), Le(0.5)]
    """Largest share of the rows that may be left out."""


class Data(Part):
    """Where the data is and what is done to it before a network sees it."""

    catalogue: ClassVar = "pellucid.data.catalogue"

    path: str | None = None
    """A file, a folder, or the name of an embedded data set; none given: the rows are handed over in memory."""
    target: str | tuple[str, ...] | None = None
    """What is to be predicted: one column, or several."""
    split: Split | None = None
    """Which rows train, which choose, which judge."""
    augment: tuple[Augment, ...] = ()
    """What happens to a training batch each time it is drawn."""
    on_bad_row: Literal["error"] | SkipBadRows = "error"
    """What a row or image that cannot be used means: an error, or `{skip: share}` to leave out up to that share."""
    workers: Annotated[int, Ge(1)] | None = None
    """Parallel readers of image files; never changes a bit of the result."""

    @field_validator("target")
    @classmethod
    def _each_target_once(cls, target: str | tuple[str, ...] | None) -> str | tuple[str, ...] | None:
        if isinstance(target, tuple) and len(set(target)) < len(target):
            raise ValueError("a column is named twice")
        return target

    @classmethod
    def from_text(cls, text: str) -> dict[str, Any]:
        """A bare string is a path, or the name of an embedded data set."""
        return {"path": text}

    @classmethod
    def guess_kind(cls, value: Mapping[str, Any]) -> str | None:
        """What a named set is; else by the keys that only one kind has, by the suffix, or by the first rows of a file.

        `audio` for sound files, folders and lists of them, and arrays of waves; `series` for .ts files and JSON lines
        of lists; `text` for plain and tagged text, folders of it, and tables whose inputs are free text alone; `images`
        for any other folder, an archive, a COCO file or a CSV file of image paths; else `table`.
        """
        from pellucid.data.embedded import EMBEDDED

        path = value.get("path")
        if value.keys() & SERIES_KEYS or (isinstance(path, str) and is_series(Path(path))):
            return "series"
        if not isinstance(path, str):
            return None
        if not Path(path).exists() and path in EMBEDDED:
            return EMBEDDED[path].kind
        file = Path(path)
        if value.keys() & AUDIO_KEYS or is_audio(file):
            return "audio"
        if value.keys() & TABLE_KEYS:
            return "table"
        if value.keys() & TEXT_KEYS or is_text(file, value.get("target")):
            return "text"
        annotated = any(fnmatch(file.name.lower(), name) for name in COCO_FILES) or _lists_images(file)
        if file.is_dir() or annotated or file.suffix.lower() in IMAGE_SUFFIXES | {".npz"}:
            return "images"
        return "table"

    @abstractmethod
    def read(self) -> Raw:
        """Reads and validates everything the path names.

        Raises: DataError with file, row or line, and column or reason, at the first thing that cannot be used.
        """

    def read_rows(self, rows: Any) -> Raw:
        """Takes rows in memory for training: a frame or a mapping of columns, or images with their labels.

        Raises: DataError where this kind of data is only read from files.
        """
        raise DataError(
            "DATA-MEMORY", f"{type(self).__name__} takes no rows in memory, and {type(rows).__name__} was given"
        )

    @abstractmethod
    def inspect(self, raw: Raw) -> Signature:
        """What the data is: columns, types, target, hazards."""

    def told(self, raw: Raw) -> dict[str, Any]:
        """What a person who inspects the data is told beside the signature."""
        return {}

    @abstractmethod
    def load(self, raw: Raw, signature: Signature, split: Split, seed: int) -> Loaded:
        """Splits first, then fits the preparation on the training part only."""

    @abstractmethod
    def restore(self, arrays: Mapping[str, np.ndarray], signature: Signature) -> Preparation:
        """The preparation that `arrays` was saved from."""

    @abstractmethod
    def read_new(self, source: Any, signature: Signature, *, labelled: bool = False) -> Raw:
        """Reads data for prediction: a path, or a pandas or polars frame, or an array of images.

        With `labelled` the targets are read too, and must be there.

        Raises: SchemaError naming the column that is missing or does not fit.
        """


def _lists_images(file: Path) -> bool:
    """Whether a CSV file begins with a row that has the path of an image in a column that is named so."""
    if file.suffix.lower() != ".csv" or not file.is_file():
        return False
    with file.open("rb") as stream:
        lines = stream.read(2**16).decode("utf-8-sig", "replace").splitlines()[:2]
    rows = list(csv.reader(lines))
    if len(rows) < 2:  # also where a quote was never closed, which the reader will tell
        return False
    paths = [cell for name, cell in zip(*rows, strict=False) if name.strip().lower() in PATH_COLUMNS]
    return any(Path(cell.strip()).suffix.lower() in IMAGE_SUFFIXES for cell in paths)
