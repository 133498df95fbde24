"""What is told of a watched training: plain values for programs, and lines for a terminal."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from pellucid.doctor.history import History
from pellucid.doctor.script.watch import Outcome
from pellucid.findings import Finding
from pellucid.record import defined

FORMAT = 1
SEVERITIES = ("severe", "warning", "info")
NO_STEPS = (
    "A training step is loss.backward() and then optimizer.step(), in the process and thread of the script itself. "
    "What it starts in other processes is not seen; `pellucid doctor --help` says how several are watched."
)
Plain = dict[str, Any]


def plain(name: str, outcome: Outcome, findings: Sequence[Finding], silenced: Sequence[tuple[Finding, str]]) -> Plain:
    """Everything that is known of a watched training as JSON can hold it.

    Args:
        silenced: findings that are not to count, with the reasons given for it.
    """
    return defined(
        {
            "format": FORMAT,
            "script": name,
            "exit": outcome.code,
            "steps": len(outcome.history.updates),
            "findings": [finding.as_json() for finding in findings],
            "silenced": [finding.as_json() | {"reason": reason} for finding, reason in silenced],
            "overhead": outcome.share,
            "faults": list(outcome.faults),
            "history": _history(outcome.history),
        }
    )


def text(told: Plain) -> str:
    """A JSON document."""
    return json.dumps(told, allow_nan=False) + "\n"


def lines(told: Plain) -> list[str]:
    """What a terminal shows of what `plain` gave."""
    found = told["findings"]
    many = Counter(finding["severity"] for finding in found)
    counts = ", ".join(f"{many[severity]} {severity}" for severity in SEVERITIES if many[severity])
    steps = "1 step" if told["steps"] == 1 else f"{told['steps']:,} steps"
    said = [f"doctor: {told['script']}: {steps} watched, {counts or 'nothing found'}"]
    if not told["steps"]:
        said = [f"doctor: {told['script']}: no training step was seen", f"   {NO_STEPS}"]
        if told["exit"]:
            said = [f"doctor: {told['script']}: it ended with {told['exit']} before the first training step"]
    for number, finding in enumerate(found, 1):
        said += ["", *_told(number, Finding(**finding))]
    for finding in told["silenced"]:
        said += ["", f"silenced[{finding['check']}] {finding['message']}", f"   reason:   {finding['reason']}"]
    if told["faults"]:
        last = told["faults"][0].strip().splitlines()[-1]
        said += ["", f"doctor: {len(told['faults'])} looks failed and were left out ({last})"]
    return said


def _told(number: int, finding: Finding) -> list[str]:
    line = finding.evidence.get("line", "")
    where = " ".join(part for part in (finding.where, f"({line})" if line else "") if part)
    head = f"{number}. {finding.severity}[{finding.check}]{' ' + where if where else ''}: {finding.message}"
    return [head, *finding.details()]


def _history(history: History) -> Plain:
    readings = [reading._asdict() for reading in history.readings]
    known = {name: value for name, value in vars(history).items() if name not in ("weights", "smooth", "readings")}
    kept = ("layers", "parameters", "updates", "looks", "facts")
    return {name: [asdict(one) for one in value] if name in kept else value for name, value in known.items()} | {
        "readings": readings
    }
