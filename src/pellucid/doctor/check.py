"""The Check: one fault, how it shows, and what it is said like."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Literal

from pellucid.doctor.history import History
from pellucid.findings import Finding
from pellucid.parts import Part

CAUSES = ("data", "start", "forward", "loss", "loop", "backward", "optimizer", "generalisation")
"""Where a fault lies, in the order in which one brings about another: of several findings the first is the cause."""


class Check(Part):
    """Looks at the history of a training for one fault."""

    catalogue: ClassVar[str | None] = "pellucid.doctor.catalogue"
    cause: ClassVar[str]
    """One of `CAUSES`."""
    gate: ClassVar[Literal["contract", "harm", "information"]] = "harm"
    """`contract`: speaks whenever it is seen; `harm`: only where the training does badly; `information`: never a
    warning."""
    explains: ClassVar[frozenset[str]] = frozenset()
    """Kinds of checks whose findings this fault brings about, beside those of later causes in the same layer."""

    def look(self, history: History) -> Iterable[Finding]:
        """The findings, the clearest first; gates and order are none of its business."""
        raise NotImplementedError
