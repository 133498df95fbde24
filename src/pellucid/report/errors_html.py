"""The sections of the page about errors: confusion, curves, thresholds, residuals, mistakes, decision map."""

from __future__ import annotations

from typing import Any

from pellucid.report.boxes_html import boxes
from pellucid.report.elements import figure, fold, image, section, table, word
from pellucid.report.forecasts_html import forecasts
from pellucid.report.language_html import language
from pellucid.report.masks_html import masks
from pellucid.report.neighbours_html import neighbours
from pellucid.report.pairs_html import pairs_of_images
from pellucid.report.pictures import Bar, bars, decision_map, heat
from pellucid.report.sentences_html import sentences
from pellucid.report.steps_html import steps
from pellucid.report.svg import Axis, Series, histogram, lines, sparks
from pellucid.report.words import number, plural, safe, score, share, shorten

UNIT = (0.0, 1.0)


def errors(report: dict[str, Any]) -> str:
    """Where the network errs."""
    found = report["errors"]
    if not found:
        return ""
    return SECTIONS[found["kind"]](report)


def _numbers(report: dict[str, Any]) -> str:
    what = (
        f"How far predictions are from the truth. {word('Residual', 'residual')} means prediction minus truth: "
        "above 0 is too high. Points on the dotted diagonal are perfect."
    )
    return section("errors", "Where it errs", what, "".join(map(_values, report["errors"]["targets"])))


def _classes(report: dict[str, Any]) -> str:
    found = report["errors"]
    charts = [_confusion(found), _roc(found), _precision_recall(found), _reliability(found)]
    what = (
        f"What is taken for what ({word('confusion matrix')}), how well the scores rank the rows, and whether "
        f"confidence can be believed ({word('calibration')})."
    )
    body = f'<div class="charts">{"".join(charts)}</div>' + _by_class(found) + _threshold(found, report["judged"])
    return section("errors", "Where it errs", what, body)


def _confusion(found: dict[str, Any]) -> str:
    if "confusion" not in found:
        return ""
    pairs = [f"{one['truth']} taken for {one['prediction']} {one['rows']}x" for one in found["worst_pairs"][:3]]
    about = "most frequent mistakes: " + ", ".join(pairs) if pairs else "no mistakes"
    chart = heat("Confusion matrix", found["confusion"], found["names"], about=about)
    return figure("Confusion matrix", safe(about), chart)


def _roc(found: dict[str, Any]) -> str:
    drawn = [
        Series(f"{shorten(one['name'], 24)}: area {score(one['roc_auc'])}", one["roc"], at)
        for at, one in enumerate(found["curves"])
        if one["roc"]
    ]
    if not drawn:
        return ""
    chart = lines(
        "ROC curve",
        drawn,
        x=Axis("false positives among negatives", *UNIT),
        y=Axis("true positives among positives", *UNIT),
        diagonal=True,
    )
    rest = "" if len(found["names"]) == 2 or found["kind"] == "labels" else ", each class against the rest"
    return figure("ROC curve", f"nearer the top left corner is better{rest}; dotted: guessing", chart)


def _precision_recall(found: dict[str, Any]) -> str:
    drawn = [
        Series(f"{shorten(one['name'], 24)}: {score(one['average_precision'])}", one["pr"], at)
        for at, one in enumerate(found["curves"])
        if one["pr"]
    ]
    if not drawn:
        return ""
    chart = lines("Precision and recall", drawn, x=Axis("recall", *UNIT), y=Axis("precision", *UNIT))
    note = "nearer the top right corner is better"
    if len(drawn) == 1:
        note += f"; guessing gives precision {score(found['curves'][0]['prevalence'])}"
    return figure("Precision and recall", note, chart)


