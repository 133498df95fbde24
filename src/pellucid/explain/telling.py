"""A walkthrough as text for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pellucid.errors import clean

MOST = 12
"""Lines of a list before the rest is counted only."""
FIRST = 4
"""Values of a layer that are shown."""


def tell(walked: dict[str, Any]) -> str:
    """What `walkthrough.walk` gave, in paragraphs."""
    head = [f"row {walked['row']} of {clean(walked['source'])}, from the {walked['part']} part"]
    paragraphs = [head, _inputs(walked["inputs"]), _layers(walked["layers"]), _unit(walked["unit"]), _answer(walked)]
    return "\n\n".join("\n".join(lines) for lines in paragraphs)


def columns(rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> list[str]:
    """Rows as aligned columns, indented; those numbered in `right` end flush."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))] if rows else []
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if place in right else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append(("  " + "  ".join(cells)).rstrip())
    return lines


def number(value: float | None, digits: int = 4) -> str:
    """So many significant digits; a dash for what is no finite number."""
    return "-" if value is None else f"{value:.{digits}g}"


def _inputs(inputs: dict[str, Any]) -> list[str]:
    if "table" not in inputs:
        shape = " x ".join(map(str, inputs["shape"]))
        return [f"what goes in: {shape} numbers, {number(inputs['min'])} to {number(inputs['max'])}"]
    table = inputs["table"]
    rows = []
    for item in table[:MOST]:
        word = item.get("category")
        rows.append([clean(item["input"]), number(item["value"]), f"({clean(word)})" if word else ""])
    return ["what goes in, prepared", *columns(rows, (1,)), *_more(len(table), "inputs")]


def _layers(layers: list[dict[str, Any]]) -> list[str]:
    rows = [["layer", "kind", "gives", "lowest", "mean", "highest", "first values"]]
    for layer in layers:
        values = " ".join(number(value) for value in layer["values"][:FIRST])
        rest = " ..." if layer["size"] > FIRST else ""
        note = (
            f"   {layer['zeros']:.0%} are 0"
            if "zeros" in layer
            else ""
            if layer["changed"]
            else "   passed on unchanged"
        )
        shape = " x ".join(map(str, layer["shape"]))
        spread = [number(layer[name]) for name in ("min", "mean", "max")]
        rows.append([layer["name"], clean(layer["kind"]), shape, *spread, values + rest + note])
    return ["layer by layer", *columns(rows, (3, 4, 5))]


def _unit(unit: dict[str, Any]) -> list[str]:
    place = unit["place"]
    where = f", at row {place['row']}, column {place['column']}, its largest response" if place else ""
    why = ", the most active" if unit["chosen"] == "most active" else ""
    head = f"unit {unit['unit']} of the {unit['units']} of {unit['layer']} ({unit['kind']}){why}{where}"
    terms, shown = unit["contributions"], unit["contributions"][:MOST]
    rows = [["input", "value", "", "weight", "", "product"]]
    rows += [
        [clean(term["input"]), number(term["value"]), "x", number(term["weight"]), "=", number(term["product"])]
        for term in shown
    ]
    rest = sum(term["product"] or 0.0 for term in terms[MOST:])
    if len(terms) > MOST:
        rows.append([f"and {len(terms) - MOST} more, together", "", "", "", "", number(rest)])
    rows.append(["sum", "", "", "", "", number(unit["sum"])])
    rows.append(["bias", "", "", "", "", number(unit["bias"]) if unit["bias"] is not None else "none"])
    rows.append(["weighted sum", "", "", "", "", number(unit["weighted_sum"])])
    rows += [[f"after {clean(item['kind'])}", "", "", "", "", number(item["output"])] for item in unit["then"]]
    lines = [head, f"  its inputs come from {unit['from']}", *columns(rows, (1, 3, 5))]
    if unit["algebra"]:
        depth = len(unit["filter"])
        lines.append(f"  a filter as deep as its input ({depth}); its map has {', '.join(unit['algebra'])}")
    if unit["activation"] is None:
        lines.append("  no activation follows")
    verdict = "equal" if unit["equal"] else "NOT equal"
    lines.append(
        f"  check: {number(unit['weighted_sum'], 9)} by hand, {number(unit['tensor'], 9)} in the network, "
        f"difference {number(unit['difference'], 2)}: {verdict} to 1e-6 of what was added up"
    )
    if unit["delta"] is not None:
        lines.append(_lesson(unit, shown))
    return lines


def _lesson(unit: dict[str, Any], shown: list[dict[str, Any]]) -> str:
    """What this row alone would teach the unit (its delta times its input)."""
    line = f"  delta (slope of this row's loss by the weighted sum): {number(unit['delta'])}"
    if shown and shown[0]["gradient"] is not None:
        first = shown[0]
        line += (
            f"; so the weight of {clean(first['input'])} has the gradient "
            f"{number(unit['delta'])} x {number(first['value'])} = {number(first['gradient'])}"
        )
    return line


def _answer(walked: dict[str, Any]) -> list[str]:
    said, truth = walked["prediction"], walked["truth"]
    if said["kind"] == "values":
        rows = [["", "predicted", "true"]]
        known = truth if isinstance(truth, list) else [None] * len(said["values"])
        rows += [
            [clean(item["name"]), number(item["value"]), number(true)]
            for item, true in zip(said["values"], known, strict=True)
        ]
        head = f"prediction; truth: {_word(truth)}" if isinstance(truth, str) else "prediction"
        return [head, *columns(rows, (1, 2))]
    if said["kind"] == "boxes":
        rows = [["", "left", "top", "right", "bottom", "score"]]
        rows += [[clean(box["name"]), *(number(value) for value in box["box"])] for box in said["boxes"][:MOST]]
        more = _more(len(said["boxes"]), "boxes")
        return [f"prediction: {len(said['boxes'])} boxes; truth: {truth} boxes", *columns(rows, (1, 2, 3, 4, 5)), *more]
    table = said["probabilities"]
    if said["kind"] != "labels":
        table = sorted(table, key=lambda item: -(item["probability"] or 0.0))
    rows = [
        [clean(item["name"]), "-" if item["probability"] is None else f"{item['probability']:.1%}"]
        for item in table[:MOST]
    ]
    head = f"prediction: {_word(said['label'])}; truth: {_word(truth)}"
    return [head, *columns(rows, (1,)), *_more(len(table), "labels" if said["kind"] == "labels" else "classes")]


def _word(label: str | list[str] | None) -> str:
    if label is None:
        return "unknown"
    return clean(label) if isinstance(label, str) else ", ".join(map(clean, label)) or "none"


def _more(count: int, what: str) -> list[str]:
    return [f"  and {count - MOST} more {what}"] if count > MOST else []
