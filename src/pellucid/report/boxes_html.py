"""The page about boxes: precision and recall, kinds of errors, every class, and images with their boxes."""

from __future__ import annotations

from typing import Any

from pellucid.report.elements import figure, fold, image, section, table, word
from pellucid.report.svg import Axis, Series, legend, lines
from pellucid.report.words import safe, score, shorten

KINDS = {
    "right": "right: of the class of a true box, and overlapping it by at least 0.5",
    "duplicate": "duplicate: of an object that a better box has found",
    "class": "wrong class: overlaps an object of another class",
    "place": "wrong place: overlaps an object of its class, by less than 0.5",
    "nothing": "false: on no object",
    "missed": "missed: true boxes with none of these",
}


def boxes(report: dict[str, Any]) -> str:
    """Where detection errs."""
    found = report["errors"]
    what = (
        f"How many boxes are right and how many are found, from the surest on ({word('precision')}, {word('recall')}), "
        "what the wrong ones are, and images with their true and their predicted boxes. "
        f"Where boxes are counted or drawn, they are those with a score of at least {found['score']:g}."
    )
    charts = _precision_recall(found) + _kinds(found)
    return section(
        "errors", "Where it errs", what, f'<div class="charts">{charts}</div>' + _by_class(found) + _pictures(found)
    )


def _precision_recall(found: dict[str, Any]) -> str:
    drawn = [
        Series(f"{shorten(one['name'], 24)}: {score(one['ap50'])}", one["pr"], at)
        for at, one in enumerate(found["curves"])
    ]
    if not drawn:
        return ""
    chart = lines("Precision and recall", drawn, x=Axis("recall", 0.0, 1.0), y=Axis("precision", 0.0, 1.0))
    return figure("Precision and recall", "boxes that overlap by at least 0.5; nearer the top right is better", chart)


def _kinds(found: dict[str, Any]) -> str:
    rows = [[safe(says), f"{found['kinds'][kind]:,}"] for kind, says in KINDS.items()]
    return figure("Kinds of errors", "what predicted boxes are", table(["Boxes", ""], rows, numbers={1}))


def _by_class(found: dict[str, Any]) -> str:
    rows = [
        [
            safe(one["name"]),
            f"{one['boxes']:,}",
            f"{one['predicted']:,}",
            *(score(one[name]) for name in ("precision", "recall", "ap50", "ap")),
        ]
        for one in found["by_class"]
    ]
    head = ["Class", "Boxes", "Predicted", word("Precision", "precision"), word("Recall", "recall")]
    head += [word("AP at 0.5", "mAP at 0.5"), word("AP", "mAP")]
    return fold("Every class", table(head, rows, numbers=set(range(1, 7))), opened=len(rows) <= 12)


def _pictures(found: dict[str, Any]) -> str:
    if not found["pictures"]:
        return ""
    cards = "".join(
        f'<div class="mistake">{image(one["image"], "true boxes, predicted boxes")}'
        f'<div class="soft">row {one["row"]:,}</div></div>'
        for one in found["pictures"]
    )
    keys = legend([Series(name, [], at, dots=True) for at, name in enumerate(found["names"][:7])])
    return f'<h3>True boxes and predicted boxes</h3>{keys}<div class="mistakes cells">{cards}</div>'
