"""The sections of the page about the run: training, what it leans on, data, network and recipe."""

from __future__ import annotations

import json
from typing import Any

from pellucid.report.elements import figure, fold, pairs, section, table, warning, word
from pellucid.report.pictures import Bar, bars, shades
from pellucid.report.svg import Axis, Series, lines
from pellucid.report.words import number, plural, safe, score, seconds, share, shorten

COUNTED = {"mask": "Pixels", "boxes": "Boxes", "steps": "Positions"}
"""What the counts of a target's classes are of, where they are not of rows."""
MOST_BARS = 15
MOST_ROWS = 400


def training(report: dict[str, Any]) -> str:
    """Curves of loss, metrics and learning rate."""
    found = report["training"]
    if not found["step"]:
        return ""
    steps = found["step"]
    mark = (float(found["best_step"]), "kept") if found["best_step"] in steps else None
    loss = [
        Series("training", _points(steps, found["train_loss"]), 0),
        Series("validation", _points(steps, found["valid_loss"]), 1),
    ]
    values = [value for one in loss for _, value in one.points if value > 0]
    log = bool(values) and max(values) > 30 * min(values)
    charts = [
        figure(
            "Loss",
            "lower is better" + ("; logarithmic" if log else ""),
            lines(
                "Loss by step",
                loss,
                x=Axis("step"),
                y=Axis("loss", low=None if log else 0.0, log=log),
                mark=mark,
                about=found["words"],
            ),
        )
    ]
    # scores between 0 and 1 share a chart; one with its own units gets its own
    chosen = [
        metric for metric in report["metrics"] if any(v is not None for v in found["metrics"].get(metric["name"], []))
    ]
    together = [metric for metric in chosen if metric["better"] == "higher"][:5]
    if together:
        drawn = [
            Series(metric["title"], _points(steps, found["metrics"][metric["name"]]), at)
            for at, metric in enumerate(together)
        ]
        chart = lines("Validation scores by step", drawn, x=Axis("step"), y=Axis("score"), mark=mark)
        charts.append(figure("Validation scores", "higher is better", chart))
    elif chosen:
        drawn = [Series("", _points(steps, found["metrics"][chosen[0]["name"]]))]
        chart = lines("Validation score by step", drawn, x=Axis("step"), y=Axis(chosen[0]["title"]), mark=mark)
        charts.append(figure(f"Validation {chosen[0]['title']}", "lower is better", chart))
    rates = [(a, b) for a, b in found["learning_rate"] if b is not None]
    if len({rate for _, rate in rates}) > 1:
        chart = lines("Learning rate", [Series("", rates)], x=Axis("step"), y=Axis("learning rate", low=0.0))
        charts.append(figure("Learning rate", "how far each step moves the weights", chart))
    batches = [(a, b) for a, b in found["batch_loss"] if b is not None]
    if len(batches) > 1:
        chart = lines("Loss of batches", [Series("", batches, 5)], x=Axis("step"), y=Axis("loss", low=0.0))
        charts.append(figure("Loss of single batches", "averaged over short stretches", chart))
    words = _training_words(found)
    what = (
        f"How the {word('loss')} fell on rows the network learns from ({word('training')}) and on rows it does not "
        f"({word('validation')}). Where the two part for good, {word('overfitting')} begins."
    )
    return section("training", "Training", what, words + f'<div class="charts">{"".join(charts)}</div>')


def _training_words(found: dict[str, Any]) -> str:
    """How long training took, why it ended, and what the curves show."""
    why = f" Training ended because {safe(found['reason'])}." if found["reason"] else ""
    epochs = f" ({plural(found['epochs'], 'epoch')})" if found["epochs"] else ""
    kept = f" The weights of step {found['best_step']:,} were kept." if found["best_step"] is not None else ""
    return (
        f"<p>{plural(found['steps'], 'step')}{epochs} in {seconds(found['seconds'] or 0.0)}, "
        f"{number(found['examples_per_second'])} examples a second.{why}{kept} {safe(found['words'])}</p>"
    )


