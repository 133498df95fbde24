from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from pellucid.report import html
from pellucid.report.masks_html import masks

Report = Callable[[str], dict[str, Any]]


def test_the_page_shows_classes_confusion_and_pictures(report: Report) -> None:
    page = masks(report("masks"))
    assert page.count("<img") == 12 and "92 % of the pixels are judged" in page
    assert "called bright" in page and "<td>dark</td>" in page
    assert page.count('class="dot"') == 2, "the background has no colour"
    assert page in html.render(report("masks"))


def test_what_is_missing_is_left_out(report: Report) -> None:
    made = copy.deepcopy(report("masks"))
    made["errors"]["pictures"], made["errors"]["judged"] = [], 1.0
    made["errors"]["confusion"][1] = [None] * 3
    made["errors"]["by_class"][1]["iou"] = None
    page = masks(made)
    assert "<img" not in page and "judged" not in page and "undefined" in page
    del made["errors"]["confusion"]
    assert "called" not in masks(made)


def test_names_from_data_are_text(report: Report) -> None:
    made = copy.deepcopy(report("masks"))
    made["errors"]["names"][1] = made["errors"]["by_class"][1]["name"] = "<script>"
    assert "<script>" not in masks(made)