def _reliability(found: dict[str, Any]) -> str:
    calibration = found["calibration"]
    if not calibration["bins"]:
        return ""
    points = [(one["predicted"], one["observed"]) for one in calibration["bins"]]
    of = calibration.get("of")
    x = f"predicted probability of {shorten(of, 24)}" if of else "confidence"
    y = "share that came true" if of else "share that was right"
    whole = sum(one["rows"] for one in calibration["bins"])
    sizes = [3 + 8 * (one["rows"] / whole) ** 0.5 for one in calibration["bins"]]
    drawn = [Series("", points, 9, dashed=True), Series("", points, 0, dots=True, sizes=sizes)]
    chart = lines("Calibration", drawn, x=Axis(x, *UNIT), y=Axis(y, *UNIT), diagonal=True)
    error = score(calibration["error"])
    note = f"{word('calibration error')} {error}; below the dotted line is too sure; larger points hold more rows"
    return figure("Calibration", note, chart)


def _by_class(found: dict[str, Any]) -> str:
    rows = [
        [
            safe(one["name"]),
            f"{one['rows']:,}",
            f"{one['predicted']:,}",
            *(score(one[name]) for name in ("precision", "recall", "f1")),
        ]
        for one in found["by_class"]
    ]
    head = [
        "Class" if found["kind"] == "classes" else "Label",
        "Rows",
        "Predicted",
        word("Precision", "precision"),
        word("Recall", "recall"),
        word("F1"),
    ]
    listed = table(head, rows, numbers={1, 2, 3, 4, 5})
    title = "Every class" if found["kind"] == "classes" else "Every label"
    return fold(title, listed, opened=len(rows) <= 12)


def _threshold(found: dict[str, Any], judged: str) -> str:
    threshold = found.get("threshold")
    if not threshold:
        return ""
    rows = [[f"{one['threshold']:.2f}", *_counts(one)] for one in threshold["table"]]
    head = [
        word("Threshold", "threshold"),
        word("Precision", "precision"),
        word("Recall", "recall"),
        word("F1"),
        "Called positive",
    ]
    best, words = threshold["best"], ""
    if best:
        words = (
            f"<p>Rows are called <b>{safe(threshold['positive'])}</b> from a probability of 0.5. The threshold with "
            f"the best F1 on validation is {number(best['threshold'])}; on {judged} it gives precision "
            f"{score(best['test']['precision'])}, recall {score(best['test']['recall'])} and F1 "
            f"{score(best['test']['f1'])} (at 0.5: {score(threshold['half']['f1'])}). Lower it where a "
            "missed case costs more than a false alarm.</p>"
        )
    return f"<h3>Decision threshold</h3>{words}" + fold(
        "What other thresholds would do", table(head, rows, numbers={0, 1, 2, 3, 4})
    )


def _counts(one: dict[str, Any]) -> list[str]:
    return [*(score(one[name]) for name in ("precision", "recall", "f1")), f"{one['predicted']:,}"]


def _values(target: dict[str, Any]) -> str:
    points = [(a, b) for a, b in target["points"] if a is not None and b is not None]
    if not points:
        return ""
    low, high = min(min(pair) for pair in points), max(max(pair) for pair in points)
    margin = 0.03 * (high - low)
    both = (low - margin, high + margin)
    seen = lines(
        "Predicted against true",
        [Series("", points, 0, dots=True)],
        x=Axis(f"true {shorten(target['name'], 30)}", *both),
        y=Axis("predicted", *both),
        diagonal=True,
    )
    spread = target["histogram"]
    bars = histogram("Residuals", spread["edges"], spread["counts"], x=Axis("prediction minus truth"), y=Axis("rows"))
    half = f"half of the errors are smaller than {number(target['half_within'])}; mean {number(target['bias'])}"
    charts = figure("Predicted against true", plural(len(points), "row"), seen) + figure("Residuals", half, bars)
    rows = [
        [
            f"{number(one['low'])} to {number(one['high'])}",
            f"{one['rows']:,}",
            number(one["mean_absolute_error"]),
            number(one["mean_error"]),
        ]
        for one in target["quantiles"]
    ]
    listed = table(["True value", "Rows", "Mean size of error", "Mean error"], rows, numbers={1, 2, 3})
    return f'<h3>{safe(target["name"])}</h3><div class="charts">{charts}</div>' + fold(
        "Errors from low to high values", listed, opened=True
    )


