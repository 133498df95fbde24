"""The lines of a person's code that a cure would change, as a diff; nothing is ever written to their files."""

from __future__ import annotations

import difflib
import re
import sys
from pathlib import Path

from pellucid.findings import Finding

NUMBER = r"[\d.][\d.e+-]*"
RULES: dict[str, tuple[tuple[str, str], ...]] = {
    "softmax-twice": (
        (r"nn\.Softmax\([^()]*\)", "nn.Identity()"),
        (r"(?:torch|F|functional)\.softmax\((.*), (?:dim=)?-?\d\)", r"\1"),
    ),
    "sigmoid-twice": ((r"nn\.Sigmoid\(\)", "nn.Identity()"), (r"(?:torch|F|functional)\.sigmoid\((.*?)\)", r"\1")),
    "one-unit-softmax": ((r"nn\.Softmax\([^()]*\)", "nn.Sigmoid()"),),
    "wrong-softmax-axis": ((r"(Softmax|softmax)\((.*)dim=0", r"\1(\2dim=1"),),
    "summed-loss": ((r"reduction=(['\"])sum\1", r"reduction=\1mean\1"),),
    "sorted-batches": ((r"shuffle=False", "shuffle=True"), (r"(DataLoader\((?!.*shuffle).*)\)", r"\1, shuffle=True)")),
    "dropout-at-evaluation": (
        (r"(F|functional)\.dropout\((?!.*training)([^()]*)\)", r"\1.dropout(\2, training=self.training)"),
    ),
    "batch-norm-small": ((r"nn\.BatchNorm\dd\(([^(),]+)\)", r"nn.GroupNorm(1, \1)"),),
    "memory-grows": ((r"(\+=? *loss)\b(?![.\w])", r"\1.item()"),),
    "gradients-not-cleared": ((r"^( *)([\w.]+)\.step\(\)$", r"\1\2.step()\n\1\2.zero_grad()"),),
    "over-regularised": ((rf"weight_decay={NUMBER}", "weight_decay=0.01"),),
    "trains-in-eval": ((r"^( *)(for .* in .*(?:train|loader).*:)$", r"\1model.train()\n\1\2"),),
}
"""Check -> (what stands in a line, what is to stand there), the first that fits."""


def diff(finding: Finding, script: str) -> list[str]:
    """The change of one line that cures a finding, as a unified diff; nothing where no line is known to need one."""
    path, _, number = str(finding.evidence.get("line", "")).rpartition(":")
    file = _file(path, Path(script))
    rules = _rules(finding)
    if file is None or not number.isdigit() or not rules:
        return []
    before = file.read_text(encoding="utf-8", errors="replace").splitlines()
    places = sorted(range(len(before)), key=lambda place: abs(place + 1 - int(number)))
    for pattern, made in rules:
        for place in places:
            after = re.sub(pattern, made, before[place], count=1)
            if after != before[place]:
                changed = [*before[:place], *after.split("\n"), *before[place + 1 :]]
                return list(difflib.unified_diff(before, changed, file.name, file.name, lineterm="", n=1))
    return []


def _rules(finding: Finding) -> tuple[tuple[str, str], ...]:
    rate = finding.evidence.get("suggested")
    if isinstance(rate, float):
        return ((rf"\blr={NUMBER}", f"lr={rate:g}"),)
    return RULES.get(finding.check, ())


def _file(name: str, script: Path) -> Path | None:
    """The file that a line is in: the script, or a module that it imported."""
    if script.name == name and script.is_file():
        return script
    known = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    return next((Path(file) for file in known if file and Path(file).name == name), None)
