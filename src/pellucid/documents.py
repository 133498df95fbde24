"""Strict documents: plain values together with the line and column of every key (the readers fill it)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from pellucid.errors import Place

Plain: TypeAlias = "None | bool | int | float | str | list[Plain] | dict[str, Plain]"
Path: TypeAlias = "tuple[str | int, ...]"


@dataclass(frozen=True)
class Document:
    """A mapping read from text, and where each of its keys stands (1-based line and column)."""

    value: dict[str, Plain]
    source: str | None = None
    marks: dict[Path, tuple[int, int]] = field(default_factory=dict)

    def place(self, path: Path) -> Place:
        """The place of `path`, or of its nearest ancestor that has one."""
        dotted = ".".join(map(str, path)) or None
        for end in range(len(path), -1, -1):
            if path[:end] in self.marks:
                line, column = self.marks[path[:end]]
                return Place(self.source, line, column, dotted)
        return Place(self.source, path=dotted)