def lengths(report: dict[str, Any]) -> str:
    """The score of short and of long sequences."""
    found, metric = report["lengths"], report["metric"]
    drawn = [
        Bar(f"{one['low']:,} to {one['high']:,}" if one["low"] < one["high"] else f"{one['low']:,}", one["value"])
        for one in found
        if one["value"] is not None
    ]
    if len(drawn) < 2:
        return ""
    chart = bars(f"{metric['title']} by length", drawn, x=metric["title"], zero=False)
    rows = ", ".join(f"{one['rows']:,}" for one in found)
    shown = figure("From the shortest to the longest", f"rows in each group: {rows}", chart)
    what = f"Whether the {safe(metric['title'])} ({metric['better']} is better) depends on how long a sequence is."
    return section("lengths", "Short and long", what, f'<div class="charts">{shown}</div>')


def worst(report: dict[str, Any]) -> str:
    """Cards of the worst mistakes."""
    rows = report["mistakes"]
    if not rows:
        return ""
    with_cells = any("cells" in row for row in rows)
    cards = "".join(_card(row) for row in rows)
    what = (
        "The rows with the largest loss, worst first. Look at them before anything else: often the label is wrong, or "
        "the row is of a kind the network has hardly seen."
    )
    return section(
        "mistakes", "Worst mistakes", what, f'<div class="mistakes{" cells" if with_cells else ""}">{cards}</div>'
    )


def _card(row: dict[str, Any]) -> str:
    said, true = _told(row["prediction"]), _told(row["truth"])
    sure = f" ({share(row['confidence'])} sure)" if row.get("confidence") is not None else ""
    picture = image(row["image"], f"row {row['row']}") if "image" in row else ""
    picture += sparks(row["lines"]) if "lines" in row else ""
    hit = '<div class="soft">right, but unsure</div>' if row.get("right") else ""
    cells = row.get("cells", {})
    room = 80 if len(cells) > 6 else 240
    listed = "".join(f"<dt>{safe(name)}</dt><dd>{safe(shorten(cell, room))}</dd>" for name, cell in cells.items())
    body = (
        f"<dl>{listed}</dl>" if len(cells) <= 6 else fold(f"{len(cells)} cells", f"<dl>{listed}</dl>") if cells else ""
    )
    return (
        f'<div class="mistake">{picture}<div>true <b>{safe(true)}</b></div><div>said <b>{safe(said)}</b>{sure}</div>'
        f'{hit}<div class="soft">row {row["row"]:,} · loss {number(row["loss"])}</div>{body}</div>'
    )


def _told(value: Any) -> str:
    if not isinstance(value, list):
        return shorten(str(value), 60)
    named = [item if isinstance(item, str) else number(item) for item in value]
    return shorten(", ".join(named), 80) or "none"


def landscape(report: dict[str, Any]) -> str:
    """The decision map of a table of two numbers."""
    found = report["landscape"]
    if not found:
        return ""
    units = all(axis["units"] for axis in found["axes"])
    note = "axes in the units of the data" if units else "axes as the network sees them: standardised"
    chart = decision_map(
        "Decision map", found, about=f"Predictions over {found['axes'][0]['name']} and {found['axes'][1]['name']}."
    )
    kind = "fainter: less sure" if found["kind"] == "classes" else "blue: low, orange: high"
    what = "What the network says everywhere in the plane of its two inputs; points are training rows, truly coloured."
    body = f'<div class="charts">{figure("Decision map", f"{kind}; {note}", chart)}</div>'
    return section("landscape", "Decision map", what, body)


SECTIONS = {
    **{"classes": _classes, "labels": _classes, "values": _numbers},
    **{"mask": masks, "boxes": boxes, "pairs": pairs_of_images},
    **{"steps": steps, "next": language, "sentence": sentences, "future": forecasts, "neighbours": neighbours},
}
"""Kind of answer -> what draws its section of errors."""