def _points(steps: list[int], values: list[float | None]) -> list[tuple[float, float]]:
    return [(float(step), value) for step, value in zip(steps, values, strict=True) if value is not None]


def uses(report: dict[str, Any]) -> str:
    """Permutation importance."""
    found = report["importance"]
    if not found:
        return ""
    if found["kind"] == "words":
        return _words(found)
    title = next((one["title"] for one in report["metrics"] if one["name"] == found["metric"]), found["metric"])
    what = (
        f"How much worse the {safe(title)} gets when one input is shuffled, so that it says nothing any more. "
        "An input that another can stand in for looks unimportant here. "
        "It shows what this network uses, not what causes what."
    )
    note = f'<p class="soft">{safe(found["note"])} The score without shuffling is {score(found["base"])}.</p>'
    if found["kind"] == "patches":
        chart = shades("Importance of image patches", found["grid"], about=f"The drop of {title} for each patch.")
        shown = figure("Importance by place", "stronger: the network leans on it more", chart)
        body = f'<div class="charts">{shown}</div>'
        return section("importance", "What it leans on", what, body + note)
    rows = [row for row in found["rows"] if row["drop"] is not None]
    top = [Bar(row["column"], row["drop"], row["low"], row["high"]) for row in rows[:MOST_BARS]]
    if not top:
        return ""
    chart = figure(
        f"The {len(top)} most important inputs" if len(rows) > len(top) else "Importance of every input",
        "bar: mean drop; whisker: lowest and highest of the repeats",
        bars(
            "Importance of inputs",
            top,
            x=f"drop of {title}",
            about="; ".join(f"{b.name} {score(b.value)}" for b in top),
        ),
    )
    listed = [
        [safe(row["column"]), number(row["drop"]), f"{number(row['low'])} to {number(row['high'])}"] for row in rows
    ]
    every = fold(f"All {len(rows)} inputs", table(["Input", "Drop", "Range"], listed[:MOST_ROWS], numbers={1, 2}))
    return section("importance", "What it leans on", what, f'<div class="charts">{chart}</div>' + note + every)


def _words(found: dict[str, Any]) -> str:
    """Words without which a class loses most of its probability."""
    rows = [row for row in found["rows"] if row["gain"] is not None]
    top = [Bar(f"{row['column']} ({row['toward']})", row["gain"]) for row in rows[:MOST_BARS]]
    chart = figure(
        f"The {plural(len(top), 'word')} that speak loudest",
        "how much the probability of the class in brackets falls without the word",
        bars("Words that matter", top, x="fall of the probability"),
    )
    what = (
        "What becomes of the answer when one word is taken out of the texts that have it. A word that others can stand "
        "in for looks unimportant here. It shows what this network uses, not what causes what."
    )
    listed = [[safe(row["column"]), safe(row["toward"]), f"{row['texts']:,}", number(row["gain"])] for row in rows]
    every = fold(f"All {len(rows)} words", table(["Word", "Class", "Texts", "Fall"], listed, numbers={2, 3}))
    note = f'<p class="soft">{safe(found["note"])}</p>'
    return section("importance", "What it leans on", what, f'<div class="charts">{chart}</div>' + note + every)


