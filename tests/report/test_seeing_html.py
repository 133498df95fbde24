"""The page about seeing, from plain values."""

from __future__ import annotations

from typing import Any

from pellucid.report.pictures import png
from pellucid.report.seeing_html import filters, samples

PICTURE = png(bytes(range(16)), 4, 4, channels=1)
FOUND: dict[str, Any] = {
    "samples": [{"name": "<cat>", "images": [PICTURE, PICTURE]}],
    "predictions": [
        {"row": 3, "image": PICTURE, "truth": "<cat>", "prediction": "dog", "confidence": 0.9, "right": False},
        {"row": 4, "image": PICTURE, "truth": [1.0, 2.0], "prediction": [1.5, 2.0]},
    ],
    "filters": {"images": [PICTURE], "edge": [0.9], "edges": 1, "count": 1, "size": [3, 3]},
    "maps": {
        "row": 3,
        "image": PICTURE,
        "stages": [{"name": "stage 1", "shape": [4, 8, 8], "channels": [0], "images": [PICTURE]}],
        "detector": {"channel": 2, "parts": [{"name": "convolution", "image": PICTURE}]},
    },
}


def test_pictures_and_answers_are_shown_with_the_wrong_ones_marked():
    page = samples({"seeing": FOUND})
    assert "&lt;cat&gt;" in page and "<cat>" not in page and "(90 % sure)" in page
    assert page.count('class="wrong"') == 1 and "1.50, 2" in page and page.count("<img") == 4


def test_filters_and_maps_say_what_they_are():
    page = filters({"seeing": FOUND})
    assert "1 of 1 filter detect edges" in page and "4 maps of 8 x 8; the 1 that vary most" in page
    assert "One block, map 2" in page and page.count("<img") == 4


def test_without_images_there_is_nothing():
    assert samples({"seeing": None}) == "" and filters({"seeing": {"samples": [], "predictions": []}}) == ""
