"""Prints how every row stands: see `scripts/rows`, which runs the tests first.

A row is *failed* where any of its tests failed; *missing* where it has no test, or a slow test of it has no evidence;
*stale* where the code under a slow test has changed since its evidence; otherwise *passed*.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from collect_evidence import EVIDENCE, ROOT, digest

ROWS = ROOT / "tests" / "rows" / "rows.txt"
WORST_FIRST = ("failed", "stale", "missing", "passed")


def outcome(name: str, test: dict[str, Any], evidence: dict[str, Any]) -> str:
    """How one test stands: what it just said, or for a slow one what its evidence says."""
    said = evidence.get(name) if test["slow"] and test["outcome"] is None else test
    if said is None or said["outcome"] not in ("passed", "failed"):
        return "missing"  # never run, or skipped
    if test["slow"] and test["outcome"] is None and any(digest(path) != was for path, was in said["covers"].items()):
        return "stale"
    return said["outcome"]


def main(ledger: Path) -> int:
    """Prints the rows; returns 1 where one failed."""
    tests: dict[str, Any] = json.loads(ledger.read_text(encoding="utf-8"))
    evidence: dict[str, Any] = {}
    for path in sorted(EVIDENCE.glob("*.json")):
        evidence |= json.loads(path.read_text(encoding="utf-8")).get("tests", {})
    stands: dict[str, list[str]] = {}
    for name, test in tests.items():
        for row in test["rows"]:
            stands.setdefault(row, []).append(outcome(name, test, evidence))
    counts: Counter[str] = Counter()
    for line in ROWS.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            print(line.removeprefix("# "))
            continue
        row, title = line.split(" ", 1)
        verdict = next((word for word in WORST_FIRST if word in stands.get(row, ["missing"])), "missing")
        counts[verdict] += 1
        print(f"{row:<4} {verdict:<8} {title}")
    print("\n" + ", ".join(f"{counts[word]} {word}" for word in ("passed", "failed", "stale", "missing")))
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
