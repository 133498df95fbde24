"""What is known of a data set that has a name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class EmbeddedSet:
    """One data set that has a name."""

    name: str
    kind: Literal["table", "images", "text", "series", "audio"]
    file: str
    """Path inside the folder `data/sets` of Pellucid; empty for one that `packaged` loads or draws."""
    target: str
    """The column to predict; what the classes or values of arrays are called; empty where texts are only read on."""
    split_column: str
    """The column (or array) that says train, valid or test; empty where a set has no fixed split."""
    title: str
    licence: str
    origin: str
    renders: str = ""
    """The name in `render.RENDERERS` of what draws a picture again from its values; empty where nothing does."""
    hints: tuple[tuple[str, object], ...] = ()
    """Values for fields of the Data Part that the set needs, such as the column of time of a series."""

    @property
    def path(self) -> Path:
        """Where the file is on this machine."""
        return Path(__file__).parent / "sets" / self.file
