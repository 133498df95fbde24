"""From a history to findings: every check looks, gates hold back what does no harm, causes come before consequences."""

from __future__ import annotations

import traceback
from collections.abc import Iterable
from dataclasses import replace

from pellucid.doctor.check import CAUSES, Check
from pellucid.doctor.history import History
from pellucid.findings import Finding
from pellucid.parts import concrete, kinds, load_kind

SEVERITY = {"severe": 0, "warning": 1, "info": 2}


def diagnose(history: History, ignore: Iterable[str] = (), faults: dict[str, str] | None = None) -> list[Finding]:
    """The findings about a training, the cause before what it brings about.

    Args:
        ignore: kinds of checks that are not to speak.
        faults: takes the traceback of each check that fails, and the others speak; without it a failure is raised.
    """
    silent = frozenset(ignore)
    found: list[Finding] = []
    failed: dict[str, Exception] = {}
    for kind in kinds(Check):
        if kind in silent:
            continue
        try:
            found += _gated(concrete(Check, kind), history)
        except Exception as fault:  # noqa: BLE001 - of a check, which must not end the training it looks at
            failed[kind] = fault
    for kind, fault in failed.items():
        if faults is None:
            raise fault
        faults[kind] = "".join(traceback.format_exception(fault))
    found = _firsts(sorted(found, key=_order))
    found = [replace(finding, explains=_explained(finding, found[place + 1 :])) for place, finding in enumerate(found)]
    return [_after(finding, found[:place]) for place, finding in enumerate(found)]


def _after(finding: Finding, earlier: list[Finding]) -> Finding:
    """A finding that an alarm before it brings about sends there first: two cures at once help nobody."""
    cause = next((one.check for one in earlier if one.severity != "info" and finding.check in one.explains), None)
    return finding if cause is None else replace(finding, cure=f"See to `{cause}` first. If this stays: {finding.cure}")


def _gated(check: Check, history: History) -> Iterable[Finding]:
    for finding in check.look(history):
        if check.gate == "harm" and not history.harmed:
            continue
        line = _line(finding, check, history)
        yield replace(
            finding,
            severity="info" if check.gate == "information" else finding.severity,
            evidence={**finding.evidence, **({"line": line} if line else {})},
        )


def _line(finding: Finding, check: Check, history: History) -> str:
    """Where in a person's code a fault lies: that of the evidence, else where the layer or the optimizer is made."""
    made = next((layer.line for layer in history.layers if layer.name == finding.place), "")
    if not made and check.cause == "optimizer":
        made = history.optimizer.get("line", "")
    return str(finding.evidence.get("line") or made)


def _order(finding: Finding) -> tuple[int, int, int]:
    cause = CAUSES.index(load_kind(Check, finding.check).cause)
    hurts = finding.severity == "info"  # what only informs comes last
    return int(hurts), cause, SEVERITY[finding.severity]


def _firsts(found: list[Finding]) -> list[Finding]:
    """The findings in their order, but what broke a rule for sure stands before what it brought about later."""
    ordered: list[Finding] = []
    for finding in found:
        place = len(ordered)
        if finding.confidence == "contract" and finding.severity != "info":
            place = next((place for place, other in enumerate(ordered) if _brought(finding, other)), place)
        ordered.insert(place, finding)
    return ordered


def _brought(cause: Finding, other: Finding) -> bool:
    """Whether the first may have brought about the second, which came no earlier, and not the other way round."""
    later = (other.step or 0) >= (cause.step or 0)
    back = cause.check in load_kind(Check, other.check).explains
    return later and other.check in load_kind(Check, cause.check).explains and not back


def _explained(finding: Finding, later: list[Finding]) -> tuple[str, ...]:
    brings = load_kind(Check, finding.check).explains
    return tuple(dict.fromkeys(other.check for other in later if other.check in brings))
