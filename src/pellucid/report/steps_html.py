"""The page about labelling: what positions are taken for, every class, and the worst rows."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from pellucid.report.elements import figure, fold, section, table, word
from pellucid.report.pictures import heat
from pellucid.report.svg import SERIES, Series, legend, picture, rect, text
from pellucid.report.tokens_html import labelled
from pellucid.report.words import safe, score, shorten

BAND = 700
"""Width of the band of a row."""


def steps(report: dict[str, Any]) -> str:
    """Where labelling errs."""
    found = report["errors"]
    what = (
        f"What each of {found['judged']:,} judged positions is taken for ({word('confusion matrix')}), and the rows "
        "with most mistakes."
    )
    return section("errors", "Where it errs", what, _confusion(found) + _by_class(found) + _rows(found))


def _confusion(found: dict[str, Any]) -> str:
    if "confusion" not in found:
        return ""
    pairs = [f"{one['truth']} taken for {one['prediction']} {one['rows']:,}x" for one in found["worst_pairs"][:3]]
    about = "most frequent mistakes: " + ", ".join(pairs) if pairs else "no mistakes"
    chart = heat("Confusion matrix", found["confusion"], found["names"], about=about)
    return f'<div class="charts">{figure("Confusion matrix of positions", safe(about), chart)}</div>'


def _by_class(found: dict[str, Any]) -> str:
    rows = [
        [safe(one["name"]), f"{one['rows']:,}", f"{one['predicted']:,}",
         *(score(one[name]) for name in ("precision", "recall", "f1"))]
        for one in found["by_class"]
    ]  # fmt: skip
    head = ["Class", "Positions", "Predicted", word("Precision", "precision"), word("Recall", "recall"), word("F1")]
    return fold("Every class", table(head, rows, numbers={1, 2, 3, 4, 5}), opened=len(rows) <= 12)


def _rows(found: dict[str, Any]) -> str:
    if not found["rows"]:
        return ""
    quiet = max(range(len(found["by_class"])), key=lambda at: found["by_class"][at]["rows"])
    cards = "".join(_row(one, found["names"], quiet) for one in found["rows"])
    named = [Series(name, [], at, dots=True) for at, name in enumerate(found["names"][:SERIES])]
    tokens = "tokens" in found["rows"][0]
    keys = legend([one for at, one in enumerate(named) if not (tokens and at == quiet)])
    note = "underlined: what the network says; where it is wrong, the truth is told" if tokens else "above: true"
    return f'<h3>The rows with most mistakes</h3><p class="soft">{note}</p>{keys}{cards}'


def _row(one: dict[str, Any], names: list[str], quiet: int) -> str:
    cut = (
        f", the first {len(one['truth']):,} of {one['length']:,} positions" if len(one["truth"]) < one["length"] else ""
    )
    told = f'<div class="soft">row {one["row"]:,}: {one["wrong"]:,} of {one["judged"]:,} wrong{cut}</div>'
    if "tokens" in one:
        return f'<div class="row">{told}{labelled(one["tokens"], one["truth"], one["said"], names, quiet)}</div>'
    bands = _band(one["truth"], names, 0) + _band(one["said"], names, 26)
    label = text(0, 15, "true", anchor="start") + text(0, 41, "said", anchor="start")
    return f'<div class="row">{told}{picture("true and predicted classes", label + bands, size=(BAND, 50))}</div>'


def _band(codes: list[int], names: list[str], top: int) -> str:
    """Runs of one class as bars of its colour; what is not judged is left blank."""
    each, start, cells = (BAND - 40) / max(len(codes), 1), 0, []
    for code, run in groupby(codes):
        count = len(list(run))
        if code >= 0:
            colour = f'fill="var(--s{code % SERIES})"'
            bar = rect(40 + start * each, top, count * each, 22, colour)
            cells.append(f"<g><title>{safe(shorten(names[code], 40))}</title>{bar}</g>")
        start += count
    return "".join(cells)
