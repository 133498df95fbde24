"""The page about language models: whether a longer context helps, what surprises, and what it writes."""

from __future__ import annotations

from typing import Any

from pellucid.report.elements import figure, section, word
from pellucid.report.svg import Axis, Series, lines
from pellucid.report.tokens_html import surprise
from pellucid.report.words import number, safe, score

COUNTED = ("bigram", "3-gram", "5-gram")
"""Simpler models whose score is drawn beside the curve."""


def language(report: dict[str, Any]) -> str:
    """How well it knows its language."""
    found = report["errors"]
    what = (
        f"How much {found['tokens']:,} {word('tokens', 'token')} ({found['characters']:,} characters) it never saw "
        f"surprise the network, in bits: 0 where it was sure of what came, 1 where it was undecided between two. "
        f"{word('Perplexity', 'perplexity')} is the number of tokens it was undecided between."
    )
    body = f'<div class="charts">{_by_position(report)}</div>' + _samples(found) + _passages(found)
    return section("errors", "What it knows of the language", what, body)


def _by_position(report: dict[str, Any]) -> str:
    rows = report["errors"]["by_position"]
    per = "character" if all(row["character"] is not None for row in rows) else "token"
    drawn = [((row["low"] + row["high"]) / 2, row[per]) for row in rows]
    if len(drawn) < 2:
        return ""
    end, beside = drawn[-1][0], []
    if per == "character":
        for at, rung in enumerate(one for one in report["ladder"]["rows"] if one["name"] in COUNTED):
            value = rung["scores"].get("bits_per_character", {}).get("value")
            if value is not None:
                level = [(drawn[0][0], value), (end, value)]
                beside.append(Series(rung["title"], level, at + 1, dashed=True))
    chart = lines(
        "Bits by position",
        [Series("network", drawn, 0), *beside],
        x=Axis("position in the row"),
        y=Axis(f"bits per {per}", low=0.0),
        about="; ".join(f"position {row['low']} to {row['high']}: {number(row[per])}" for row in rows),
    )
    return figure(
        "Does a longer context help?", "lower is better; dashed: models that count, over all positions", chart
    )


def _samples(found: dict[str, Any]) -> str:
    if not found["samples"]:
        return ""
    cards = "".join(
        f'<div class="card"><div class="soft">{word("temperature")} {one["temperature"]:g}</div>'
        f'<div class="tokens"><b>{_lined(one["prompt"])}</b>{_lined(one["text"])}</div></div>'
        for one in found["samples"]
    )
    return (
        f'<h3>What it writes</h3><p class="soft">bold: the beginning it was given</p><div class="charts">{cards}</div>'
    )


def _lined(text: str) -> str:
    return "<br>".join(safe(line) for line in text.split("\n"))


def _passages(found: dict[str, Any]) -> str:
    body = ""
    for kind, title in (("most", "What surprises it most"), ("least", "What surprises it least")):
        rows = "".join(
            f'<div class="row"><div class="soft">row {one["row"]:,}: {score(one["mean"])} bits a token</div>'
            f"{surprise(one['tokens'], one['bits'])}</div>"
            for one in found["passages"][kind]
        )
        body += f"<h3>{title}</h3>{rows}" if rows else ""
    return body
