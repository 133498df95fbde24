"""A finding: one verdict about data, a recipe or a run, with its evidence."""

from __future__ import annotations

import math
import re
from dataclasses import asdict, dataclass, field
from typing import Literal

Severity = Literal["info", "warning", "severe"]
SURE = {
    "contract": "certain, a rule of PyTorch or of arithmetic is broken",
    "persistent": "seen again and again, and it does harm",
    "likely": "likely, the numbers point there",
}
"""Confidence -> what is said of it."""


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
        where = f"{self.where}: " if self.where else ""
        cure = f" {self.cure}" if self.cure else ""
        return f"{self.severity}[{self.check}]: {where}{self.message}{cure}"

    @property
    def where(self) -> str:
        """The place, unless the message names it: as a word, or with what it is behind it, as in `0 (Linear)`."""
        behind = r" \(" if self.place.isdigit() else r"(?!\w|\.\w)"
        named = re.search(rf"(?<![\w.]){re.escape(self.place)}{behind}", self.message)
        return "" if named else self.place

    def details(self) -> list[str]:
        """What stands below the message in a terminal: evidence, why, what to do, what it brings about, how sure."""
        told = {name: value for name, value in self.evidence.items() if name != "line" and value != ""}
        numbers = ", ".join(f"{name} {short(value)}" for name, value in told.items())
        since = "" if self.step is None else f"since step {self.step:,}"
        said = {
            "seen": "; ".join(filter(None, (numbers, since))),
            "why": self.why,
            "do": self.cure,
            "brings": ", ".join(self.explains),
            "how sure": SURE.get(self.confidence, ""),
            "read": self.reference,
        }
        return [f"   {name + ':':<9} {text}" for name, text in said.items() if text]

    def as_json(self) -> dict[str, object]:
        """The finding as plain values."""
        return asdict(self)


def short(value: float | int | str | None) -> str:
    """A number to four digits; None stands in JSON for one that was not finite."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return "not finite"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
