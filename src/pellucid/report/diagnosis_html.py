"""The section of the page that says what kept the network from learning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pellucid.findings import SURE
from pellucid.report.elements import pairs, section, warning
from pellucid.report.words import number, safe


def diagnosis_html(findings: list[dict[str, Any]], healing: Sequence[str] = ()) -> str:
    """What was healed before, then each finding with its numbers, its cause and what to do; nothing without either."""
    what = (
        "What the numbers of the training say about its health: gradients, updates, weights and outputs were read "
        "while it ran. The cause comes first, then what it brings about; what only informs is last."
    )
    healed = "".join(f"<p>Treated before this training: {safe(one)}</p>" for one in healing)
    return section("diagnosis", "Diagnosis", what, healed + "".join(_told(finding) for finding in findings))


def _told(finding: dict[str, Any]) -> str:
    numbers = [
        f"{name} {value if isinstance(value, str) else number(value)}" for name, value in finding["evidence"].items()
    ]
    said = {
        "check": finding["check"],
        "seen": ", ".join(numbers),
        "since step": "" if finding["step"] is None else f"{finding['step']:,}",
        "why": finding["why"],
        "brings about": ", ".join(finding["explains"]),
        "how sure": SURE.get(finding["confidence"], ""),
        "source": finding["reference"],
    }
    return warning(finding) + pairs({name: text for name, text in said.items() if text})
