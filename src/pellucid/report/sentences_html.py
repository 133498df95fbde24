"""The page about what is written: sentences beside the ones that were wanted."""

from __future__ import annotations

from typing import Any

from pellucid.report.elements import section, table, word
from pellucid.report.words import plural, safe, score

KINDS = {"best": "The best", "middle": "In the middle", "worst": "The worst"}


def sentences(report: dict[str, Any]) -> str:
    """What was written."""
    found = report["errors"]
    what = (
        f"What the network wrote for {plural(report['judged_rows'], 'row')} by {word('beam search')}, by "
        f"{word(found['title'])} from the best to the worst; {found['exact']:,} are exactly the sentences that were "
        "wanted. Another good sentence than the one that was wanted counts as wrong."
    )
    body = "".join(_examples(title, found["examples"][kind], found["title"]) for kind, title in KINDS.items())
    return section("errors", "What it writes", what, body)


def _examples(title: str, rows: list[dict[str, Any]], measure: str) -> str:
    if not rows:
        return ""
    head = ["Read", "Written", "Wanted", safe(measure)]
    cells = [
        [f"{safe(one['source'])}<small>row {one['row']:,}</small>", safe(one["written"]), safe(one["reference"]),
         score(one["score"])]
        for one in rows
    ]  # fmt: skip
    return f"<h3>{title}</h3>" + table(head, cells, numbers={3})
