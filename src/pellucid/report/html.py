"""The report as one page: a single file that loads nothing, reads on a phone and prints; made without torch."""

from __future__ import annotations

from typing import Any

from pellucid.report.elements import figure, pairs, safe, section, table, warning, word
from pellucid.report.errors_html import errors, landscape, worst
from pellucid.report.glossary import WORDS
from pellucid.report.pictures import Bar, bars
from pellucid.report.run_html import data, network, recipe, training, uses
from pellucid.report.style import STYLE
from pellucid.report.words import interval, plural, score

NAMES = {"train": "training", "valid": "validation", "test": "test"}


def render(report: dict[str, Any]) -> str:
    """The page of `report` (what `build` gave, or report.json read again)."""
    sections = [
        ("scores", "Scores", _scores(report)),
        ("ladder", "Simpler models", _ladder(report)),
        ("training", "Training", training(report)),
        ("errors", "Where it errs", errors(report)),
        ("mistakes", "Worst mistakes", worst(report)),
        ("landscape", "Decision map", landscape(report)),
        ("importance", "What it leans on", uses(report)),
        ("data", "Data", data(report)),
        ("network", "Network", network(report)),
        ("recipe", "Recipe", recipe(report)),
        ("words", "Words", _words()),
    ]
    shown = [(anchor, title, body) for anchor, title, body in sections if body]
    links = "".join(f'<a href="#{anchor}">{safe(title)}</a>' for anchor, title, _ in shown)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">"
        f"<title>{safe(report['name'])} · report</title><style>{STYLE}</style></head><body>"
        f'{_header(report)}<nav aria-label="Sections">{links}</nav><main>{"".join(body for _, _, body in shown)}</main>'
        f"<footer>{safe(report['name'])} · report format {report['version']} · made by Pellucid</footer></body></html>"
    )


def _header(report: dict[str, Any]) -> str:
    """The verdict, the key score with its interval, and the ladder beside it."""
    verdict, metric = report["verdict"], report["metric"]
    own = report["scores"][report["judged"]][metric["name"]]
    sentences = "".join(f"<p>{safe(sentence)}</p>" for sentence in verdict["sentences"])
    better = "higher is better" if metric["better"] == "higher" else "lower is better"
    spread = (
        f"95 % {word('interval')} {interval(own['low'], own['high'])}" if own.get("low") is not None else "no interval"
    )
    tone = verdict["tone"] if verdict["tone"] in ("good", "same", "worse") else ""
    return (
        f"<header><h1>{safe(report['name'])} · {safe(report['task'])} of {safe(', '.join(report['target']['names'][:4]))}"
        f'</h1><p class="headline">{safe(verdict["headline"])}</p><div class="top"><div class="card key {tone}">'
        f'<div class="big">{score(own["value"])}</div><div class="unit">{word(metric["title"])} on '
        f"{plural(report['judged_rows'], NAMES[report['judged']] + ' row')} ({better})<br>{spread}</div>{sentences}</div>"
        f'<div class="card"><h3>The network beside {word("simpler models", "baseline")}</h3>{_ladder_chart(report)}</div>'
        "</div></header>"
    )


def _ladder_chart(report: dict[str, Any]) -> str:
    metric = report["metric"]
    own = report["scores"][report["judged"]][metric["name"]]
    named = [("This network", own, True)]
    named += [(rung["title"], rung["scores"][metric["name"]], False) for rung in reversed(report["ladder"]["rows"])]
    rows = [
        Bar(name, found["value"], found.get("low"), found.get("high"), strong)
        for name, found, strong in named
        if found["value"] is not None
    ]
    if not rows:
        return '<p class="soft">The score is undefined on these rows.</p>'
    better = "higher is better" if metric["better"] == "higher" else "lower is better"
    about = "; ".join(f"{bar.name} {score(bar.value)}" for bar in rows)
    return bars("The network beside simpler models", rows, x=f"{metric['title']} ({better})", about=about, zero=False)


def _scores(report: dict[str, Any]) -> str:
    parts = list(report["scores"])
    judged = report["judged"]
    rows, few = [], set()
    for metric in report["metrics"]:
        own = report["scores"][judged][metric["name"]]
        values = [score(report["scores"][part][metric["name"]]["value"]) for part in parts]
        arrow = "higher" if metric["better"] == "higher" else "lower"
        rows.append(
            [
                f"{word(metric['title'])} <small>{arrow} is better</small>",
                *values,
                interval(own.get("low"), own.get("high")),
            ]
        )
        if own.get("resamples"):
            few.add(own["resamples"])
    head = ["", *(word(NAMES[part]) for part in parts), f"95 % {word('interval')} ({NAMES[judged]})"]
    drawn = " to ".join(f"{count:,}" for count in sorted({min(few), max(few)})) if few else "0"
    note = (
        f'<p class="soft">Intervals by {word("bootstrap")} with {drawn} resamples (scores that sort the rows, or large test '
        "parts, get fewer). Every row counts once, whatever its weight in training.</p>"
    )
    what = (
        f"How good the network is. The {NAMES[judged]} column counts: the network neither learnt from those rows nor was "
        "chosen by them. A training score far better than the others means overfitting."
        if judged == "test"
        else "How good the network is. There is no test part, so the validation column is the best guess, and a kind one."
    )
    boxes = "".join(warning(finding) for finding in report["warnings"])
    return section("scores", "Scores", what, boxes + table(head, rows, numbers=set(range(1, len(parts) + 2))) + note)


def _ladder(report: dict[str, Any]) -> str:
    metrics, judged = report["metrics"], report["judged"]
    if not report["ladder"]["rows"]:
        return ""
    head = ["Model", *(word(metric["title"]) for metric in metrics), "How it was made"]
    own = [score(report["scores"][judged][metric["name"]]["value"]) for metric in metrics]
    rows = [["This network", *own, "the trained network of this run"]]
    for rung in reversed(report["ladder"]["rows"]):
        values = [score(rung["scores"][metric["name"]]["value"]) for metric in metrics]
        rows.append([safe(rung["title"]), *values, safe(rung["note"])])
    gap = report["ladder"]["difference"]
    note = ""
    if gap and gap["low"] is not None:
        note = (
            f'<p class="soft">Compared on the same {plural(gap["rows"], "row")}, drawn again {gap["resamples"]:,} times: '
            f"the network is ahead of {safe(report['ladder']['best']['title'].lower())} by {score(gap['value'])} "
            f"(95 % interval {interval(gap['low'], gap['high'])}). An interval that holds 0 is no difference.</p>"
        )
    what = (
        "Start with the simpler model that works. Each of these was fitted on the same training rows in a moment; a network "
        "is worth its cost only where it is clearly better."
    )
    body = table(head, rows, numbers=set(range(1, len(metrics) + 1)), own=0) + note
    return section("ladder", "Simpler models", what, body)


def _words() -> str:
    return section("words", "Words", "What the words on this page mean.", figureless(WORDS))


def figureless(words: dict[str, str]) -> str:
    """The glossary as a folded list."""
    return f"<details><summary>{len(words)} words</summary>{pairs(dict(sorted(words.items(), key=lambda w: w[0].lower())))}</details>"


__all__ = ["figure", "render"]