def data(report: dict[str, Any]) -> str:
    """Rows, parts, classes, findings and every column."""
    found = report["data"]
    total = sum(found["parts"].values()) or 1
    parts = ", ".join(f"{count:,} {name} ({share(count / total)})" for name, count in found["parts"].items())
    facts = {
        "source": found["source"],
        "rows": f"{found['rows']:,}",
        "parts": parts,
        "fingerprint": found["fingerprint"],
    }
    if found["image"]:
        channels, height, width = found["image"]
        facts["images"] = f"{height} x {width}, {plural(channels, 'channel')}"
    facts |= found["sequences"]
    facts |= {"target": ", ".join(report["target"]["names"][:20])}
    if report["target"]["why"]:
        facts["why this target"] = report["target"]["why"]
    body = pairs({**facts, **found["notes"]}) + "".join(warning(finding) for finding in found["findings"])
    classes = [row for row in found["classes"] if row["rows"] is not None]
    if classes:
        counted = COUNTED.get(report["target"]["kind"], "Rows")
        whole = (found["rows"] if counted == "Rows" else sum(row["rows"] for row in classes)) or 1
        rows = [[safe(row["name"]), f"{row['rows']:,}", share(row["rows"] / whole)] for row in classes[:MOST_ROWS]]
        heading = "Label" if report["target"]["kind"] == "labels" else "Class"
        body += fold(
            f"{len(classes)} {'classes' if heading == 'Class' else 'labels'}",
            table([heading, counted, "Share"], rows, numbers={1, 2}),
            opened=len(classes) <= 12,
        )
    if found["columns"]:
        body += fold(
            f"{len(found['columns'])} columns and what happened to each",
            _columns(found),
            opened=len(found["columns"]) <= 12,
        )
    what = "Where the rows came from, how they were set apart before anything was learnt, and what each column became."
    return section("data", "Data", what, body)


def _columns(found: dict[str, Any]) -> str:
    rows = []
    for column in found["columns"][:MOST_ROWS]:
        bounds = "" if column["low"] is None else f"{number(column['low'])} to {number(column['high'])}"
        rows.append(
            [
                safe(column["name"]),
                safe(column["type"]),
                safe(column["role"]),
                f"{column['missing']:,}",
                f"{column['distinct']:,}",
                bounds or safe(shorten(column["example"])),
                safe(column["why"]),
            ]
        )
    head = ["Column", "Type", "Role", "Missing", "Distinct", "Range or example", "Why"]
    listed = table(head, rows, numbers={3, 4})
    left = len(found["columns"]) - len(rows) + found["columns_left_out"]
    return listed + (f'<p class="soft">{left:,} more columns are not listed.</p>' if left else "")


def network(report: dict[str, Any]) -> str:
    """The layer table."""
    found = report["network"]
    if not found["layers"]:
        return ""
    rows = [
        [
            safe(layer.get("name", "")),
            safe(layer.get("layer", "")),
            safe(layer.get("output", "")),
            number(layer.get("parameters") or 0),
            number(layer.get("work") or 0),
            " x ".join(map(str, layer["field"])) if layer.get("field") else "",
        ]
        for layer in found["layers"][:MOST_ROWS]
    ]
    head = [
        "Name",
        "Layer",
        "Output",
        word("Parameters", "parameter"),
        "Multiply-adds",
        word("Sees", "receptive field"),
    ]
    whole = (
        f"<p>{plural(found['parameters'], 'parameter')}, {plural(found['work'], 'multiply-add')} for one example.</p>"
    )
    what = "The layers from input to output, the shape each gives, and the numbers in it that training adjusts."
    body = whole + fold(
        plural(len(found["layers"]), "layer"), table(head, rows, numbers={3, 4, 5}), opened=len(rows) <= 15
    )
    return section("network", "Network", what, body)


def recipe(report: dict[str, Any]) -> str:
    """The resolved recipe, why each value was chosen, and the facts of the machine."""
    rows = [
        [
            safe(one.get("path", "")),
            safe(one.get("value", "")),
            safe(one.get("reason", "")),
            safe(one.get("source", "")),
        ]
        for one in report["decisions"][:MOST_ROWS]
    ]
    body = (
        fold(
            f"{len(rows)} values the plan filled in, and why",
            table(["Path", "Value", "Reason", "Source"], rows),
            opened=True,
        )
        if rows
        else ""
    )
    text = json.dumps(report["recipe"], indent=2, ensure_ascii=False)
    body += fold("The whole recipe", f"<pre>{'<br>'.join(safe(line) for line in text.splitlines()[:1000])}</pre>")
    if report["facts"]:
        body += "<h3>Facts of the run</h3>" + pairs(report["facts"])
    what = (
        "Everything that was decided, by a person or by the plan. "
        "The same recipe on the same data and machine gives the same network."
    )
    return section("recipe", "Recipe", what, body)
