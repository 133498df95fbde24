"""The section of the page about reading: attention, gates and how an answer forms; made without torch."""

from __future__ import annotations

from typing import Any

from pellucid.report.elements import PICTURE, figure, section, word
from pellucid.report.svg import Axis, Series, lines, picture, text
from pellucid.report.words import plural, shorten

LEFT = 74
NAMED = 48
"""Positions above which they have no names in a picture."""


def reading(report: dict[str, Any]) -> str:
    """What attention looks at and what gates let through, for some rows."""
    found = report["reading"]
    if not found:
        return ""
    what = (
        f"Inside the network while it reads: where {word('attention')} looks, what {word('gates', 'gate')} let "
        f"through, and the {word('hidden state')}. Stronger colours are larger numbers; blue is above 0, orange below."
    )
    return section("reading", "How it reads", what, "".join(map(_row, found["rows"])))


def _row(row: dict[str, Any]) -> str:
    charts = [_forming(row["forming"])] if row["forming"] else []
    charts += [_attention(one) for one in row["attention"]]
    charts += [chart for one in row["gates"] for chart in _gates(one)]
    head = f"<h3>Row {row['row']:,}, {plural(row['length'], 'position')}</h3>"
    return head + f'<div class="charts">{"".join(charts)}</div>'


def _forming(found: dict[str, Any]) -> str:
    drawn = [
        Series(shorten(name, 30) + (" (true)" if name == found["truth"] else ""), _points(found["ends"], values), at)
        for at, (name, values) in enumerate(found["classes"].items())
    ]
    chart = lines("How the answer forms", drawn, x=Axis("positions read"), y=Axis("probability", 0.0, 1.0))
    return figure("How the answer forms", "what it would say if the row ended there", chart)


def _attention(found: dict[str, Any]) -> str:
    maps = "".join(
        heated(f"head {at + 1}", uri, found["down"], found["across"]) for at, uri in enumerate(found["heads"])
    )
    return figure(
        f"Attention of {found['layer']}",
        "each line shows where that position looks",
        f'<div class="heads">{maps}</div>',
    )


def _gates(found: dict[str, Any]) -> list[str]:
    at = list(range(1, len(found["norm"]) + 1))
    note = f"the {found['shown']} of {found['units']} units that change most, one a line"
    hidden = heated("", found["hidden"], [""] * found["shown"], found["positions"])
    drawn = [Series("size of the hidden state", _points(at, found["norm"]), 0)]
    drawn += [Series(name, _points(at, means), place + 1) for place, (name, means) in enumerate(found["gates"].items())]
    title = "Gates and size" if found["gates"] else "Size"
    chart = lines(title, drawn, x=Axis("position"), y=Axis("mean", low=0.0))
    about = "1: open, 0: shut" if found["gates"] else ""
    return [
        figure(f"Hidden state of {found['layer']}", note, hidden),
        figure(f"{title} in {found['layer']}", about, chart),
    ]


def _points(x: list[int], y: list[float | None]) -> list[tuple[float, float]]:
    return [(float(a), b) for a, b in zip(x, y, strict=True) if b is not None]


def heated(title: str, uri: str, down: list[str], across: list[str]) -> str:
    """A small picture of numbers, made large, with the names of its lines and columns where there is room."""
    if not PICTURE.fullmatch(uri):
        return ""
    left = LEFT if any(down) else 8
    named = len(across) <= NAMED
    top = 22 + (6 * max(len(_short(name)) for name in across) if named and across else 0)
    cell = max(3.0, min(16.0, 380 / max(len(across), 1)))
    tall = cell if any(down) else max(3.0, min(cell, 240 / max(len(down), 1)))
    wide, high = len(across) * cell, len(down) * tall
    place = f'x="{left}" y="{top}" width="{wide:.1f}" height="{high:.1f}"'
    body = [
        f'<rect {place} class="cell"/><image {place} preserveAspectRatio="none" style="image-rendering:pixelated" '
        f'href="{uri}"/>',
        text(2, 12, title, anchor="start", more='class="name"'),
    ]
    small = f'style="font-size:{min(11.0, max(cell, 6.0)):.1f}px"'
    for at, name in enumerate(across):
        x = left + (at + 0.75) * cell
        if named:
            turned = f'transform="rotate(-60 {x:.1f} {top - 4})" {small}'
            body.append(text(x, top - 4, _short(name), anchor="start", more=turned, hint=name))
        elif at % 20 == 19:
            body.append(text(x, top - 4, str(at + 1), more=small))
    for at, name in enumerate(down if any(down) and len(down) <= NAMED else []):
        body.append(text(left - 4, top + (at + 0.78) * tall, _short(name), anchor="end", more=small, hint=name))
    return picture(title or "hidden state", "".join(body), size=(int(left + wide + 30), int(top + high + 8)))


def _short(name: str) -> str:
    return shorten(name.replace("\n", "↵").strip() or "␣", 11)
