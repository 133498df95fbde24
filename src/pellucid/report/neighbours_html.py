"""The page about vectors of words: which words are alike."""

from __future__ import annotations

from typing import Any

from pellucid.report.elements import section, table, word
from pellucid.report.words import safe, score


def neighbours(report: dict[str, Any]) -> str:
    """Words and those most like them."""
    rows = [
        [f"<b>{safe(one['word'])}</b>", f"{one['times']:,}",
         ", ".join(f"{safe(near['word'])} {score(near['cosine'])}" for near in one["near"])]
        for one in report["errors"]["words"]
    ]  # fmt: skip
    what = (
        f"Words whose vectors point the same way ({word('cosine')}): they stand among the same words "
        f"({word('skip-gram')}), so they mean alike, or the opposite."
    )
    listed = table(["Word", "In training", "Nearest words"], rows, numbers={1}) if rows else ""
    return section("errors", "Which words are alike", what, listed)
