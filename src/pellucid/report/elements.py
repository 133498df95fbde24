"""Small pieces of HTML. Everything that came from a user's data goes through `safe`."""

from __future__ import annotations

import re
from collections.abc import Set
from typing import Any

from pellucid.report.glossary import WORDS
from pellucid.report.words import safe

PICTURE = re.compile(r"data:image/png;base64,[A-Za-z0-9+/=]+")


def word(text: str, meaning: str | None = None) -> str:
    """A word with its explanation on hover, where the glossary has one."""
    explained = WORDS.get(meaning or text)
    return f'<abbr title="{safe(explained)}">{safe(text)}</abbr>' if explained else safe(text)


def section(anchor: str, title: str, what: str, body: str) -> str:
    """A section: a heading, a sentence or two on what it shows, its body; nothing where the body is empty."""
    if not body:
        return ""
    return f'<section id="{anchor}"><h2>{safe(title)}</h2><p class="what">{what}</p>{body}</section>'


def figure(title: str, note: str, chart: str) -> str:
    """A chart under its name."""
    small = f"<small>{note}</small>" if note else ""
    return f'<figure class="card"><figcaption>{safe(title)}{small}</figcaption>{chart}</figure>'


def table(head: list[str], rows: list[list[str]], *, numbers: Set[int] = frozenset(), own: int | None = None) -> str:
    """A table of finished HTML cells; `numbers` are columns aligned to the right, `own` a row in bold."""

    def cells(tag: str, row: list[str]) -> str:
        return "".join(
            f'<{tag} class="n">{cell}</{tag}>' if at in numbers else f"<{tag}>{cell}</{tag}>"
            for at, cell in enumerate(row)
        )

    body = "".join(
        ('<tr class="own">' if place == own else "<tr>") + cells("td", row) + "</tr>" for place, row in enumerate(rows)
    )
    return (
        '<div class="wide"><table><thead><tr>' + cells("th", head) + f"</tr></thead><tbody>{body}</tbody></table></div>"
    )


def fold(summary: str, body: str, *, opened: bool = False) -> str:
    """Something that is shown when asked for."""
    return f"<details{' open' if opened else ''}><summary>{safe(summary)}</summary>{body}</details>"


def warning(finding: dict[str, Any]) -> str:
    """A finding as a box."""
    where = f"<b>{safe(finding['place'])}</b>: " if finding.get("place") else ""
    cure = f" <i>{safe(finding['cure'])}</i>" if finding.get("cure") else ""
    severity = finding["severity"] if finding["severity"] in ("info", "warning", "severe") else "warning"
    return f'<div class="warn {severity}">{where}{safe(finding["message"])}{cure}</div>'


def pairs(values: dict[str, Any]) -> str:
    """Names and values under one another."""
    return '<dl class="facts">' + "".join(f"<dt>{safe(a)}</dt><dd>{safe(b)}</dd>" for a, b in values.items()) + "</dl>"


def image(uri: str, about: str) -> str:
    """A picture of a report; anything but an embedded PNG is refused, so no page fetches anything."""
    return f'<img alt="{safe(about)}" src="{uri}">' if PICTURE.fullmatch(uri) else ""
