"""The report as one page: a single file that loads nothing, reads on a phone and prints; made without torch."""

from __future__ import annotations

from typing import Any

from pellucid.report.augmented_html import augmented_html
from pellucid.report.diagnosis_html import diagnosis_html
from pellucid.report.elements import fold, pairs, section, table, warning, word
from pellucid.report.errors_html import errors, landscape, lengths, worst
from pellucid.report.glossary import WORDS
from pellucid.report.groups_html import groups
from pellucid.report.pictures import Bar, bars
from pellucid.report.reading_html import reading
from pellucid.report.run_html import data, network, recipe, training, uses
from pellucid.report.seeing_html import filters, samples
from pellucid.report.style import STYLE
from pellucid.report.words import interval, plural, safe, score

NAMES = {"train": "training", "valid": "validation", "test": "test"}
OVERLAP = " Forecasts that overlap are drawn together: all that begin within one horizon."


def render(report: dict[str, Any]) -> str:
    """The page of `report` (what `build` gave, or report.json read again)."""
    sections = [
        ("scores", "Scores", _scores(report)),
        ("ladder", "Simpler models", _ladder(report)),
        ("training", "Training", training(report)),
        ("diagnosis", "Diagnosis", diagnosis_html(report.get("diagnosis", []), report.get("healing", []))),
        ("errors", "Where it errs", errors(report)),
        ("lengths", "Short and long", lengths(report)),
        ("mistakes", "Worst mistakes", worst(report)),
        ("groups", "Groups", groups(report)),
        ("landscape", "Decision map", landscape(report)),
        ("pictures", "Pictures", samples(report)),
        ("seeing", "Filters and maps", filters(report)),
        ("reading", "How it reads", reading(report)),
        ("importance", "What it leans on", uses(report)),
        ("augmented", "Augmentation", augmented_html(report["augmented"])),
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
    # the first sentence says the score, which the large number says here
    sentences = "".join(f"<p>{safe(sentence)}</p>" for sentence in verdict["sentences"][1:])
    spread = "no interval"
    if own.get("low") is not None:
        spread = f"95 % {word('interval')} {interval(own['low'], own['high'])}"
    tone = verdict["tone"] if verdict["tone"] in ("good", "same", "worse") else ""
    asked = f"{safe(report['task'])} of {safe(', '.join(report['target']['names'][:4]))}"
    rows = plural(report["judged_rows"], NAMES[report["judged"]] + " row")
    return (
        f'<header><h1>{safe(report["name"])} · {asked}</h1><p class="headline">{safe(verdict["headline"])}</p>'
        f'<div class="top"><div class="card key {tone}"><div class="big">{score(own["value"])}</div>'
        f'<div class="unit">{word(metric["title"])} on {rows} ({metric["better"]} is better)<br>{spread}</div>'
        f'{sentences}</div><div class="card"><h3>The network beside {word("simpler models", "baseline")}</h3>'
        f'{_ladder_chart(report)}<p class="unit">Points are scores, whiskers 95 % intervals.</p></div></div></header>'
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
    about = "; ".join(f"{bar.name} {score(bar.value)}" for bar in rows)
    return bars(
        "The network beside simpler models",
        rows,
        x=f"{metric['title']} ({metric['better']} is better)",
        about=about,
        zero=False,
    )


def _scores(report: dict[str, Any]) -> str:
    parts, judged, found = list(report["scores"]), report["judged"], report["scores"]
    rows = []
    for metric in report["metrics"]:
        values = [score(found[part][metric["name"]]["value"]) for part in parts]
        own = found[judged][metric["name"]]
        values[parts.index(judged)] += f"<small>{interval(own.get('low'), own.get('high'))}</small>"
        rows.append([f"{word(metric['title'])}<small>{metric['better']} is better</small>", *values])
    head = ["", *(word(NAMES[part]) for part in parts)]
    counts = {found[judged][metric["name"]]["resamples"] for metric in report["metrics"]}
    drawn = " to ".join(f"{count:,}" for count in sorted({min(counts), max(counts)}))
    note = (
        f'<p class="soft">Below the {NAMES[judged]} score: its 95 % {word("interval")} by {word("bootstrap")} with '
        f"{drawn} resamples (scores that sort the rows, or many rows, get fewer). Every row counts once, whatever its "
        f"weight in training.{OVERLAP if report['target']['kind'] == 'future' else ''}{_few(report)}</p>"
    )
    what = (
        "How good the network is. The test column counts: the network neither learnt from those rows nor was chosen by "
        f"them. A training score far better than the others means {word('overfitting')}."
    )
    if judged != "test":
        what = "How good the network is. There is no test part, so the validation column is the best guess, a kind one."
    boxes = "".join(warning(finding) for finding in report["warnings"])
    listed = boxes + table(head, rows, numbers=set(range(1, len(parts) + 1))) + note
    return section("scores", "Scores", what, listed)


def _few(report: dict[str, Any]) -> str:
    """What is said where the network was asked about some rows of a part only."""
    few = [
        f"{report['scored'][part]:,} of {count:,} {NAMES[part]} rows"
        for part, count in report["data"]["parts"].items()
        if report["scored"][part] < count
    ]
    return f" Measured on {' and '.join(few)}." if few else ""


def _ladder(report: dict[str, Any]) -> str:
    metrics, judged = report["metrics"], report["judged"]
    if not report["ladder"]["rows"]:
        return ""
    head = ["Model", *(word(metric["title"]) for metric in metrics)]
    own = [score(report["scores"][judged][metric["name"]]["value"]) for metric in metrics]
    rows = [["This network", *own]]
    for rung in reversed(report["ladder"]["rows"]):
        values = [score(rung["scores"][metric["name"]]["value"]) for metric in metrics]
        rows.append([f"{safe(rung['title'])}<small>{safe(rung['note'])}</small>", *values])
    what = (
        "Start with the simpler model that works. Each of these was fitted on the same training rows in a moment; a "
        "network is worth its cost only where it is clearly better."
    )
    listed = table(head, rows, numbers=set(range(1, len(metrics) + 1)), own=0)
    return section("ladder", "Simpler models", what, listed + _gap(report))


def _gap(report: dict[str, Any]) -> str:
    """How the comparison with the best baseline was made."""
    gap = report["ladder"]["difference"]
    if not gap or gap["low"] is None:
        return ""
    name = safe(report["ladder"]["best"]["title"].lower())
    return (
        f'<p class="soft">Network and {name} were compared on the same {plural(gap["rows"], "row")}, drawn again '
        f"{gap['resamples']:,} times. The advantage of the network is {score(gap['value'])} (95 % interval "
        f"{interval(gap['low'], gap['high'])}; below 0 it is behind). An interval that holds 0 is no difference.</p>"
    )


def _words() -> str:
    listed = dict(sorted(WORDS.items(), key=lambda item: item[0].lower()))
    body = fold(plural(len(WORDS), "word"), pairs(listed))
    return section("words", "Words", "What the words on this page mean.", body)
