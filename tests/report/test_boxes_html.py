"""The page about boxes, from the plain values that `report.boxes` gives."""

from __future__ import annotations

from typing import Any

from pellucid.report.boxes_html import KINDS, boxes

FOUND: dict[str, Any] = {
    "kind": "boxes",
    "names": ["cat", "<b>dog"],
    "score": 0.3,
    "by_class": [
        {"name": "cat", "boxes": 1200, "predicted": 7, "precision": 0.5, "recall": 0.25, "ap50": 0.625, "ap": 0.375},
        {"name": "<b>dog", "boxes": 0, "predicted": 0, "precision": None, "recall": None, "ap50": None, "ap": None},
    ],
    "curves": [{"name": "cat", "ap50": 0.625, "pr": [[0.0, 1.0], [0.5, 0.75], [1.0, 0.0]]}],
    "kinds": dict(zip(KINDS, (31, 32, 33, 34, 35, 36), strict=True)),
    "pictures": [{"row": 1234, "image": "data:image/png;base64,AAAA"}],
}


def test_everything_is_shown_and_names_are_safe():
    page = boxes({"errors": FOUND})
    for words in (
        "1,200",
        "0.625",
        "0.375",
        "undefined",
        "&lt;b&gt;dog",
        "row 1,234",
        "at least 0.3.",
        "<svg",
        "base64,AAAA",
    ):
        assert words in page, words
    assert all(f">{count}<" in page for count in range(31, 37)) and "<b>dog" not in page


def test_what_is_missing_is_left_out():
    page = boxes({"errors": {**FOUND, "curves": [], "pictures": []}})
    assert "<svg" not in page and "<img" not in page and "Every class" in page
