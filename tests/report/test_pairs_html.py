"""The page about pairs: what it shows, and that it shows nothing where nothing is known."""

from __future__ import annotations

import copy
from typing import Any

from pellucid.report.pairs_html import pairs_of_images

IMAGE = "data:image/png;base64,iVBORw0KGgo="
PAIR = {"cosine": 0.72, "sides": [{"row": 3, "name": "<Ann>", "image": IMAGE}, {"row": 1200, "name": "Bo"}]}
REPORT: dict[str, Any] = {
    "judged_rows": 40,
    "errors": {
        "kind": "pairs",
        "name": "person",
        "classes": 4,
        "same": 180,
        "different": 600,
        "roc": [[0.0, 0.0], [0.1, 0.8], [1.0, 1.0]],
        "threshold": {"cosine": 0.41, "accepted": 0.8, "falsely": 0.1},
        "rates": [
            {"falsely": 0.01, "accepted": 0.5, "cosine": 0.6},
            {"falsely": 0.001, "accepted": 0.0, "cosine": None},
        ],
        "histogram": {"cosine": [0.0, 0.5, 1.0], "same": [0.1, 0.2, 0.7], "different": [0.8, 0.2, 0.0]},
        "worst": {"different": [PAIR], "same": []},
    },
}


def test_charts_rates_and_pictures_are_there():
    page = pairs_of_images(REPORT)
    assert page.count("<svg") == 2 and "180 pairs of the same person and 600 of two, among 4" in page
    assert "same from here" in page and "above every pair" in page and "0.410 (this model)" in page
    assert page.count(IMAGE) == 1 and "row 1,200" in page and "cosine 0.720" in page
    assert "&lt;Ann&gt;" in page and "<Ann>" not in page
    assert "The same, and least alike" not in page


def test_without_both_kinds_of_pair_there_is_no_curve():
    report = copy.deepcopy(REPORT)
    report["errors"] |= {"roc": [], "rates": [], "histogram": None, "threshold": None}
    page = pairs_of_images(report)
    assert "<svg" not in page and "<table" not in page and IMAGE in page
