"""A finding: one verdict about data, a recipe or a run, with its evidence."""

from __future__ import annotations

import re
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
    why: str = ""
    """What makes it happen, in one sentence."""
    confidence: Literal["", "contract", "persistent", "likely"] = ""
    """`contract`: a rule of PyTorch or of the arithmetic is broken; `persistent`: seen again and again, and it does
    harm; `likely`: the numbers point there."""
    step: int | None = None
    """Step at which it was seen first."""
    explains: tuple[str, ...] = ()
    """Checks of other findings that this one brings about."""

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place and not self._placed else ""
        cure = f" {self.cure}" if self.cure else ""
        return f"{self.severity}[{self.check}]: {where}{self.message}{cure}"

    @property
    def _placed(self) -> bool:
        """Whether the message names the place itself: as a word, or with what it is behind it, as in `0 (Linear)`."""
        behind = r" \(" if self.place.isdigit() else r"(?!\w|\.\w)"
        return re.search(rf"(?<![\w.]){re.escape(self.place)}{behind}", self.message) is not None

    def as_json(self) -> dict[str, object]:
        """The finding as plain values."""
        return asdict(self)
