"""A finding: one verdict about data, a recipe or a run, with its evidence."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Literal

Severity = Literal["info", "warning", "severe"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, where, how bad, on what evidence, and what to do about it."""

    check: str
    """Stable name of the check that found it, such as `target-leak`."""
    severity: Severity
    message: str
    """What was found, in plain words."""
    place: str = ""
    """A column, a layer or a recipe path."""
    evidence: dict[str, float | int | str] = field(default_factory=dict)
    """The numbers the verdict stands on."""
    cure: str = ""
    """What to do."""
    reference: str = ""

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        cure = f" {self.cure}" if self.cure else ""
        return f"{self.severity}[{self.check}]: {where}{self.message}{cure}"

    def as_json(self) -> dict[str, object]:
        """The finding as plain values."""
        return asdict(self)
