"""The page about pairs: their ROC curve and cosines, what each threshold does, and the worst of them side by side."""

from __future__ import annotations

from typing import Any

from pellucid.report.elements import figure, image, section, table, word
from pellucid.report.svg import Axis, Series, lines
from pellucid.report.words import number, plural, safe, score, share, shorten

UNIT = (0.0, 1.0)


def pairs_of_images(report: dict[str, Any]) -> str:
    """Where verification errs."""
    found = report["errors"]
    what = (
        f"Any two of the {plural(report['judged_rows'], 'row')} make a pair: {found['same']:,} pairs of the same "
        f"{safe(found['name'])} and {found['different']:,} of two, among {found['classes']:,}. A pair is accepted as "
        f"the same from a {word('threshold')} of the {word('cosine')} on."
    )
    body = f'<div class="charts">{_roc(found)}{_histogram(found)}</div>' + _rates(found)
    for kind, title in (("different", "Different, and most alike"), ("same", "The same, and least alike")):
        body += _worst(title, found["worst"][kind])
    return section("errors", "Where it errs", what, body)


def _roc(found: dict[str, Any]) -> str:
    if not found["roc"]:
        return ""
    drawn = [Series("", found["roc"])]
    settled, note = found["threshold"], "nearer the top left corner is better; dotted: guessing"
    if settled:
        point = (settled["falsely"], settled["accepted"])
        drawn.append(Series(f"threshold {number(settled['cosine'])}", [point], 4, dots=True, sizes=[5.0]))
        note += "; the point is the threshold fixed on validation"
    x, y = Axis("different pairs accepted", *UNIT), Axis("same pairs accepted", *UNIT)
    return figure("ROC curve of pairs", note, lines("ROC curve of pairs", drawn, x=x, y=y, diagonal=True))


def _histogram(found: dict[str, Any]) -> str:
    spread = found["histogram"]
    if not spread:
        return ""
    drawn = [
        Series(name, list(zip(spread["cosine"], spread[name], strict=True)), at)
        for at, name in enumerate(("same", "different"))
    ]
    mark = (found["threshold"]["cosine"], "same from here") if found["threshold"] else None
    x, y = Axis("cosine", min(spread["cosine"]), 1.0), Axis("share of such pairs", 0.0)
    chart = lines("Cosines of pairs", drawn, x=x, y=y, mark=mark)
    return figure("Cosines of pairs", "where the two overlap, no threshold tells them apart", chart)


def _rates(found: dict[str, Any]) -> str:
    rows = [
        [f"at most {share(one['falsely'])}", score(one["accepted"]), _cosine(one["cosine"])] for one in found["rates"]
    ]
    settled = found["threshold"]
    if settled:
        rows.append(
            [score(settled["falsely"]), score(settled["accepted"]), f"{number(settled['cosine'])} (this model)"]
        )
    head = ["Different pairs accepted", "Same pairs accepted", "Threshold"]
    listed = table(head, rows, numbers={1, 2}, own=len(rows) - 1 if settled else None)
    return f"<h3>What thresholds do</h3>{listed}" if rows else ""


def _cosine(value: float | None) -> str:
    return "above every pair" if value is None else number(value)


def _worst(title: str, rows: list[dict[str, Any]]) -> str:
    if not rows:
        return ""
    cards = "".join(_card(one) for one in rows)
    return f'<h3>{safe(title)}</h3><div class="mistakes cells">{cards}</div>'


def _card(pair: dict[str, Any]) -> str:
    """Two pictures beside each other, and how alike the network finds them."""
    sides = "".join(map(_side, pair["sides"]))
    return (
        f'<div class="mistake"><div style="display:flex;gap:12px">{sides}</div>'
        f"<div>cosine {number(pair['cosine'])}</div></div>"
    )


def _side(side: dict[str, Any]) -> str:
    picture = image(side["image"], f"row {side['row']}") if "image" in side else ""
    name = safe(shorten(side["name"], 30))
    return f'<div>{picture}<b>{name}</b><div class="soft">row {side["row"]:,}</div></div>'
