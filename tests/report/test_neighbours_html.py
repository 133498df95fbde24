"""The page about vectors of words."""

from __future__ import annotations

from pellucid.report.neighbours_html import neighbours


def test_words_stand_beside_those_most_like_them() -> None:
    words = [{"word": "<tea>", "times": 1200, "near": [{"word": "cup", "cosine": 0.5}, {"word": "&", "cosine": 0.25}]}]
    page = neighbours({"errors": {"words": words}})
    assert "&lt;tea&gt;" in page and "1,200" in page and "cup 0.500, &amp; 0.250" in page
    assert neighbours({"errors": {"words": []}}) == ""
