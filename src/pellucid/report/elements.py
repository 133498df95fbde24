"""Small pieces of HTML. Everything that came from a user's data goes through `safe`."""

from __future__ import annotations

import re
from html import escape
from typing import Any

from pellucid.errors import clean
from pellucid.report.glossary import WORDS

PICTURE = re.compile(r"data:image/png;base64,[A-Za-z0-9+/=]+")


def safe(value: Any) -> str:
    """Text for a page: no markup and no control characters."""
    return escape(clean(str(value).replace("\n", " ").replace("\t", " ")))


def word(text: str, meaning: str | None = None) -> str:
    """A word with its explanation on hover, where the glossary has one."""
    explained = WORDS.get(meaning or text)
    return f'<abbr title="{escape(explained)}">{safe(text)}</abbr>' if explained else safe(text)


def section(anchor: str, title: str, what: str, body: str) -> str:
    """A section with a heading, one or two sentences on what it shows, and its body; nothing where the body is empty."""
    if not body:
        return ""
    return f'<section id="{anchor}"><h2>{safe(title)}</h2><p class="what">{what}</p>{body}</section>'


def figure(title: str, note: str, chart: str) -> str:
    """A chart under its name."""
    small = f"<small>{note}</small>" if note else ""
    return f'<figure class="card"><figcaption>{safe(title)}{small}</figcaption>{chart}</figure>'


def table(head: list[str], rows: list[list[str]], *, numbers: set[int] = frozenset(), own: int | None = None) -> str:  # pyright: ignore[reportArgumentType]
    """A table of finished HTML cells; `numbers` are columns aligned to the right, `own` a row in bold."""
    mark = lambda at: ' class="n"' if at in numbers else ""  # noqa: E731 - two uses, one line
    top = "".join(f"<th{mark(at)}>{cell}</th>" for at, cell in enumerate(head))
    body = "".join(
        f"<tr{' class="own"' if place == own else ''}>"
        + "".join(f"<td{mark(at)}>{cell}</td>" for at, cell in enumerate(row))
        + "</tr>"
        for place, row in enumerate(rows)
    )
    return f'<div class="wide"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'


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
