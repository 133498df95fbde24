"""The report for the terminal: the verdict, the scores with their intervals, and the ladder."""

from __future__ import annotations

from typing import Any

from pellucid.errors import clean
from pellucid.report.words import interval, number, plural, score, seconds


def render(report: dict[str, Any]) -> str:
    """A compact text of `report` (what `build` gave, or report.json)."""
    data, network, training = report["data"], report["network"], report["training"]
    parts = ", ".join(f"{count:,} {part}" for part, count in data["parts"].items())
    lines = [f"{clean(report['name'])}: {report['verdict']['headline']}", ""]
    lines += [f"  {clean(sentence)}" for sentence in report["verdict"]["sentences"]]
    lines += ["", "Scores" + _note(report["metrics"])]
    lines += _table(_scores(report))
    lines += ["", f"Beside simpler models ({report['metric']['title']}, {report['judged']} rows)"]
    lines += _table(_ladder(report))
    lines += ["", f"Data      {clean(data['source'])}: {plural(data['rows'], 'row')} ({parts})"]
    lines.append(f"Network   {plural(network['parameters'], 'parameter')}, {plural(len(network['layers']), 'layer')}")
    found = [*report.get("diagnosis", []), *data["findings"]]
    reason = f"; {training['reason']}" if training["reason"] else ""
    lines.append(f"Training  {plural(training['steps'], 'step')} in {seconds(training['seconds'] or 0.0)}{reason}")
    lines += [f"Healing   {clean(one)}" for one in report.get("healing", [])]
    lines += [f"Finding   {finding['severity']}: {clean(finding['message'])}" for finding in found]
    rows = (report["importance"] or {}).get("rows", [])[:5]
    top = [(row["column"], row.get("drop", row.get("gain"))) for row in rows]
    if any((value or 0) > 0 for _, value in top):
        named = ", ".join(f"{clean(name)} ({number(value)})" for name, value in top if (value or 0) > 0)
        lines.append(f"Leans on  {named}")
    return "\n".join(lines) + "\n"


def _note(metrics: list[dict[str, Any]]) -> str:
    lower = [metric["title"] for metric in metrics if metric["better"] == "lower"]
    return f" (lower is better: {', '.join(lower)})" if lower else ""


def _scores(report: dict[str, Any]) -> list[list[str]]:
    parts = list(report["scores"])
    rows = [["", *parts, "95 % interval"]]
    for metric in report["metrics"]:
        own = report["scores"][report["judged"]][metric["name"]]
        values = [score(report["scores"][part][metric["name"]]["value"]) for part in parts]
        rows.append([metric["title"], *values, interval(own.get("low"), own.get("high"))])
    return rows


def _ladder(report: dict[str, Any]) -> list[list[str]]:
    name = report["metric"]["name"]
    own = report["scores"][report["judged"]][name]
    rows = [["network", score(own["value"]), interval(own.get("low"), own.get("high")), "this run"]]
    for rung in report["ladder"]["rows"]:
        found = rung["scores"][name]
        rows.append([rung["name"], score(found["value"]), interval(found["low"], found["high"]), rung["note"]])
    return rows


def _table(rows: list[list[str]]) -> list[str]:
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return [
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
