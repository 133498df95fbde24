"""The page about masks: overlap of each class, what pixels are taken for, and images beside their masks."""

from __future__ import annotations

from typing import Any

from pellucid.report.elements import fold, image, section, table, word
from pellucid.report.svg import Series, legend
from pellucid.report.words import safe, score, share, shorten


def masks(report: dict[str, Any]) -> str:
    """Where segmentation errs."""
    found = report["errors"]
    what = (
        f"How far predicted areas cover the true ones ({word('IoU')}, {word('Dice')}), what pixels are taken for, and "
        "some images with their true and their predicted mask."
    )
    if found["judged"] < 1:
        what += f" {share(found['judged'])} of the pixels are judged, the others are left out."
    body = _by_class(found) + _confusion(found) + _pictures(found)
    return section("errors", "Where it errs", what, body)


def _by_class(found: dict[str, Any]) -> str:
    rows = [
        [safe(one["name"]), f"{one['pixels']:,}", f"{one['predicted']:,}", score(one["iou"]), score(one["dice"])]
        for one in found["by_class"]
    ]
    listed = table(["Class", "Pixels", "Predicted", word("IoU"), word("Dice")], rows, numbers={1, 2, 3, 4})
    return fold("Every class", listed, opened=len(rows) <= 12)


def _confusion(found: dict[str, Any]) -> str:
    if "confusion" not in found:
        return ""
    names = [safe(shorten(name, 16)) for name in found["names"]]
    rows = [
        [f"<b>{name}</b>", *("" if cell is None else share(cell) for cell in row)]
        for name, row in zip(names, found["confusion"], strict=True)
    ]
    head = ["True class", *(f"called {name}" for name in names)]
    return "<h3>What pixels are taken for</h3>" + table(head, rows, numbers=set(range(1, len(head))))


def _pictures(found: dict[str, Any]) -> str:
    if not found["pictures"]:
        return ""
    cards = "".join(
        f'<div class="mistake">{image(one["image"], "image, true mask, predicted mask")}'
        f'<div class="soft">row {one["row"]:,} · IoU {score(one["iou"])}</div></div>'
        for one in found["pictures"]
    )
    # the first class is not tinted: it is what lies behind the others
    keys = legend([Series(name, [], at, dots=True) for at, name in enumerate(found["names"][1:8])])
    head = "<h3>Images, true masks and predicted masks</h3>"
    return f'{head}{keys}<div class="mistakes cells">{cards}</div>'
